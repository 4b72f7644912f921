"""Many workers and a client of the MongoDB store, merged at each command: nothing is claimed twice, and nothing is left."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.records.model import State
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, failed, stored
from tests.contract.backends import MockBackend
from tests.contract.interleaved import interleaved
from tests.contract.owner_actions import BUSY, NOBODY, OTHER, import_, look_up, owned

OWNERS = [NOBODY, OTHER, BUSY]
ORDERS = settings(max_examples=20, deadline=None)


def claim_all(limit: int, claimed: Counter[str], store: Store) -> None:
    """Claim until nothing is due."""
    while claims := store.records.claim_due(now=NOW, lease_for=LEASE, limit=limit):
        claimed.update(each.id for each in claims)


@ORDERS
@given(
    seed=st.integers(0, 2**32),
    counts=st.lists(st.tuples(st.sampled_from(OWNERS), st.booleans(), st.integers(1, 20)), max_size=4),
    limits=st.lists(st.integers(1, 9), min_size=2, max_size=5),
)
def test_each_record_is_claimed_once_in_whatever_order_workers_claim(
    seed: int, counts: list[tuple[str, bool, int]], limits: list[int]
) -> None:
    backend, expected = MockBackend(), set[str]()
    with closing(backend.open()) as store:
        for n, (owner, bulk, count) in enumerate(counts):
            (import_ if bulk else look_up)(store, owner, count, first=100 * n)
            expected |= {owned(owner, number).id for number in range(100 * n, 100 * n + count)}
    claimed = Counter[str]()

    interleaved(backend, [partial(claim_all, limit, claimed) for limit in limits], random.Random(seed).choice)

    assert claimed == Counter(expected)


def work_all(limit: int, chance: random.Random, store: Store) -> None:
    """Claim and settle until nothing is due."""
    while claims := store.records.claim_due(now=NOW, lease_for=LEASE, limit=limit):
        outcomes = [failed(each) if chance.random() < 0.2 else stored(each, body=each.id.encode()) for each in claims]
        store.records.settle(outcomes)


def look_up_and_delete(numbers: Sequence[int], store: Store) -> None:
    """Accept these, and delete each third of them at once."""
    for n in numbers:
        wanted = owned(OTHER, n)
        store.records.accept(wanted, now=NOW, seen=store.records.find(wanted.id))
        if n % 3 == 0:
            store.records.delete(wanted.id)


@ORDERS
@given(
    seed=st.integers(0, 2**32),
    numbers=st.lists(st.integers(0, 9), max_size=12),
    limits=st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_nothing_stays_undone_that_is_accepted_and_deleted_while_workers_claim_and_settle(
    seed: int, numbers: list[int], limits: list[int]
) -> None:
    backend, chance = MockBackend(), random.Random(seed)
    with closing(backend.open()) as store:
        import_(store, BUSY, 20)
        look_up(store, OTHER, 5)
    acts: list[Callable[[Store], None]] = [partial(work_all, limit, chance) for limit in limits]

    interleaved(backend, [*acts, partial(look_up_and_delete, numbers)], chance.choice)

    with closing(backend.open()) as store:
        work_all(9, chance, store)
        for record_id in [owned(BUSY, n).id for n in range(20)] + [owned(OTHER, n).id for n in range(10)]:
            if (known := store.records.look_up(record_id)) is not None:
                assert known.record.state in {State.STORED, State.FAILED}
                assert known.record.snapshot_id is None or known.body == record_id.encode()
