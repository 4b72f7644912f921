"""Many at once on the same jobs, in threads and in programs: one job, one claim, one outcome for each row, exact counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from inventory.events.model import EventFilter
from inventory.jobs.model import Job, JobStatus, RowOutcome
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, after, target
from tests.contract.backends import Backend
from tests.contract.event_actions import event
from tests.contract.job_actions import FAILED, OVER, advance, claim, counted, create, found, job, outcomes, ready, row, work
from tests.contract.meeting import at_once, program, programs_at_once, set_off


@pytest.fixture
def store(shared: Backend) -> Iterator[Store]:
    """A store that threads and programs share."""
    with closing(shared.open()) as store:
        yield store


def recounted(store: Store, wanted: Job) -> tuple[int, int, int]:
    """What the counts should be: those of the rows that have an outcome."""
    counts = Counter(outcomes(store, wanted).values())
    succeeded, failed, rejected = (counts[outcome] for outcome in RowOutcome)
    return succeeded, failed, rejected


@pytest.mark.parametrize("same", [{"idempotency_key": "key"}, {"sha256": "a" * 64}])
def test_of_many_simultaneous_creations_of_one_job_the_first_wins(store: Store, same: dict[str, str]) -> None:
    created = at_once(12, lambda _: store.jobs.create(job(**same)))

    assert len({each.id for each in created}) == 1
    assert store.jobs.listing(None, limit=99, after=None) == [created[0]]
    claim(store)
    assert store.jobs.claim(now=NOW, lease_for=LEASE) is None


def test_programs_that_create_the_same_jobs_at_once_get_the_same_ones(shared: Backend, store: Store) -> None:
    first, second = programs_at_once(shared.url, [["create_jobs", "12"]] * 2)

    assert first == second
    assert {each.id for each in store.jobs.listing(None, limit=99, after=None)} == set(first)
    assert len(set(first)) == 12


def test_of_two_programs_that_cancel_and_create_the_same_job_each_gets_a_true_answer(store: Store) -> None:
    for n in range(8):
        like = {"sha256": f"{n:064d}"}
        first = create(store, **like)
        cancelled, second = at_once(2, lambda turn, first=first, like=like: (cancel, create_like)[turn](store, first, like))
        assert cancelled
        assert second.id == first.id or found(store, second).status is JobStatus.QUEUED
        assert found(store, first).status is JobStatus.CANCELLED


def cancel(store: Store, wanted: Job, _: object) -> bool:
    return store.jobs.cancel(wanted.id, now=NOW)


def create_like(store: Store, _: Job, like: dict[str, str]) -> Job:
    return store.jobs.create(job(**like))


def test_no_batch_is_claimed_twice_by_workers_that_claim_at_once(store: Store) -> None:
    jobs = [ready(store, 6) for _ in range(3)]

    def take(_: int) -> list[tuple[str, int]]:
        mine = []
        while owned := store.jobs.claim(now=NOW, lease_for=LEASE):
            mine.append((owned[1].job_id, owned[1].number))
        return mine

    claimed = [each for mine in at_once(4, take) for each in mine]

    assert sorted(claimed) == sorted((each.id, number) for each in jobs for number in range(1, 7))


def test_no_batch_is_claimed_twice_by_programs_that_claim_at_once(shared: Backend, store: Store) -> None:
    jobs = [ready(store, 6) for _ in range(2)]

    lines = [line for lines in programs_at_once(shared.url, [["claim_batches"]] * 2) for line in lines]

    assert sorted(lines) == sorted(f"{each.id} {number}" for each in jobs for number in range(1, 7))


def test_a_queued_job_that_many_claim_is_started_once(store: Store) -> None:
    wanted = create(store)

    claims = at_once(8, lambda n: store.jobs.claim(now=after(n), lease_for=LEASE))

    started = [each[0].started_at for each in claims if each is not None]
    assert started == [found(store, wanted).started_at]


def test_of_many_that_complete_at_once_each_job_is_completed_by_one(store: Store) -> None:
    jobs = [create(store) for _ in range(6)]
    for _ in jobs:
        store.jobs.finish(claim(store), total=0)

    completed = at_once(4, lambda _: list(store.jobs.complete(now=NOW, limit=9)))

    assert sorted(each for mine in completed for each in mine) == sorted(each.id for each in jobs)


def test_of_many_that_cancel_at_once_one_did(store: Store) -> None:
    wanted = ready(store, 3)

    assert sum(at_once(8, lambda _: store.jobs.cancel(wanted.id, now=NOW))) == 1


def test_the_counts_of_a_job_that_is_cancelled_while_it_is_worked_on_are_those_of_its_rows(store: Store) -> None:
    for _ in range(6):
        wanted = ready(store, 3, rows=4)
        claims = [claim(store) for _ in range(3)]

        def act(n: int, wanted: Job = wanted, claims=claims) -> None:
            if n == 3:
                store.jobs.cancel(wanted.id, now=NOW)
                return
            owned = claims[n]
            for number in range(owned.first_row, owned.last_row + 1):
                advance(store, owned, [row(number, list(RowOutcome)[number % 3])])
            store.jobs.finish(owned)

        at_once(4, act)

        assert found(store, wanted).status is JobStatus.CANCELLED
        assert counted(store, wanted) == recounted(store, wanted)
        assert store.jobs.claim(now=after(9999), lease_for=LEASE) is None


def test_of_two_workers_on_one_batch_the_later_one_counts_what_both_wrote_once(store: Store) -> None:
    for _ in range(6):
        wanted = ready(store, 1, rows=6)
        first = claim(store)
        second = claim(store, now=OVER)

        def act(n: int, first=first, second=second) -> None:
            for number in range(1, 7):
                advance(store, (first, second)[n], [row(number)] if n else [row(number, FAILED)])

        at_once(2, act)

        assert counted(store, wanted) == recounted(store, wanted) == (6, 0, 0)
        assert store.jobs.finish(second)


def test_events_that_many_add_at_once_are_kept_once(store: Store) -> None:
    at_once(4, lambda n: store.events.add([event(line) for line in range(n * 20, n * 20 + 60)]))

    assert store.events.stats(EventFilter(), hours=1).total == 120


def test_targets_that_many_jobs_accept_at_once_are_each_accepted_by_one(store: Store) -> None:
    wanted = [(target(n), None) for n in range(40)]

    acceptances = at_once(4, lambda n: store.records.accept_all(wanted[n * 5 :] + wanted[: n * 5], now=NOW))

    accepted = Counter(each.record.id for mine in acceptances for each in mine if each.accepted)
    assert accepted == Counter(target(n).id for n in range(40))


def test_what_a_killed_worker_wrote_counts_once_and_the_next_one_goes_on_after_it(shared: Backend, store: Store) -> None:
    wanted = create(store)
    for last in (15, 35):
        with program(shared.url, "work", f"{last}") as worker:
            set_off(worker)
            assert worker.stdout is not None
            acknowledged = [int(worker.stdout.readline()) for _ in range(6)]
            worker.kill()
            acknowledged += [int(line) for line in worker.stdout.read().splitlines()]
        assert set(acknowledged) <= set(outcomes(store, wanted))
        assert found(store, wanted).status is JobStatus.RUNNING

    while owned := store.jobs.claim(now=OVER, lease_for=LEASE):
        batch = owned[1]
        left = set(range(batch.first_row, batch.last_row + 1)) - store.jobs.finished_rows(batch)
        assert advance(store, batch, [row(number, list(RowOutcome)[number % 3]) for number in sorted(left)]) is not None
        assert store.jobs.finish(batch)

    assert store.jobs.complete(now=OVER, limit=9) == [wanted.id]
    ended = found(store, wanted)
    assert (ended.status, ended.total, ended.counts.processed) == (JobStatus.COMPLETED, 40, 40)
    assert counted(store, wanted) == recounted(store, wanted) == (13, 14, 13)
    assert [each.row for each in store.jobs.rows(wanted.id, None, limit=99, after=0)] == list(range(1, 41))
    assert ended.counts.bytes_read == 400


def test_a_job_that_is_worked_on_while_others_look_is_never_seen_to_go_back(store: Store) -> None:
    wanted = ready(store, 4, rows=5)

    def act(n: int) -> bool:
        if n:
            while owned := store.jobs.claim(now=NOW, lease_for=LEASE):
                work(store, owned[1])
            return True
        processed = [0]
        while processed[-1] < 20:
            processed.append(found(store, wanted).counts.processed)
        return processed == sorted(processed)

    assert all(at_once(3, act))
