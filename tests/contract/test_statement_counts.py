"""However much is asked for, SQLite runs as many statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from bench import filled_fleet, fleet
from inventory.store.sqlite import SqliteStore
from tests.ui.statements import noted

COUNT = 60
IDS = [fleet.target(number).id for number in range(COUNT)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    path = tmp_path_factory.mktemp("filled") / "store"
    with closing(SqliteStore(path)) as store:
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
