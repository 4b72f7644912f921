"""Looking at many targets for many watches: what is found is kept in parts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from inventory.store import Store
from inventory.store.sqlite import SqliteStore
from inventory.watches.model import Looked, Unseen
from inventory.watches.rounds.active import ActiveWatches
from inventory.watches.rounds.looking import KEPT_AT_ONCE, LOOK_FOR, Looker
from tests.contract.actions import after, target
from tests.contract.watch_actions import add, settle, unseen

WATCHES, TARGETS, FIELDS = 30, 4, 100


class Counted:
    """Counts the findings that are kept at once."""

    def __init__(self, store: Store) -> None:
        self._outcomes = store.outcomes
        self.kept: list[int] = []

    def unseen(self, *, limit: int) -> Sequence[Unseen]:
        return self._outcomes.unseen(limit=limit)

    def seen(self, looked: Sequence[Looked], *, now: datetime) -> Sequence[bool]:
        self.kept.append(sum(len(each.findings) + len(each.memberships) for each in looked))
        return self._outcomes.seen(looked, now=now)

    def forget(self, *, limit: int) -> int:
        return self._outcomes.forget(limit=limit)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(SqliteStore(tmp_path / "i.sqlite3")) as store:
        yield store


def test_what_many_watches_find_in_many_targets_is_kept_in_parts(store: Store) -> None:
    for n in range(WATCHES):
        add(store, f"{n}", now=after(-10), every=None)
    for seconds, value in ((1, "old"), (60, "new")):
        for n in range(TARGETS):
            settle(
                store, target(n), seconds, [("status", "200"), *((f"header.x-{field}", value) for field in range(FIELDS))]
            )
    outcomes = Counted(store)
    looker = Looker(
        outcomes=outcomes,
        observed=store.observations,
        watches=ActiveWatches(store.watches),
        notifier=None,
        clock=lambda: after(99),
        ticks=lambda: 0.0,
    )

    assert looker.look() == TARGETS
    assert looker.look() == 0

    per_target = WATCHES * FIELDS
    assert outcomes.kept == [2 * per_target, 2 * per_target]
    assert 2 * per_target - per_target < KEPT_AT_ONCE <= 2 * per_target
    assert unseen(store) == []


def test_no_look_takes_much_longer_than_it_may(store: Store) -> None:
    add(store, now=after(-10))
    for n in range(TARGETS):
        settle(store, target(n), 1)
    ticks = itertools.count(step=LOOK_FOR / 2)
    looker = Looker(
        outcomes=store.outcomes,
        observed=store.observations,
        watches=ActiveWatches(store.watches),
        notifier=None,
        clock=lambda: after(99),
        ticks=lambda: next(ticks),
    )

    looks = []
    while unseen(store):
        looks.append(looker.look())

    assert sum(looks) == TARGETS
    assert max(looks) < TARGETS
