"""A job ends when all its batches are done, or when it is cancelled; its rows stay to be read until it is retired."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from inventory.jobs.model import LONGEST_INPUT, Counts, Job, JobStatus, Row, RowOutcome
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, after, target
from tests.contract.job_actions import (
    FAILED,
    OVER,
    REJECTED,
    SUCCEEDED,
    UNTIL,
    advance,
    claim,
    complete,
    counted,
    create,
    found,
    new_batches,
    outcomes,
    read,
    ready,
    row,
    work,
)


def test_a_job_is_completed_when_its_file_is_read_and_every_batch_is_done(store: Store) -> None:
    job = create(store)
    reading = claim(store)
    store.jobs.add_batches(reading, new_batches(2), checkpoint=None, until=UNTIL)
    work(store, claim(store))
    work(store, claim(store), FAILED)
    assert store.jobs.complete(now=after(2), limit=9) == [], "more may be split off"
    store.jobs.finish(reading, total=6)

    assert store.jobs.complete(now=after(2), limit=9) == [job.id]

    ended = found(store, job)
    assert (ended.status, ended.started_at, ended.finished_at, ended.error) == (JobStatus.COMPLETED, NOW, after(2), None)
    assert (ended.total, ended.counts) == (6, Counts(3, 3, 0, 200))
    assert ended.counts.processed == ended.total
    assert store.jobs.complete(now=after(3), limit=9) == []
    assert found(store, job) == ended


def test_a_job_without_rows_is_completed_as_soon_as_it_is_read(store: Store) -> None:
    job = create(store)
    store.jobs.finish(claim(store), total=0)

    assert store.jobs.complete(now=NOW, limit=9) == [job.id]
    assert (found(store, job).total, found(store, job).counts) == (0, Counts())


def test_a_job_whose_file_cannot_be_read_to_the_end_fails_after_its_readable_rows(store: Store) -> None:
    job = create(store)
    read(store, 1, error="The gzip stream breaks off \ud800.")
    assert found(store, job).status is JobStatus.RUNNING
    assert found(store, job).error == "The gzip stream breaks off \ud800."
    work(store, claim(store))

    assert store.jobs.complete(now=after(2), limit=9) == [job.id]

    ended = found(store, job)
    assert (ended.status, ended.total, ended.counts) == (JobStatus.FAILED, 3, Counts(3, 0, 0, 100))
    assert ended.error == "The gzip stream breaks off \ud800."


def test_a_batch_that_waits_or_is_held_or_was_abandoned_keeps_its_job_running(store: Store) -> None:
    job = ready(store, 3)
    owned = [claim(store) for _ in range(3)]
    store.jobs.release(owned[0], due_at=after(999))
    store.jobs.finish(owned[1])

    assert store.jobs.complete(now=after(500), limit=9) == []
    work(store, claim(store, now=after(999)))
    assert store.jobs.complete(now=after(999), limit=9) == []
    work(store, claim(store, now=after(999)))
    assert store.jobs.complete(now=after(999), limit=9) == [job.id]


def test_no_more_jobs_are_completed_than_asked_for(store: Store) -> None:
    jobs = {create(store).id for _ in range(3)}
    for _ in jobs:
        store.jobs.finish(claim(store), total=0)

    ended = [store.jobs.complete(now=NOW, limit=2) for _ in range(3)]

    assert [len(each) for each in ended] == [2, 1, 0]
    assert {job_id for each in ended for job_id in each} == jobs


def test_a_job_that_is_not_done_is_in_the_way_of_none_that_is(store: Store) -> None:
    for n in range(3):
        ready(store, 1, now=after(n))
    done = create(store, now=after(9))
    store.jobs.finish(claim(store, now=after(9)), total=0)

    assert store.jobs.complete(now=after(9), limit=1) == [done.id]


def test_cancelling_a_queued_job_ends_it_before_it_is_read(store: Store) -> None:
    job = create(store)

    assert store.jobs.cancel(job.id, now=after(1))

    ended = found(store, job)
    assert (ended.status, ended.started_at, ended.finished_at) == (JobStatus.CANCELLED, None, after(1))
    assert store.jobs.claim(now=after(999), lease_for=LEASE) is None
    assert store.jobs.due(now=after(999), limit=9) == []


def test_cancelling_a_running_job_takes_every_batch_from_everybody(store: Store) -> None:
    job = create(store)
    reading = claim(store)
    store.jobs.add_batches(reading, new_batches(4), checkpoint=None, until=UNTIL)
    work(store, claim(store))
    owned = claim(store)
    advance(store, owned, [row(4, FAILED), row(5, REJECTED)], implicit_successes=2)
    store.jobs.release(claim(store), due_at=after(5))

    assert store.jobs.cancel(job.id, now=after(1))

    ended = found(store, job)
    assert (ended.status, ended.finished_at, ended.total) == (JobStatus.CANCELLED, after(1), None)
    assert ended.counts == Counts(5, 1, 1, 100)
    assert advance(store, owned, [row(6)]) is None
    assert store.jobs.add_batches(reading, new_batches(9), checkpoint=None, until=UNTIL) is None
    assert not store.jobs.finish(owned)
    assert not store.jobs.release(owned, due_at=NOW)
    assert not store.jobs.finish(reading, total=9, error="late")
    assert store.jobs.claim(now=after(9999), lease_for=LEASE) is None
    assert store.jobs.due(now=after(9999), limit=9) == []
    assert store.jobs.complete(now=after(9999), limit=9) == []
    assert found(store, job) == ended
    assert outcomes(store, job) == {1: SUCCEEDED, 2: SUCCEEDED, 3: SUCCEEDED, 4: FAILED, 5: REJECTED}


def test_cancelling_one_job_leaves_the_others_as_they_are(store: Store) -> None:
    first, second = ready(store, 2), ready(store, 2, now=after(1))
    claim(store, now=after(1))

    store.jobs.cancel(first.id, now=after(1))

    owned = [claim(store, now=after(1)) for _ in range(2)]
    assert [(each.job_id, each.number) for each in owned] == [(second.id, 1), (second.id, 2)]


def cancelled(store: Store) -> Job:
    job = ready(store, 1)
    advance(store, claim(store), [row(1)])
    assert store.jobs.cancel(job.id, now=after(2))
    return found(store, job)


ENDS: dict[str, Callable[[Store], Job]] = {
    "completed": complete,
    "cancelled": cancelled,
    "unknown": lambda store: Job("0" * 32, "urls", NOW),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_has_ended_or_never_was_cannot_be_cancelled(store: Store, end: str) -> None:
    job = ENDS[end](store)
    before = store.jobs.find(job.id)

    assert not store.jobs.cancel(job.id, now=after(9))
    assert store.jobs.find(job.id) == before


def test_rows_are_kept_whole(store: Store) -> None:
    job = ready(store, 1, rows=4)
    odd = 'a\0b "\ud800" \ud83d\ude00 😀 é'
    rows = [
        Row(1, "https://example.com/1", SUCCEEDED, after(1), record_id=target(1).id),
        Row(2, odd, FAILED, after(2), code="dns_failure", detail=odd),
        Row(3, "x" * LONGEST_INPUT, REJECTED, after(3), code="invalid_url", detail="No."),
        Row(4, "", REJECTED, after(4), record_id="odd", code=odd),
    ]
    advance(store, claim(store), rows)

    assert store.jobs.rows(job.id, None, limit=9, after=0) == rows


@pytest.mark.parametrize("outcome", [None, *RowOutcome])
@pytest.mark.parametrize("limit", [1, 3, 4, 100])
def test_rows_are_listed_by_number_in_pages_of_any_size(store: Store, outcome: RowOutcome | None, limit: int) -> None:
    job, other = ready(store, 2, rows=6), ready(store, 2, rows=6)
    kinds = [SUCCEEDED, FAILED, REJECTED, SUCCEEDED]
    expected = []
    for owned in [claim(store) for _ in range(4)]:
        numbers = [number for number in range(owned.first_row, owned.last_row + 1) if number != 5]
        rows = [row(number, kinds[number % 4]) for number in reversed(numbers)]
        advance(store, owned, rows)
        expected += rows if owned.job_id == job.id else []
    expected = [each for each in sorted(expected, key=lambda each: each.row) if outcome in (None, each.outcome)]

    listed: list[Row] = []
    while page := store.jobs.rows(job.id, outcome, limit=limit, after=listed[-1].row if listed else 0):
        assert len(page) <= limit
        listed += page

    assert listed == expected
    assert store.jobs.rows(other.id, outcome, limit=100, after=10**30) == []


def gone(store: Store, job: Job) -> bool:
    return store.jobs.find(job.id) is None and not outcomes(store, job) and not store.jobs.existing([job.id])


def test_what_finished_before_an_instant_is_retired_and_nothing_else(store: Store) -> None:
    old = complete(store)
    dropped = ready(store, 2)
    advance(store, claim(store), [row(1)])
    store.jobs.cancel(dropped.id, now=after(1))
    recent = complete(store)
    running = ready(store, 1)
    queued = create(store)
    store.jobs.cancel(recent.id, now=NOW)

    assert set(store.jobs.retire(before=after(2), limit=100)) == {dropped.id}
    assert set(store.jobs.retire(before=after(3), limit=100)) == {old.id, recent.id}
    assert store.jobs.retire(before=after(999), limit=100) == []

    assert [gone(store, job) for job in (old, dropped, recent, running, queued)] == [True, True, True, False, False]
    assert {claim(store).job_id for _ in range(2)} == {running.id, queued.id}


def test_a_big_job_is_retired_in_steps_in_which_it_can_still_be_found(store: Store) -> None:
    job = complete(store, 4)
    steps = 0
    while not (ids := store.jobs.retire(before=after(99), limit=5)):
        steps += 1
        assert found(store, job) == job, "its counts are what they were"
        assert len(outcomes(store, job)) == max(0, 12 - 5 * steps)

    assert ids == [job.id]
    assert 2 <= steps <= 4
    assert gone(store, job)


def test_many_jobs_are_retired_in_one_step_if_they_are_small(store: Store) -> None:
    jobs = [create(store) for _ in range(5)]
    for job in jobs:
        store.jobs.cancel(job.id, now=NOW)

    retired: list[str] = []
    for _ in range(6):
        some = store.jobs.retire(before=after(1), limit=2)
        assert len(some) <= 2
        retired += some

    assert set(retired) == {job.id for job in jobs}
    assert len(retired) == 5


def test_a_retired_key_may_be_used_again(store: Store) -> None:
    job = complete(store, idempotency_key="key")
    store.jobs.retire(before=after(99), limit=100)

    assert create(store, idempotency_key="key").id != job.id


def test_counts_never_go_down(store: Store) -> None:
    job = ready(store, 2)
    seen = [found(store, job).counts]
    first = claim(store)
    steps: list[Callable[[], object]] = [
        lambda: advance(store, first, [row(1)], implicit_successes=1),
        lambda: advance(store, claim(store, now=OVER), [row(2, FAILED)], implicit_successes=1),
        lambda: advance(store, first, [row(3)], implicit_successes=9),
        lambda: advance(store, claim(store, now=OVER), [row(3)], implicit_successes=1),
        lambda: store.jobs.finish(claim(store, now=OVER)),
        lambda: store.jobs.cancel(job.id, now=OVER),
        lambda: store.jobs.cancel(job.id, now=OVER),
    ]
    for step in steps:
        step()
        seen.append(found(store, job).counts)

    for before, now in pairwise(seen):
        assert before.succeeded <= now.succeeded
        assert before.failed <= now.failed
        assert before.bytes_read <= now.bytes_read
    assert seen[-1] == Counts(3, 1, 0, 100)
    assert counted(store, job) == (3, 1, 0)
