"""However much is asked for, SQLite runs as many statements, and Python has as little to do."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from bench import filled_fleet, fleet
from inventory.observations.conditions import any_of, negated
from inventory.observations.model import FoundTarget
from inventory.store.sqlite import SqliteStore
from inventory.store.sqlite.query_bounds import Bounds
from tests.observations.algebra import exactly
from tests.ui.statements import noted

COUNT = 60
IDS = [fleet.target(number).id for number in range(COUNT)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """A store that takes five targets for many, and any number where changes are listed."""
    path = tmp_path_factory.mktemp("filled") / "store"
    with closing(SqliteStore(path, bounds=Bounds(candidates=5, few=-1))) as store:
        store.prepare()
        filled_fleet.fill(path, COUNT)
        store.records.find(IDS[0])
        yield store


def statements(act: Callable[[], object]) -> int:
    with noted() as found:
        act()
    return len(found)


def test_the_values_of_many_groups_are_counted_at_once(filled: SqliteStore) -> None:
    hosts = [("host", fleet.target(number).host) for number in range(COUNT)]
    groups = [(IDS[number:], hosts[number:]) for number in range(COUNT - 1)]

    assert filled.observations.counts(groups[:1]) == [filled.observations.counts(groups)[0]]
    assert statements(lambda: filled.observations.counts(groups)) == statements(
        lambda: filled.observations.counts(groups[:1])
    )


def test_the_values_of_a_field_are_counted_at_once(filled: SqliteStore) -> None:
    all_but_one = negated(exactly("url", fleet.target(0).key))

    def asked(field: str, limit: int) -> int:
        return statements(lambda: filled.observations.facet(all_but_one, at=None, field=field, limit=limit))

    assert len(filled.observations.facet(all_but_one, at=None, field="url", limit=COUNT)) == COUNT - 1
    assert asked("url", 40) == asked("url", 1) == asked("scheme", 1)


def test_changes_of_others_are_passed_over_by_sqlite_alone(filled: SqliteStore) -> None:
    """However many there are: Python would take most of the time."""
    nothing, end = exactly("url", "none"), fleet.collected_at(COUNT, fleet.COLLECTIONS)

    def calls(since: datetime) -> int:
        counted = Counter[str]()
        sys.setprofile(lambda _frame, event, _argument: counted.update([event]))
        try:
            found = filled.observations.changes(nothing, fields=[], since=since, until=end, limit=9, after=None)
        finally:
            sys.setprofile(None)
        assert found == []
        return counted["call"]

    calls(end)
    assert calls(fleet.START) == calls(end)


def test_targets_that_were_collected_first_are_found_without_a_look_at_all_others(filled: SqliteStore) -> None:
    first = any_of([exactly("url", fleet.target(number).key) for number in range(10)])

    with noted() as found:
        assert [each.record_id for each in filled.observations.search(first, at=None, limit=1, after=None)] == [IDS[9]]
    looks = [statement for statement in found if "INDEXED BY records_observed" in statement]
    assert len(looks) == 2, "of two targets, and then of four"


def test_many_targets_that_are_far_from_the_front_are_found_by_two_statements_more(tmp_path: Path) -> None:
    first = any_of([exactly("url", fleet.target(number).key) for number in range(20)])
    pages, walks = list[Sequence[FoundTarget]](), list[int]()
    with closing(SqliteStore(tmp_path / "store", bounds=Bounds(candidates=5, most_candidates=5, chunk=4))) as store:
        store.prepare()
        filled_fleet.fill(tmp_path / "store", COUNT)
        store.records.find(IDS[0])
        for _ in range(4):
            after = (pages[-1][-1].at, pages[-1][-1].record_id) if pages else None
            with noted() as statements:
                pages.append(store.observations.search(first, at=None, limit=6, after=after))
            walks.append(len([each for each in statements if "INDEXED BY records_observed" in each]))

    assert walks == [3, 3, 3, 1], "the last page has two"
    assert [each.record_id for page in pages for each in page] == list(reversed(IDS[:20]))
