"""What the filler of the benchmarks writes is what the store would have written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bench import filled_fleet, fleet
from inventory.observations.model import LATEST_ONLY, Condition, Everything, Observation, Statement
from inventory.records.model import Snapshot, Statements, Stored
from inventory.store.sqlite import SqliteStore
from tests.observations.algebra import between, exactly, exists, has, url, word_or_pattern

COUNT = 60
ALL = word_or_pattern("*", exact=True)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    path = tmp_path_factory.mktemp("filled") / "store"
    with closing(SqliteStore(path)) as store:
        store.prepare()
        filled_fleet.fill(path, COUNT)
        yield store


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path_factory.mktemp("collected") / "store")) as store:
        for collection in range(fleet.COLLECTIONS):
            for number in range(COUNT):
                collect(store, number, collection)
        yield store


def collect(store: SqliteStore, number: int, collection: int) -> None:
    now, target = fleet.collected_at(number, collection), fleet.target(number)
    accepted = store.records.accept(target, now=now, seen=store.records.find(target.id))
    claim = store.records.claim(accepted.record.id, now=now, lease_for=timedelta(minutes=1))
    assert claim is not None
    assert claim.lease is not None
    snapshot = Snapshot(claim.lease, claim.id, now, {}, None)
    shown = list(fleet.statements(number, collection))
    latest = [each for each in shown if each.field in LATEST_ONLY]
    statements = Statements([each for each in shown if each.field not in LATEST_ONLY], latest=latest)
    assert store.records.settle([Stored(claim, snapshot, None, statements)]) == [True]


@pytest.mark.parametrize("collection", [None, 0, 4, fleet.DEPLOYED])
def test_each_target_shows_the_same(filled: SqliteStore, collected: SqliteStore, collection: int | None) -> None:
    at = None if collection is None else fleet.collected_at(COUNT // 2, collection)
    ids = [fleet.target(number).id for number in range(COUNT)]

    def shown(store: SqliteStore) -> dict[str, list[Observation]]:
        found = store.observations.shown(ids, [ALL], at=at)
        return {record_id: list(observations) for record_id, observations in found.items()}

    assert shown(filled) == shown(collected)
    assert len(shown(filled)) == (COUNT // 2 + 1 if collection == 0 else COUNT)


@pytest.mark.parametrize(
    "condition",
    [
        Everything(),
        url("page/1"),
        has("status", "503"),
        exists("header.strict-transport-security"),
        exactly("header.server", "nginx"),
        between("elapsed_ms", "[100", ""),
    ],
)
def test_each_search_finds_the_same(filled: SqliteStore, collected: SqliteStore, condition: Condition) -> None:
    for at in (None, fleet.collected_at(COUNT // 2, 5)):
        ours, theirs = (each.observations.search(condition, at=at, limit=COUNT, after=None) for each in (filled, collected))
        assert ours == theirs


def test_the_same_has_changed(filled: SqliteStore, collected: SqliteStore) -> None:
    since, until = fleet.START, fleet.collected_at(COUNT, fleet.COLLECTIONS)
    given = {"fields": [], "since": since, "until": until, "limit": 5_000, "after": None}
    ours, theirs = (each.observations.changes(Everything(), **given) for each in (filled, collected))

    assert ours == theirs
    assert len(ours) > COUNT


def test_all_blocks_are_looked_at(tmp_path: Path) -> None:
    count, last = 4_200, fleet.COLLECTIONS - 1
    with closing(SqliteStore(tmp_path / "store")) as store:
        store.prepare()
        filled_fleet.fill(tmp_path / "store", count)
        down = [number for number in range(count) if Statement("status", "503") in fleet.passing(number, last)]
        found = store.observations.search(has("status", "503"), at=None, limit=count, after=None)
        facet = store.observations.facet(Everything(), at=None, field="status", limit=9)

        assert [each.record_id for each in found] == [fleet.target(number).id for number in reversed(down)]
        assert store.observations.count(has("status", "503"), at=None) == len(down)
        assert {each.value: each.count for each in facet} == {"200": count - len(down), "503": len(down)}
