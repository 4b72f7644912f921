"""Batches are leased to one worker at a time, the lowest number first; only the holder of the latest claim changes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from inventory.jobs.model import SPLITTING, Batch, JobStatus, NewBatch
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, after
from tests.contract.job_actions import (
    FAILED,
    OVER,
    REJECTED,
    SUCCEEDED,
    UNTIL,
    advance,
    claim,
    counted,
    create,
    found,
    new_batches,
    outcomes,
    ready,
    renewed,
    row,
    work,
)

MILLISECOND = timedelta(milliseconds=1)


def none_to_claim(store: Store, *, now=NOW) -> bool:
    return store.jobs.claim(now=now, lease_for=LEASE) is None


def test_a_claim_leases_a_batch_and_gives_its_job_which_then_runs(store: Store) -> None:
    wanted = create(store)

    job, reading = store.jobs.claim(now=after(1), lease_for=LEASE) or pytest.fail("nothing to claim")

    assert job == replace(wanted, status=JobStatus.RUNNING, started_at=after(1)) == found(store, wanted)
    assert re.fullmatch("[0-9a-f]{32}", reading.lease)
    assert (reading.due_at, reading.attempt, reading.fence) == (after(1) + LEASE, 1, 1)
    assert none_to_claim(store, now=after(2))


def test_a_job_is_started_once(store: Store) -> None:
    wanted = create(store)
    claim(store)
    again = claim(store, now=OVER)

    assert (again.number, again.attempt, again.fence) == (SPLITTING, 2, 2)
    assert found(store, wanted).started_at == NOW


def test_there_is_nothing_to_claim_where_there_is_nothing(store: Store) -> None:
    assert none_to_claim(store)
    assert store.jobs.due(now=NOW, limit=9) == []
    assert store.jobs.complete(now=NOW, limit=9) == []


def test_a_job_is_not_due_before_it_was_created(store: Store) -> None:
    create(store, now=after(9))

    assert none_to_claim(store, now=after(9) - MILLISECOND)
    assert not none_to_claim(store, now=after(9))


def test_batches_are_claimed_by_number_so_that_a_small_job_overtakes_a_big_one(store: Store) -> None:
    big = ready(store, 3, now=NOW)
    small = ready(store, 1, now=after(1))
    newest = create(store, now=after(2))
    order = [(newest, 0), (big, 1), (small, 1), (big, 2), (big, 3)]

    for job, number in order:
        owned = claim(store, now=after(3))
        assert (owned.job_id, owned.number) == (job.id, number)
    assert none_to_claim(store, now=after(3))


def test_a_batch_that_waited_comes_back_at_its_number(store: Store) -> None:
    ready(store, 3)
    assert store.jobs.release(claim(store), due_at=after(20))

    assert [claim(store).number for _ in range(2)] == [2, 3]
    assert none_to_claim(store, now=after(20) - MILLISECOND)
    owned = claim(store, now=after(20))
    assert (owned.number, owned.attempt, owned.fence) == (1, 1, 2)


def test_a_lower_number_whose_pause_is_over_comes_before_a_higher_one_that_never_waited(store: Store) -> None:
    ready(store, 3)
    store.jobs.release(claim(store), due_at=after(20))

    assert claim(store, now=after(20)).number == 1
    assert claim(store, now=after(20)).number == 2


def test_what_one_clock_found_due_is_not_due_for_a_slower_clock(store: Store) -> None:
    ready(store, 2)
    owned = [claim(store), claim(store)]
    for each in owned:
        store.jobs.release(each, due_at=after(20))
    assert claim(store, now=after(20)).number == 1

    assert none_to_claim(store, now=after(19))
    assert claim(store, now=after(20)).number == 2


def test_of_one_number_the_oldest_due_is_first(store: Store) -> None:
    jobs = [ready(store, 1, now=after(n)) for n in (0, 1, 2)]
    claims = {owned.job_id: owned for owned in (claim(store, now=after(9)) for _ in jobs)}
    for job, due in zip(jobs, (30, 10, 20), strict=True):
        store.jobs.release(claims[job.id], due_at=after(due))

    assert [claim(store, now=after(30)).job_id for _ in jobs] == [jobs[1].id, jobs[2].id, jobs[0].id]


def test_a_batch_is_claimed_again_when_its_lease_is_over_and_not_before(store: Store) -> None:
    ready(store, 1)
    first = claim(store)

    assert none_to_claim(store, now=OVER - MILLISECOND)
    second = claim(store, now=OVER)
    assert (second.attempt, second.fence) == (2, 2)
    assert second.lease != first.lease


def test_reading_keeps_its_checkpoint_and_may_go_on_while_its_batches_are_worked_on(store: Store) -> None:
    job = create(store)
    reading = claim(store)

    owned = store.jobs.add_batches(reading, new_batches(2), checkpoint='{"row": 6}', until=after(50))

    assert owned == replace(reading, due_at=after(50), attempt=0, checkpoint='{"row": 6}')
    first = claim(store)
    assert first == Batch(job.id, 1, 1, 3, 3, 100, UNTIL, first.lease, fence=1, attempt=1)
    assert found(store, job).total is None
    again = claim(store, now=after(50))
    assert (again.number, again.checkpoint) == (SPLITTING, '{"row": 6}')


def test_cutting_again_what_is_there_changes_nothing_of_it(store: Store) -> None:
    job = create(store)
    reading = claim(store)
    store.jobs.add_batches(reading, new_batches(2), checkpoint=None, until=UNTIL)
    work(store, claim(store))
    second = claim(store)
    reading = claim(store, now=OVER)

    assert (
        store.jobs.add_batches(reading, [NewBatch(1, 1, 99, 99, 999), *new_batches(3)], checkpoint=None, until=OVER + LEASE)
        is not None
    )

    assert counted(store, job) == (3, 0, 0)
    assert advance(store, second, [row(4)]) == renewed(second)
    assert [claim(store, now=OVER).number for _ in range(2)] == [2, 3]
    assert none_to_claim(store, now=OVER)


def test_a_thousand_batches_can_be_cut_at_once(store: Store) -> None:
    create(store)
    reading = claim(store)

    assert store.jobs.add_batches(reading, new_batches(1100, rows=1), checkpoint=None, until=UNTIL) is not None

    assert claim(store).number == 1
    assert store.jobs.add_batches(reading, [], checkpoint=None, until=UNTIL) is not None


def test_advancing_keeps_outcomes_counts_and_checkpoint_and_renews_the_claim(store: Store) -> None:
    job = ready(store, 1, rows=9)
    owned = claim(store)
    rows = [row(1), row(3, FAILED), row(4, REJECTED), row(9)]

    after_first = store.jobs.advance(owned, rows, implicit_successes=2, checkpoint="[5]", until=after(99))

    assert after_first == replace(owned, due_at=after(99), attempt=0, implicit_successes=2, checkpoint="[5]")
    assert counted(store, job) == (4, 1, 1)
    assert store.jobs.finished_rows(owned) == {1, 3, 4, 9}
    assert none_to_claim(store, now=after(99) - MILLISECOND)
    assert advance(store, after_first, [row(2)], implicit_successes=3, checkpoint=None) == renewed(
        owned, implicit_successes=3
    )
    assert counted(store, job) == (6, 1, 1)


def test_an_advance_without_rows_renews_the_claim(store: Store) -> None:
    job = ready(store, 1)
    owned = claim(store)

    assert advance(store, owned, implicit_successes=1, checkpoint="1") == renewed(
        owned, implicit_successes=1, checkpoint="1"
    )
    assert counted(store, job) == (1, 0, 0)


def test_a_row_keeps_its_first_outcome_and_counts_once(store: Store) -> None:
    job = ready(store, 1)
    owned = claim(store)
    advance(store, owned, [row(1, FAILED, code="timeout"), row(2)])

    advance(store, owned, [row(1), row(2, FAILED), row(3), row(3, REJECTED)])

    assert outcomes(store, job) == {1: FAILED, 2: SUCCEEDED, 3: SUCCEEDED}
    assert counted(store, job) == (2, 1, 0)
    assert store.jobs.rows(job.id, FAILED, limit=9, after=0) == [row(1, FAILED, code="timeout")]


def test_who_takes_a_batch_over_finds_its_rows_and_checkpoint_and_counts_on(store: Store) -> None:
    job = ready(store, 1)
    advance(store, claim(store), [row(1), row(2, FAILED)], implicit_successes=5, checkpoint="2")

    owned = claim(store, now=OVER)

    assert (owned.implicit_successes, owned.checkpoint, owned.attempt) == (5, "2", 1)
    assert store.jobs.finished_rows(owned) == {1, 2}
    assert advance(store, owned, [row(2), row(3)], implicit_successes=6) is not None
    assert counted(store, job) == (8, 1, 0)


def test_finished_rows_are_those_of_the_batch_alone(store: Store) -> None:
    ready(store, 2)
    ready(store, 1, now=after(1))
    first, other, second = claim(store, now=after(1)), claim(store, now=after(1)), claim(store, now=after(1))
    for owned in (first, other, second):
        advance(store, owned, [row(owned.first_row), row(owned.last_row)])

    assert store.jobs.finished_rows(first) == {1, 3}
    assert store.jobs.finished_rows(second) == {4, 6}


def test_a_finished_batch_is_not_claimed_again_and_its_bytes_count_as_read(store: Store) -> None:
    job = ready(store, 2)
    assert found(store, job).counts.bytes_read == 0
    owned = claim(store)
    advance(store, owned, [row(1)])

    assert store.jobs.finish(owned)

    assert found(store, job).counts.bytes_read == 100
    assert claim(store, now=after(999)).number == 2
    assert none_to_claim(store, now=after(999))
    assert not store.jobs.finish(owned), "sent again, it counts no bytes twice"
    assert found(store, job).counts.bytes_read == 100


def test_a_renewal_after_the_end_of_a_lease_holds_if_nobody_else_was_there(store: Store) -> None:
    ready(store, 2)
    owned = claim(store)
    claim(store, now=OVER)
    assert claim(store, now=OVER).number == 2, "the other one was lower"

    late = claim(store, now=OVER + LEASE)
    assert none_to_claim(store, now=OVER + LEASE - MILLISECOND)
    claim(store, now=OVER + LEASE)
    assert store.jobs.advance(late, [], implicit_successes=0, checkpoint=None, until=after(500)) is not None
    assert advance(store, owned) is None


def test_a_lease_that_is_over_holds_until_another_worker_claims_and_leaves_the_queue_when_renewed(
    store: Store,
) -> None:
    ready(store, 2)
    first, second = claim(store), claim(store)
    assert claim(store, now=OVER).number == 1, "both are in the queue now"

    assert store.jobs.advance(second, [row(4)], implicit_successes=0, checkpoint=None, until=after(500)) is not None

    assert none_to_claim(store, now=OVER)
    assert claim(store, now=after(500)).number == 1
    assert claim(store, now=after(500)).number == 2
    assert not store.jobs.finish(first)


CALLS: dict[str, Callable[[Store, Batch], object]] = {
    "advance": lambda store, owned: (
        advance(store, owned, [row(2, FAILED)], implicit_successes=7, checkpoint="late") is not None
    ),
    "release": lambda store, owned: store.jobs.release(owned, due_at=NOW),
    "finish": lambda store, owned: store.jobs.finish(owned),
}
ENDS: dict[str, Callable[[Store, Batch], object]] = {
    "taken over": lambda store, owned: claim(store, now=OVER),
    "released": lambda store, owned: store.jobs.release(owned, due_at=after(999)),
    "finished": lambda store, owned: store.jobs.finish(owned),
    "cancelled": lambda store, owned: store.jobs.cancel(owned.job_id, now=NOW),
    "taken over and finished": lambda store, owned: work(store, claim(store, now=OVER)),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("end", ENDS)
def test_a_claim_that_does_not_hold_any_more_changes_nothing_and_is_told(store: Store, call: str, end: str) -> None:
    job = ready(store, 1)
    owned = claim(store)
    advance(store, owned, [row(1)], checkpoint="1")
    assert ENDS[end](store, owned) is not False
    before = found(store, job), outcomes(store, job)

    assert not CALLS[call](store, owned)

    assert (found(store, job), outcomes(store, job)) == before
    if end == "taken over":
        latest = claim(store, now=OVER + LEASE)
        assert (latest.checkpoint, latest.implicit_successes, latest.fence) == ("1", 0, 3)


@pytest.mark.parametrize("end", ["taken over", "released", "cancelled", "finished"])
def test_a_reading_that_does_not_hold_any_more_cuts_nothing(store: Store, end: str) -> None:
    job = create(store)
    reading = claim(store)
    store.jobs.add_batches(reading, new_batches(1), checkpoint="1", until=UNTIL)
    assert ENDS[end](store, reading)
    before = found(store, job)

    assert store.jobs.add_batches(reading, new_batches(3), checkpoint="3", until=UNTIL) is None
    assert not store.jobs.finish(reading, total=9, error="late")

    assert found(store, job) == before
    if end == "taken over":
        assert claim(store, now=OVER).number == 1
        assert none_to_claim(store, now=OVER)


def test_a_lease_of_one_batch_is_none_of_another(store: Store) -> None:
    ready(store, 2)
    first, second = claim(store), claim(store)

    assert advance(store, replace(first, lease=second.lease), [row(1)]) is None
    assert advance(store, replace(first, fence=2), [row(1)]) is None
    assert advance(store, replace(first, number=2), [row(1)]) is None


def test_due_names_jobs_with_something_to_claim_or_to_complete_and_claims_nothing(store: Store) -> None:
    queued = create(store, now=after(1))
    later = create(store, now=after(500))
    running = ready(store, 2, now=NOW)
    claim(store)
    waiting = ready(store, 1, now=NOW)
    for _ in range(2):
        owned = claim(store)
        if owned.job_id == waiting.id:
            store.jobs.release(owned, due_at=after(200))
        else:
            store.jobs.release(owned, due_at=NOW)
    cancelled = create(store)
    store.jobs.cancel(cancelled.id, now=NOW)

    assert set(store.jobs.due(now=after(2), limit=9)) == {queued.id, running.id}
    assert len(store.jobs.due(now=after(2), limit=1)) == 1
    assert set(store.jobs.due(now=after(200), limit=9)) == {queued.id, running.id, waiting.id}
    assert later.id in store.jobs.due(now=after(500), limit=9)
    assert found(store, queued).status is JobStatus.QUEUED


def test_a_job_whose_batches_are_done_is_due_until_it_is_completed(store: Store) -> None:
    job = ready(store, 1)
    owned = claim(store)
    assert store.jobs.due(now=NOW, limit=9) == []
    store.jobs.finish(owned)

    assert store.jobs.due(now=NOW, limit=9) == [job.id]
    store.jobs.complete(now=NOW, limit=9)
    assert store.jobs.due(now=after(999), limit=9) == []


def test_a_job_is_named_once_however_many_of_its_batches_are_due(store: Store) -> None:
    first, second = ready(store, 5), ready(store, 5)

    assert set(store.jobs.due(now=NOW, limit=9)) == {first.id, second.id}
    assert len(store.jobs.due(now=NOW, limit=9)) == len(store.jobs.due(now=NOW, limit=2)) == 2


def test_a_job_whose_reading_is_done_twice_over_is_read_by_the_last_one(store: Store) -> None:
    job = create(store)
    first = claim(store)
    store.jobs.add_batches(first, new_batches(1), checkpoint="1", until=UNTIL)
    second = claim(store, now=OVER)
    assert second.number == SPLITTING

    assert store.jobs.finish(second, total=3)
    assert not store.jobs.finish(first, total=99)

    assert found(store, job).total == 3
