"""Events name their job by a number in SQLite; those that an earlier version kept have its id, and both are read alike."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import product

import pytest

from inventory.events.model import EventFilter, EventSearch
from inventory.store import Store
from tests.contract.actions import after
from tests.contract.backends import SqliteBackend
from tests.contract.event_actions import EVERYTHING, JOB, OTHER, event, listed, plain

NEW = "0" * 32
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def rows(backend: SqliteBackend, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(backend.path)) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def store(sqlite: SqliteBackend) -> Store:
    """A store with five events of `JOB` and of `OTHER` each, as the version before kept them."""
    store = sqlite.open()
    for job_id in (JOB, OTHER):
        store.events.add([event(n, after(n // 2), job_id=job_id, trace_id=TRACE) for n in range(5)])
    with closing(sqlite3.connect(sqlite.path)) as connection, connection:
        connection.execute("UPDATE events SET job_id = (SELECT job_id FROM event_jobs WHERE number = events.job_id)")
        connection.execute("DELETE FROM event_jobs")
    return store


def test_events_of_both_versions_are_listed_searched_and_counted_together(store: Store) -> None:
    store.events.add_plain(NEW, [plain(n, after(n // 2), trace_id=TRACE) for n in range(5)])
    wanted = [
        event(n, after(n // 2), job_id=job_id, trace_id=TRACE)
        for instant, job_id in product((2, 1, 0), (OTHER, JOB, NEW))
        for n in (2 * instant + 1, 2 * instant)
        if n < 5
    ]

    for limit in (1, 2, 4, 20):
        assert listed(store, limit=limit) == wanted
        for job_id in (JOB, OTHER, NEW):
            chosen = EventFilter(job_id=job_id)
            assert listed(store, chosen, limit=limit) == [each for each in wanted if each.job_id == job_id]
            found = store.events.search(chosen, EventSearch(9, trace_id=TRACE), after=None)
            assert [each.line for each in found.events] == [4, 3, 2, 1, 0]
            assert store.events.stats(chosen, hours=1).total == 5
    assert store.events.stats(EVERYTHING, hours=1).total == 15


def test_a_job_that_an_earlier_version_began_is_continued_without_a_line_twice(store: Store) -> None:
    store.events.add_plain(JOB, [plain(n, after(n // 2), trace_id=TRACE) for n in range(3, 8)])
    store.events.add([event(n, after(n // 2), trace_id=TRACE) for n in range(9)])

    assert [each.line for each in listed(store, EventFilter(job_id=JOB))] == list(range(9))[::-1]


def test_events_of_both_versions_are_noted_and_retired_job_by_job(store: Store, sqlite: SqliteBackend) -> None:
    store.events.add_plain(NEW, [plain(n) for n in range(5)])

    noted = ""
    order = [noted := store.events.note_imports(after=noted, limit=1, now=after(n)) for n in range(4)]
    assert order == [NEW, JOB, OTHER, ""]
    assert [store.events.retire(before=after(n + 1), limit=9) for n in range(4)] == [5, 5, 5, 0]
    assert listed(store) == []
    assert rows(sqlite, "SELECT * FROM event_jobs") == rows(sqlite, "SELECT * FROM event_imports") == []


def test_a_job_has_one_number_and_two_jobs_have_two(sqlite: SqliteBackend) -> None:
    store = sqlite.open()
    for job_id in (JOB, OTHER, JOB):
        store.events.add([event(1, job_id=job_id)])
        store.events.add_plain(job_id, [plain(2)])
    store.events.add_plain(NEW, [])

    assert rows(sqlite, "SELECT DISTINCT job_id FROM events ORDER BY job_id") == [(1,), (2,)]
    assert rows(sqlite, "SELECT number, job_id FROM event_jobs") == [(1, bytes.fromhex(JOB)), (2, bytes.fromhex(OTHER))]


def test_a_number_that_was_given_again_leads_to_no_events_of_its_first_job(sqlite: SqliteBackend) -> None:
    store = sqlite.open()
    store.events.add([event(1)])
    store.events.note_imports(after="", limit=9, now=after(0))
    assert store.events.retire(before=after(1), limit=9) == 1

    store.events.add([event(1, job_id=OTHER)])

    assert listed(store) == [event(1, job_id=OTHER)]
    assert listed(store, EventFilter(job_id=JOB)) == []
    assert store.events.listing(EVERYTHING, limit=9, after=(after(1), f"{JOB}-0000000001")) == [event(1, job_id=OTHER)]
