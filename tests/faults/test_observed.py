"""The claim of observations finds what is wrong: otherwise it proves nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from inventory.errors import SourceFailure
from inventory.records.source import Collected
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb, content
from tests.faults.observed import complaints
from tests.observations.algebra import has
from workers import scheduler

PAGES = ("http://example.test/1", "http://example.test/2", "http://example.test/3")


@pytest.fixture
def collected(services: Services, web: FakeWeb, clock: FakeClock) -> Services:
    """Two pages, one of which was collected twice, and one that failed."""
    web.pages[PAGES[2]] = SourceFailure("dns_failure", "There is no such name.", permanent=True)
    for urls in (PAGES[:2], PAGES[::2]):
        web.pages[PAGES[0]] = Collected(content(PAGES[0], headers=[{"name": "Server", "value": urls[1]}]), b"<p>")
        for url in urls:
            services.acceptances.collect_soon(services.records.target("webpage", url))
        services.collector.collect_due(slots=1, stopping=lambda: False)
        clock.forward(60)
    return services


def told(services: Services) -> list[str]:
    records = [services.store.records.find(services.records.target("webpage", url).id) for url in PAGES]
    return list(complaints(services.store, [each for each in records if each is not None]))


def change(services: Services, sql: str) -> None:
    with closing(sqlite3.connect(services.settings.data_dir / "inventory.sqlite3")) as connection, connection:
        assert connection.execute(sql).rowcount > 0


def test_what_was_collected_is_observed_as_it_should_be(collected: Services) -> None:
    assert told(collected) == []


def test_what_was_indexed_again_is_observed_as_it_should_be(collected: Services) -> None:
    collected.store.observations.mark_unindexed(after="", limit=9)
    assert "3 records are unindexed" in told(collected)[0]

    scheduler.round_(collected)

    assert told(collected) == []
    assert len(collected.store.observations.search(has("failure", "dns_failure"), at=None, limit=9, after=None)) == 1


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("UPDATE records SET indexed = NULL, target_no = NULL", "unindexed"),
        ("UPDATE records SET target_no = NULL WHERE state = 'stored'", "lacks"),
        ("UPDATE observations SET since = 1", "first seen"),
        ("UPDATE field_values SET folded = 'x', value = 'x' WHERE folded = '200'", "has beyond its snapshots"),
        ("INSERT INTO set_aside SELECT id, 'because' FROM records", "because"),
    ],
)
def test_what_is_wrong_is_told(collected: Services, damage: str, complaint: str) -> None:
    if "set_aside" in damage:
        change(collected, "UPDATE records SET indexed = 0")
    change(collected, damage)

    assert any(complaint in each for each in told(collected)), told(collected)
