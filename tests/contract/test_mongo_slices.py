"""Workers of the MongoDB store that meet take different slices of what jobs wait for, and nothing else is different."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from inventory.store import Store
from inventory.store.mongo import turns
from inventory.store.mongo.turns import MAX_SLICES, Slices
from inventory.store.turns import Served
from tests.contract.actions import LEASE, NOW
from tests.contract.backends import MockBackend, MongoBackend, database
from tests.contract.commands import Command, heard_store
from tests.contract.orders import Documents
from tests.contract.owner_actions import BUSY, OTHER, claimed, import_, look_up, owned

DUE = [{"state": "pending", "due_at": {"$lte": NOW}}, {"state": "pending", "due_at": {"$gt": NOW + timedelta(days=99)}}]
LIMIT = 6
Chosen = list[dict[str, Any]]


@pytest.fixture
def store(mongo: MongoBackend) -> Iterator[Store]:
    with closing(mongo.open()) as store:
        yield store


def import_one_by_one(store: Store, owner: str, count: int) -> None:
    """Import so that each is due a second after the one before it: of equal ones, each query may have its own order."""
    for n in range(count):
        import_(store, owner, 1, first=n, now=NOW - timedelta(seconds=count - n))


def chosen(documents: Documents, part: int) -> Chosen:
    return turns.in_turns(documents, DUE, Served(), limit=LIMIT, part=part)


def ids(documents: Chosen) -> list[str]:
    return [each["_id"] for each in documents]


@pytest.mark.parametrize("owners", [[BUSY], [BUSY, OTHER]])
def test_slices_share_no_record_and_leave_none_and_owners_have_the_same_of_each(
    store: Store, documents: Documents, owners: list[str]
) -> None:
    for owner in owners:
        import_one_by_one(store, owner, 5 * LIMIT)

    slices = [chosen(documents, part) for part in range(5 * len(owners))]

    expected = [owned(owner, n).id for owner in owners for n in range(5 * LIMIT)]
    assert sorted(record_id for each in slices for record_id in ids(each)) == sorted(expected)
    for each in slices:
        assert sorted(document["owner"] for document in each) == sorted(owners * (LIMIT // len(owners)))


@pytest.mark.parametrize("owners", [[BUSY], [BUSY, OTHER]])
def test_what_lookups_wait_for_comes_first_whatever_the_slice(store: Store, documents: Documents, owners: list[str]) -> None:
    for owner in owners:
        import_one_by_one(store, owner, 5 * LIMIT)
        look_up(store, owner, 1, first=100)
    first = {owned(owner, 100).id for owner in owners}

    slices = [ids(chosen(documents, part)) for part in range(4)]

    assert [set(each[: len(owners)]) for each in slices] == [first] * 4
    rest = [record_id for each in slices for record_id in each[len(owners) :]]
    assert len(set(rest)) == len(rest) == 4 * (LIMIT - len(owners))


def test_a_key_with_little_has_half_of_each_slice(store: Store, documents: Documents) -> None:
    import_(store, BUSY, 9 * LIMIT)
    import_(store, OTHER, LIMIT)

    for part in range(9):
        assert sum(each["owner"] == OTHER for each in chosen(documents, part)) == LIMIT // 2


@pytest.mark.parametrize("count", [1, LIMIT, 2 * LIMIT - 1])
def test_instead_of_a_slice_that_is_not_full_the_first_one_is_taken(store: Store, documents: Documents, count: int) -> None:
    import_one_by_one(store, BUSY, count)

    assert ids(chosen(documents, 1)) == ids(chosen(documents, MAX_SLICES - 1)) == ids(chosen(documents, 0))


def test_there_is_one_slice_until_a_claim_loses_and_one_less_after_each_that_does_not() -> None:
    slices = Slices(lambda count: count - 1)
    seen = [slices.choose()]

    for _ in range(4):
        slices.note(lost=True)
        seen.append(slices.choose())
    assert seen == [0, 3, 15, MAX_SLICES - 1, MAX_SLICES - 1]

    for n in reversed(range(MAX_SLICES - 1)):
        slices.note(lost=False)
        assert slices.choose() == n
    slices.note(lost=False)
    assert slices.choose() == 0


def test_a_claim_for_lookups_alone_takes_nothing_of_jobs_after_claims_that_lost(mongo: MongoBackend) -> None:
    stolen: list[str] = []

    def steal(command: Command) -> None:
        """Be quicker to lease what the first four claims chose."""
        if command.name == "bulk_write" and len(stolen) < 4 * LIMIT:
            stolen.extend(each["_id"] for each in command.filters())
            for record_id in stolen[-LIMIT:]:
                assert thief.records.claim(record_id, now=NOW, lease_for=LEASE) is not None

    with closing(mongo.open()) as thief, closing(heard_store(mongo, steal)) as store:
        import_(thief, BUSY, 99)
        assert len(claimed(store, LIMIT)) == LIMIT
        look_up(thief, BUSY, 2, first=100)

        claims = claimed(store, LIMIT, bulk=False)

    assert len(set(stolen)) == 4 * LIMIT
    assert {each.target for each in claims} == {owned(BUSY, 100), owned(BUSY, 101)}


@dataclass
class Worker:
    """Chooses, and leases what it chose when it comes to its next turn."""

    store: Store
    documents: Documents
    slices: Slices
    served: Served
    chosen: list[str]

    def step(self) -> tuple[int, int]:
        """How many leases it tried, and how many of them in vain."""
        if not self.chosen:
            part = self.slices.choose()
            self.chosen = ids(turns.in_turns(self.documents, DUE, self.served, limit=3, part=part))
            return 0, 0
        tried, self.chosen = self.chosen, []
        leased = [self.store.records.claim(each, now=NOW, lease_for=LEASE) for each in tried]
        self.slices.note(lost=None in leased)
        return len(tried), leased.count(None)


def tried_in_vain(workers: int, below: Callable[[int], int], chance: random.Random) -> int:
    """How many leases workers try in vain until all of a job is leased, in an order by chance."""
    backend, left, in_vain = MockBackend(), 120, 0
    with closing(backend.open()) as store, backend.client() as client:
        import_(store, BUSY, left)
        all_ = [Worker(store, database(client), Slices(below), Served(), []) for _ in range(workers)]
        while left:
            tried, vain = chance.choice(all_).step()
            left, in_vain = left - (tried - vain), in_vain + vain
    return in_vain


def test_one_worker_tries_no_lease_in_vain_and_many_try_fewer_with_slices() -> None:
    """Chance has a seed, so that it is always the same."""
    chance = random.Random(7)

    assert tried_in_vain(1, chance.randrange, chance) == 0
    assert tried_in_vain(8, lambda _: 0, chance) > 2 * tried_in_vain(8, chance.randrange, chance)
