"""The audit: entries are kept as they are, listed by who, what and when, and removed when they are old."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from time import monotonic
from typing import Any

import pytest

from inventory.access.model import AuditEntry
from inventory.errors import Unstorable
from inventory.listing import Key
from inventory.store import Store
from tests.contract.actions import NOW, after, target
from tests.contract.backends import Backend, SqliteBackend


def entry(number: int, *, seconds: int = 0, **changes: Any) -> AuditEntry:
    made = {
        "id": f"{number:032x}",
        "at": after(seconds),
        "action": "metadata.delete",
        "target": f"http://h.test/{number}?\ud800",
        "outcome": "done",
        "request_id": f"request-{number}",
        "address": "203.0.113.7",
    }
    return AuditEntry(**(made | changes))


ENTRIES = [
    entry(1, key_id="k1", key_name="shop \ud800", user="zoë@h.test"),
    entry(2, seconds=1, key_id="k2", key_name="other", action="key.create"),
    entry(3, seconds=1, key_id="k1", key_name="shop", action="key.revoke", outcome="unknown_key"),
    entry(4, seconds=2, address="2001:db8::/64", action="import.create"),
    entry(5, seconds=3, address="2001:db8::/64", action="keyring.create"),
]


def listed(store: Store, *, limit: int = 2, **chosen: Any) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    position: Key | None = None
    everything = dict.fromkeys(("key_id", "address", "action", "since", "until"))
    while page := store.audit.listing(**(everything | chosen), limit=limit, after=position):
        entries += page
        position = (page[-1].at, page[-1].id)
    return entries


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"key_id": "k1"}, [3, 1]),
        ({"key_id": "no such key"}, []),
        ({"address": "2001:db8::/64"}, [5, 4]),
        ({"action": "key.create"}, [2]),
        ({"action": "key."}, [3, 2]),
        ({"action": "key"}, []),
        ({"action": "import."}, [4]),
        ({"since": after(1)}, [5, 4, 3, 2]),
        ({"until": after(1)}, [1]),
        ({"since": after(1), "until": after(3)}, [4, 3, 2]),
        ({"key_id": "k1", "action": "key."}, [3]),
        ({"key_id": "k1", "action": "metadata."}, [1]),
        ({"address": "203.0.113.7", "action": "key.create"}, [2]),
        ({"key_id": "k1", "address": "203.0.113.7", "action": "metadata.delete", "since": after(0)}, [1]),
    ],
)
def test_entries_are_listed_newest_first_in_pages_of_all_or_of_what_is_named(
    store: Store, chosen: dict[str, Any], numbers: list[int]
) -> None:
    store.audit.add(ENTRIES[:2])
    store.audit.add(ENTRIES[2:])

    for limit in (1, 2, 9):
        assert listed(store, limit=limit, **chosen) == [ENTRIES[number - 1] for number in numbers]


def test_an_entry_that_is_added_again_because_its_reply_was_lost_is_kept_once_and_as_it_was(store: Store) -> None:
    store.audit.add([ENTRIES[0], ENTRIES[1]])
    store.audit.add([entry(1, outcome="another"), ENTRIES[2]])

    assert listed(store, limit=9) == ENTRIES[2::-1]


def test_nothing_is_added_of_no_entries(store: Store) -> None:
    store.audit.add([])

    assert listed(store) == []


def test_old_entries_are_removed_a_few_at_a_time(store: Store) -> None:
    store.audit.add(ENTRIES)

    assert store.audit.prune(before=after(2), limit=2) == 2
    assert store.audit.prune(before=after(2), limit=2) == 1
    assert store.audit.prune(before=after(2), limit=2) == 0
    assert listed(store) == [ENTRIES[4], ENTRIES[3]]


def test_entries_are_there_for_a_process_that_opens_the_store_later(backend: Backend) -> None:
    with closing(backend.open()) as store:
        store.audit.add(ENTRIES)
    with closing(backend.open()) as store:
        assert listed(store) == ENTRIES[::-1]


def accepted(store: Store, *numbers: int) -> list[bool]:
    wanted = [(target(number), None) for number in numbers]
    return [each.accepted for each in store.records.accept_each(wanted, now=NOW)]


def test_what_is_accepted_and_who_asked_for_it_are_kept_together(backend: Backend) -> None:
    with closing(backend.open()) as store, store.records.together():
        assert accepted(store, 1, 2, 1) == [True, True, False]
        store.audit.add(ENTRIES)
        assert accepted(store, 3) == [True]

    with closing(backend.open()) as store:
        assert set(store.records.find_all([target(n).id for n in (1, 2, 3)])) == {target(n).id for n in (1, 2, 3)}
        assert listed(store) == ENTRIES[::-1]


def test_on_sqlite_nothing_is_kept_of_what_breaks_off(sqlite: SqliteBackend) -> None:
    def break_off(store: Store, then: Callable[[], object]) -> None:
        with store.records.together():
            accepted(store, 1)
            then()

    with closing(sqlite.open()) as store:
        with pytest.raises(Unstorable):
            break_off(store, lambda: store.audit.add([entry(1, request_id="\ud800")]))
        with pytest.raises(ZeroDivisionError):
            break_off(store, lambda: 1 / 0)

        assert store.records.find(target(1).id) is None
        assert accepted(store, 1) == [True]
        store.audit.add(ENTRIES[:1])
        assert listed(store) == ENTRIES[:1]


def test_threads_that_write_alone_and_together_wait_for_each_other_and_for_no_longer(shared_store: Store) -> None:
    def write(number: int) -> None:
        if number % 2:
            with shared_store.records.together():
                accepted(shared_store, number)
                shared_store.audit.add([entry(number)])
        else:
            accepted(shared_store, number)
            shared_store.audit.add([entry(number)])

    shared_store.prepare()
    began = monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(100)))

    assert monotonic() - began < 60
    assert len(shared_store.records.find_all([target(n).id for n in range(100)])) == 100
    assert len(listed(shared_store, limit=200)) == 100
