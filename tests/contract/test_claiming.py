"""What is due is leased to one worker at a time; when a lease is over, the record can be claimed again."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta

import pytest

from inventory.records.model import State, Status
from inventory.store import Store
from tests.contract.actions import (
    LEASE,
    NOW,
    accept,
    accept_target,
    after,
    claim,
    collect,
    failed,
    failure,
    found,
    postponed,
    stored,
    target,
)
from tests.contract.backends import Backend


def test_a_claim_leases_a_pending_record_and_counts_the_attempt(store: Store) -> None:
    accept(store)

    claimed = claim(store, target(), now=after(1))

    assert claimed.state is State.RUNNING
    assert (claimed.attempt, claimed.fence, claimed.due_at) == (1, 1, after(1) + LEASE)
    assert claimed.lease is not None
    assert re.fullmatch("[0-9a-f]{32}", claimed.lease)
    assert claimed.status is Status.PENDING
    assert found(store, target()) == claimed


def test_a_claim_by_name_does_not_wait_for_the_pause_to_end(store: Store) -> None:
    store.records.settle([postponed(claim(store, accept(store)), until=after(600))])

    assert store.records.claim(target().id, now=after(1), lease_for=LEASE) is not None


def test_a_running_record_is_claimed_by_name_only_when_its_lease_is_over(store: Store) -> None:
    first = claim(store, accept(store))
    over = NOW + LEASE

    assert store.records.claim(target().id, now=over - timedelta(milliseconds=1), lease_for=LEASE) is None
    second = claim(store, target(), now=over)

    assert (second.attempt, second.fence) == (2, 2)
    assert second.lease != first.lease


def test_nothing_that_is_stored_failed_or_unknown_is_claimed(store: Store) -> None:
    collect(store, target(1))
    store.records.settle([failed(claim(store, accept(store, 2)))])

    for n in (1, 2, 3):
        assert store.records.claim(target(n).id, now=after(9999), lease_for=LEASE) is None
    assert store.records.claim_due(now=after(9999), lease_for=LEASE, limit=9) == []
    assert store.records.claim_expired(now=after(9999), lease_for=LEASE, max_attempts=9) is None
    assert store.records.due(now=after(9999), max_attempts=9, limit=9) == {}


def test_what_is_due_is_claimed_oldest_first_and_no_more_than_asked_for(store: Store) -> None:
    for n, due in ((1, 30), (2, 10), (3, 20), (4, 40)):
        accept(store, n, now=after(due))

    claimed = store.records.claim_due(now=after(100), lease_for=LEASE, limit=3)

    assert [each.target for each in claimed] == [target(2), target(3), target(1)]
    assert {each.state for each in claimed} == {State.RUNNING}
    assert len({each.lease for each in claimed}) == 3
    assert [each.target for each in store.records.claim_due(now=after(100), lease_for=LEASE, limit=3)] == [target(4)]
    assert store.records.claim_due(now=after(100), lease_for=LEASE, limit=3) == []


def test_a_named_record_is_claimed_before_all_others_that_are_due(store: Store) -> None:
    for n, due in ((1, 30), (2, 10), (3, 20), (4, 40)):
        accept(store, n, now=after(due))

    claimed = store.records.claim_due(now=after(100), lease_for=LEASE, limit=3, first=target(4).id)

    assert [each.target for each in claimed] == [target(4), target(2), target(3)]
    assert [each.fence for each in claimed] == [1, 1, 1]


def test_a_named_record_that_is_not_due_is_skipped_and_others_are_claimed(store: Store) -> None:
    accept(store, 1)
    store.records.settle([postponed(claim(store, accept(store, 2)), until=after(600))])
    collect(store, target(3))

    for n in (2, 3, 9):
        assert store.records.claim_due(now=after(-1), lease_for=LEASE, limit=1, first=target(n).id) == []
    [claimed] = store.records.claim_due(now=after(100), lease_for=LEASE, limit=9, first=target(2).id)
    assert claimed.target == target(1)


def test_each_claim_is_what_is_kept(store: Store) -> None:
    for n in range(3):
        accept(store, n)

    for claimed in store.records.claim_due(now=NOW, lease_for=LEASE, limit=9):
        assert found(store, claimed) == claimed


def test_more_than_one_batch_can_be_claimed_at_once(store: Store) -> None:
    for n in range(60):
        accept(store, n)

    claimed = store.records.claim_due(now=NOW, lease_for=LEASE, limit=55)

    assert len({each.id for each in claimed}) == 55


def test_a_pause_is_kept_by_claims_of_what_is_due(store: Store) -> None:
    store.records.settle([postponed(claim(store, accept(store)), until=after(60))])

    assert store.records.claim_due(now=after(59.999), lease_for=LEASE, limit=9) == []
    assert len(store.records.claim_due(now=after(60), lease_for=LEASE, limit=9)) == 1


def test_a_running_record_is_not_due_even_when_its_lease_is_over(store: Store) -> None:
    claim(store, accept(store))

    assert store.records.claim_due(now=NOW + 2 * LEASE, lease_for=LEASE, limit=9) == []


def test_an_expired_record_is_claimed_when_its_lease_is_over_and_attempts_are_left(store: Store) -> None:
    first = claim(store, accept(store))
    over = NOW + LEASE

    for now, max_attempts, is_any in ((after(34), 2, False), (over, 1, False), (over, 2, True)):
        assert store.records.is_any_expired(now=now, max_attempts=max_attempts) is is_any
    assert store.records.claim_expired(now=after(34), lease_for=LEASE, max_attempts=2) is None
    assert store.records.claim_expired(now=over, lease_for=LEASE, max_attempts=1) is None
    second = store.records.claim_expired(now=over, lease_for=LEASE, max_attempts=2)

    assert second is not None
    assert (second.attempt, second.fence, second.due_at) == (2, first.fence + 1, over + LEASE)
    assert second.lease != first.lease


def test_expired_records_are_claimed_one_by_one_the_longest_expired_first(store: Store) -> None:
    for n, when in ((1, 20), (2, 10)):
        claim(store, accept(store, n), now=after(when))

    claimed = [store.records.claim_expired(now=after(999), lease_for=LEASE, max_attempts=9) for _ in range(3)]

    assert [each and each.target for each in claimed] == [target(2), target(1), None]


def test_what_is_due_is_counted_by_host_as_far_as_it_would_be_named(store: Store) -> None:
    for n in range(3):
        accept_target(store, target(n, host="one.example"), now=after(n))
    accept_target(store, target(0, host="two.example"), now=after(1))
    accept_target(store, target(0, host="later.example"), now=after(500))
    claim(store, target(0, host="one.example"), now=NOW)

    assert store.records.due_hosts(now=after(2), max_attempts=2, limit=9) == {"one.example": 2, "two.example": 1}
    assert store.records.due_hosts(now=after(99), max_attempts=2, limit=9) == {"one.example": 3, "two.example": 1}
    assert sum(store.records.due_hosts(now=after(99), max_attempts=2, limit=2).values()) == 2


def test_due_names_what_a_claim_would_find_and_claims_nothing(store: Store) -> None:
    accept(store, 1, now=after(1))
    accept(store, 2, now=after(500))
    claim(store, accept(store, 3), now=NOW)
    claim(store, accept(store, 4), now=after(90))
    spent = claim(store, accept(store, 5), now=NOW)
    claim(store, spent, now=NOW + LEASE)
    now = after(100)

    assert store.records.due(now=now, max_attempts=2, limit=9) == {target(n).id: target(n).key for n in (1, 3)}
    assert len(store.records.due(now=now, max_attempts=2, limit=1)) == 1
    assert found(store, target(1)).state is State.PENDING


def test_spent_attempts_end_as_a_recorded_failure(store: Store) -> None:
    claim(store, claim(store, accept(store)), now=after(100))
    later = after(200)

    failed_now = store.records.fail_spent(now=later, max_attempts=2, retry_at=after(500), limit=9)

    record = found(store, target())
    assert failed_now == 1
    assert (record.state, record.status, record.due_at) == (State.FAILED, Status.FAILED, None)
    assert record.failure is not None
    assert (record.failure.code, record.failure.permanent, record.failure.attempts) == ("timeout", False, 2)
    assert (record.failure.at, record.failure.retry_at) == (later, after(500))
    assert record.failure.detail
    assert store.records.fail_spent(now=later, max_attempts=2, retry_at=after(500), limit=9) == 0


def test_only_attempts_that_are_spent_and_over_are_failed(store: Store) -> None:
    claim(store, accept(store, 1))
    claim(store, claim(store, accept(store, 2)), now=after(100))
    accept(store, 3)

    assert store.records.fail_spent(now=after(101), max_attempts=2, retry_at=after(500), limit=9) == 0


def test_no_more_spent_records_are_failed_than_asked_for(store: Store) -> None:
    for n in range(3):
        claim(store, accept(store, n))

    counts = [store.records.fail_spent(now=after(100), max_attempts=1, retry_at=after(500), limit=2) for _ in range(3)]

    assert counts == [2, 1, 0]


def test_a_spent_refresh_leaves_the_snapshot_readable(store: Store) -> None:
    collect(store, target())
    claim(store, accept(store, now=after(60)), now=after(60))

    store.records.fail_spent(now=after(200), max_attempts=1, retry_at=after(500), limit=9)

    known = store.records.look_up(target().id)
    assert known is not None
    assert known.snapshot is not None
    assert (known.record.state, known.record.status) == (State.FAILED, Status.STORED)


def test_a_worker_whose_record_was_failed_as_spent_settles_nothing(store: Store) -> None:
    late = claim(store, accept(store))
    store.records.fail_spent(now=after(100), max_attempts=1, retry_at=after(500), limit=9)
    before = found(store, target())

    assert store.records.settle([stored(late)]) == [False]
    assert found(store, target()) == before


@pytest.mark.parametrize(
    "damaged", [b"", b"\xff", b"{}", b'{"failure": [1]}', b'{"failure": ["a", "b", false, 1, 1e400, {}]}']
)
def test_a_failure_that_is_damaged_keeps_no_record_from_being_collected_or_failed(backend: Backend, damaged: bytes) -> None:
    with closing(backend.open()) as store:
        for n in range(2):
            owned = claim(store, accept(store, n))
            store.records.settle([postponed(owned, until=after(1), why=failure() if n == 0 else None)])
        backend.damage_failures(damaged)

        claims = store.records.claim_due(now=after(2), lease_for=LEASE, limit=9)
        again = store.records.claim_expired(now=after(200), lease_for=LEASE, max_attempts=3)
        spent = store.records.fail_spent(now=after(400), max_attempts=1, retry_at=after(500), limit=9)

    assert {each.target for each in claims} == {target(0), target(1)}
    assert again is not None
    assert spent == 2


def test_a_damaged_failure_is_reported_as_damaged(backend: Backend) -> None:
    with closing(backend.open()) as store:
        store.records.settle([failed(claim(store, accept(store)))])
        backend.damage_failures(b"\xff")
        known = found(store, target()).failure

    assert known is not None
    assert (known.code, known.permanent) == ("internal_fault", False)
