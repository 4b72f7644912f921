"""Workers, keys and time in a simulation: a key with little to do is served at once beside one with a hundred thousand.

Time is simulated. Each worker has a store, a clock and slots of its own. What it collects takes a while, and is stored, or
postponed and tried again. Some of it is lost with its worker, so that its lease has to end first.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from inventory.records.model import Outcome, Record
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, failed, failure, postponed, stored
from tests.contract.backends import Backend, SqliteBackend
from tests.contract.owner_actions import BUSY, NOBODY, OTHER, import_, look_up

SLOTS, MAX_ATTEMPTS = 8, 9
TICK = timedelta(seconds=0.1)


@dataclass
class World:
    """What workers share: chance, the time, and what has happened."""

    rng: random.Random
    retried: float = 0.0
    lost: float = 0.0
    now: datetime = NOW
    claims: list[Record] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)


@dataclass
class Worker:
    """Claims for its free slots, and settles what it has collected."""

    store: Store
    world: World
    skew: timedelta = timedelta(0)
    collecting: list[tuple[datetime, Record]] = field(default_factory=list)

    def step(self) -> None:
        world, now = self.world, self.world.now + self.skew
        over = [claim for ends_at, claim in self.collecting if ends_at <= world.now]
        self.collecting = [each for each in self.collecting if each[0] > world.now]
        outcomes = [outcome for claim in over if (outcome := self._outcome(claim, now)) is not None]
        for outcome, took_effect in zip(outcomes, self.store.records.settle(outcomes), strict=True):
            if took_effect and type(outcome).__name__ != "Postponed":
                world.ended[outcome.claim.owner] += 1
        room = SLOTS - len(self.collecting)
        if room:
            for claim in self._claims(now, room):
                world.claims.append(claim)
                self.collecting.append((world.now + timedelta(seconds=world.rng.uniform(0.05, 2)), claim))

    def _claims(self, now: datetime, room: int) -> Iterator[Record]:
        records = self.store.records
        if (expired := records.claim_expired(now=now, lease_for=LEASE, max_attempts=MAX_ATTEMPTS)) is not None:
            yield expired
            room -= 1
        yield from records.claim_due(now=now, lease_for=LEASE, limit=room)

    def _outcome(self, claim: Record, now: datetime) -> Outcome | None:
        """None if the worker dies of it."""
        chance = self.world.rng.random()
        if chance < self.world.lost:
            return None
        if chance < self.world.lost + self.world.retried and claim.attempt < MAX_ATTEMPTS:
            return postponed(claim, until=now + timedelta(seconds=self.world.rng.uniform(0, 3)), why=failure(at=now))
        return failed(claim, at=now) if chance > 0.95 else stored(claim, at=now)


@pytest.fixture(params=["sqlite", "mongomock"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """No real server: this asks thousands of questions, for each of which FerretDB 1 reads all. `test_owners` has it."""
    return request.getfixturevalue(request.param)


def much(backend: Backend, count: int) -> int:
    """How much the busy key has: mongomock looks at all of it for each question."""
    return count if isinstance(backend, SqliteBackend) else 120


def run(backend: Backend, world: World, skews: list[timedelta], until: Counter[str], *, limit: timedelta) -> None:
    """Let workers with clocks that differ so much work until each owner has that many ends."""
    with ExitStack() as open_stores:
        workers = []
        for skew in skews:
            store = backend.open()
            open_stores.callback(store.close)
            workers.append(Worker(store, world, skew))
        while not world.ended >= until:
            assert world.now - NOW < limit, world.ended
            world.now += TICK
            world.rng.shuffle(workers)
            for worker in workers:
                worker.step()


def fill(backend: Backend, count: int, *, ahead: timedelta = timedelta(0)) -> None:
    store = backend.open()
    import_(store, BUSY, count, now=NOW - timedelta(seconds=60))
    look_up(store, OTHER, 10, now=NOW + ahead)
    store.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("workers", "count"), [(1, 1_000), (4, 100_000)])
def test_ten_beside_a_hundred_thousand_are_taken_within_the_first_claims(backend: Backend, workers: int, count: int) -> None:
    fill(backend, much(backend, count))
    world = World(random.Random(workers))

    run(backend, world, [timedelta(0)] * workers, Counter({OTHER: 10}), limit=timedelta(seconds=20))

    taken = [claim.owner for claim in world.claims]
    last = max(n for n, owner in enumerate(taken) if owner == OTHER)
    assert taken.count(OTHER) == 10
    assert taken[: last + 1].count(BUSY) <= 10 + SLOTS


@pytest.mark.parametrize("seed", range(3))
def test_also_when_collections_are_tried_again_workers_die_and_clocks_differ(backend: Backend, seed: int) -> None:
    """Half of all collections are tried again, a tenth dies with its worker, and two clocks are wrong."""
    fill(backend, much(backend, 5_000), ahead=timedelta(hours=1) if seed == 2 else timedelta(0))
    world = World(random.Random(seed), retried=0.5, lost=0.1)
    skews = [timedelta(0), timedelta(0), timedelta(seconds=20), timedelta(seconds=-1)]

    run(backend, world, skews, Counter({OTHER: 10}), limit=timedelta(minutes=8))

    first = {}
    for n, claim in enumerate(world.claims):
        first.setdefault(claim.id, n)
    begun = max(first[claim.id] for claim in world.claims if claim.owner == OTHER)
    assert begun <= 2 * (10 + 4 * SLOTS), "each of the ten was begun within the first claims"
    attempts = Counter(claim.id for claim in world.claims if claim.owner == OTHER)
    assert world.ended[OTHER] == 10
    assert max(attempts.values()) <= MAX_ATTEMPTS


def test_keys_that_always_have_something_get_the_same(backend: Backend) -> None:
    """Three owners, one of which has ten times as much as the others; and one with lookups alone."""
    count = much(backend, 2_000)
    store = backend.open()
    import_(store, BUSY, count)
    import_(store, NOBODY, count // 5)
    look_up(store, OTHER, count // 5)
    store.close()
    world = World(random.Random(7), retried=0.2, lost=0.02)

    run(backend, world, [timedelta(0)] * 3, Counter({OTHER: count // 10}), limit=timedelta(minutes=30))

    taken = Counter(claim.owner for claim in world.claims)
    assert max(taken.values()) - min(taken.values()) <= 0.1 * max(taken.values()) + 3 * SLOTS
