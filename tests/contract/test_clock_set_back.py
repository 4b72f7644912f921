"""A clock that was an hour ahead and is set back leaves nothing waiting: what is due implausibly late is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from inventory.jobs.model import NewBatch
from inventory.records.model import LONGEST_DELAY, State
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, accept, accept_target, after, claim, failure, found, postponed, stored, target
from tests.contract.job_actions import job

HOUR = timedelta(hours=1)
AHEAD = NOW + HOUR
MAX_ATTEMPTS = 99


def pending(store: Store) -> None:
    accept(store, 1, now=AHEAD)


def pending_for_a_job(store: Store) -> None:
    store.records.accept_all([(target(1), None)], now=AHEAD)


def postponed_far(store: Store) -> None:
    owned = claim(store, accept(store, 1, now=AHEAD), now=AHEAD)
    assert store.records.settle([postponed(owned, until=AHEAD + timedelta(seconds=9), why=failure(at=AHEAD))]) == [True]


def left_by_a_worker(store: Store) -> None:
    claim(store, accept(store, 1, now=AHEAD), now=AHEAD)


LEFT: list[Callable[[Store], None]] = [pending, pending_for_a_job, postponed_far, left_by_a_worker]


def claim_any(store: Store, now: datetime) -> list[str]:
    expired = store.records.claim_expired(now=now, lease_for=LEASE, max_attempts=MAX_ATTEMPTS)
    claims = [*([expired] if expired else []), *store.records.claim_due(now=now, lease_for=LEASE, limit=9)]
    assert store.records.settle([stored(each, at=now) for each in claims]) == [True] * len(claims)
    return [each.id for each in claims]


@pytest.mark.parametrize("leave", LEFT)
def test_what_is_due_in_an_hour_is_due_now(store: Store, leave: Callable[[Store], None]) -> None:
    leave(store)

    assert list(store.records.due(now=NOW, max_attempts=MAX_ATTEMPTS, limit=9)) == [target(1).id]
    assert claim_any(store, NOW) == [target(1).id]
    assert store.records.due(now=NOW, max_attempts=MAX_ATTEMPTS, limit=9) == {}
    assert claim_any(store, AHEAD) == []


@pytest.mark.parametrize("leave", LEFT)
def test_it_can_be_claimed_by_name(store: Store, leave: Callable[[Store], None]) -> None:
    leave(store)

    owned = claim(store, target(1), now=NOW)

    assert owned.due_at == after(LEASE.total_seconds())
    assert store.records.claim(target(1).id, now=NOW, lease_for=LEASE) is None


def test_what_used_up_its_attempts_in_the_hour_ahead_fails(store: Store) -> None:
    left_by_a_worker(store)

    assert store.records.due(now=NOW, max_attempts=1, limit=9) == {}
    assert store.records.fail_spent(now=NOW, max_attempts=1, retry_at=after(1), limit=9) == 1
    assert found(store, target(1)).state is State.FAILED


def test_what_is_really_due_comes_first(store: Store) -> None:
    pending(store)
    for n in (2, 3):
        accept(store, n)

    claims = store.records.claim_due(now=NOW, lease_for=LEASE, limit=2)
    assert {each.id for each in claims} == {target(2).id, target(3).id}
    assert [each.id for each in store.records.claim_due(now=NOW, lease_for=LEASE, limit=2)] == [target(1).id]


def test_the_longest_pause_is_kept(store: Store) -> None:
    owned = claim(store, accept(store, 1))
    assert store.records.settle([postponed(owned, until=NOW + LONGEST_DELAY)]) == [True]

    assert store.records.due(now=NOW, max_attempts=MAX_ATTEMPTS, limit=9) == {}
    assert claim_any(store, NOW) == []
    assert claim_any(store, NOW + LONGEST_DELAY) == [target(1).id]


def test_the_longest_lease_is_kept(store: Store) -> None:
    accept_target(store, target(1))
    assert store.records.claim(target(1).id, now=NOW, lease_for=timedelta(seconds=615))

    assert store.records.claim(target(1).id, now=NOW, lease_for=LEASE) is None
    assert claim_any(store, NOW) == []
    assert store.records.due(now=NOW, max_attempts=MAX_ATTEMPTS, limit=9) == {}
    assert store.records.fail_spent(now=NOW, max_attempts=1, retry_at=after(1), limit=9) == 0


def queued(store: Store) -> None:
    store.jobs.create(replace(job(), created_at=AHEAD))


def claimed_by_a_worker(store: Store) -> None:
    queued(store)
    assert store.jobs.claim(now=AHEAD, lease_for=LEASE)


def handed_back(store: Store) -> None:
    queued(store)
    claimed = store.jobs.claim(now=AHEAD, lease_for=LEASE)
    assert claimed
    assert store.jobs.release(claimed[1], due_at=AHEAD + timedelta(seconds=9))


def split(store: Store) -> None:
    queued(store)
    claimed = store.jobs.claim(now=AHEAD, lease_for=LEASE)
    assert claimed
    renewed = store.jobs.add_batches(claimed[1], [NewBatch(1, 1, 9, 9, 99)], checkpoint=None, until=AHEAD + LEASE)
    assert renewed
    assert store.jobs.finish(renewed, total=9)


def split_and_claimed(store: Store) -> None:
    split(store)
    assert store.jobs.claim(now=AHEAD, lease_for=LEASE)


@pytest.mark.parametrize("leave", [queued, claimed_by_a_worker, handed_back, split, split_and_claimed])
def test_the_batches_of_a_job_are_due_now(store: Store, leave: Callable[[Store], None]) -> None:
    leave(store)

    assert len(store.jobs.due(now=NOW, limit=9)) == 1
    claimed = store.jobs.claim(now=NOW, lease_for=LEASE)
    assert claimed is not None
    assert store.jobs.claim(now=NOW, lease_for=LEASE) is None
    assert store.jobs.due(now=NOW, limit=9) == []
    assert store.jobs.finish(claimed[1], total=9)


def test_a_failure_stands_until_it_may_be_tried_again_but_not_for_an_hour_ahead() -> None:
    assert failure(at=NOW).stands(NOW)
    assert failure(at=NOW).stands(after(299))
    assert not failure(at=NOW).stands(after(300))
    assert not failure(at=AHEAD).stands(NOW)
    assert failure(at=after(1)).stands(NOW)
