"""The orders by which the MongoDB store keeps the counts of jobs right without transactions, and what heals a death."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest

from inventory.jobs.model import Batch, Job, JobStatus, Row, RowOutcome
from inventory.store.mongo import MongoStore, counts, job_documents
from inventory.store.mongo.batches import holds, renew
from inventory.store.mongo.upserts import insert_new
from tests.contract.actions import LEASE, NOW, after
from tests.contract.backends import MongoBackend
from tests.contract.job_actions import (
    FAILED,
    OVER,
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
    ready,
    row,
)
from tests.contract.orders import Documents, Step, merges, run


@pytest.fixture
def store(mongo: MongoBackend) -> Iterator[MongoStore]:
    with closing(mongo.open()) as store:
        yield store


def recounted(store: MongoStore, job: Job) -> tuple[int, int, int]:
    found = Counter(outcomes(store, job).values())
    succeeded, failed, rejected = (found[outcome] for outcome in RowOutcome)
    return succeeded, failed, rejected


def advancing(documents: Documents, owned: Callable[[], Batch], rows: Sequence[Row]) -> list[Step]:
    """The steps of `advance`, as it takes them."""
    state: dict[str, object] = {}

    def see() -> None:
        state["holds"] = holds(documents, owned())

    def if_held(step: Callable[[], object]) -> Step:
        return lambda: step() if state["holds"] else None

    def write() -> None:
        insert_new(documents["outcomes"], [job_documents.new_outcome(owned().job_id, each) for each in rows])

    def count() -> None:
        state["counts"] = counts.count(documents, owned().job_id, owned().first_row, owned().last_row, 0)

    def keep() -> None:
        renew(documents, owned(), dict(state["counts"]), UNTIL)

    return [see, if_held(write), if_held(count), if_held(keep)]


def cancelling(documents: Documents, job: Job) -> list[Step]:
    """The steps of `cancel`, as it takes them."""
    ended = {"status": "cancelled", "finished_at": NOW, job_documents.DEDUP_KEY: job.id, **counts.RELEASED}
    return [
        lambda: documents["jobs"].update_one({"_id": job.id}, {"$set": ended}),
        lambda: counts.release_all(documents, job.id),
        lambda: counts.recount(documents, job.id),
        lambda: counts.keep_sums(documents, job.id),
    ]


@pytest.mark.parametrize("order", merges(4, 4))
def test_a_cancelled_job_counts_the_rows_that_a_worker_wrote_meanwhile_whenever_that_was(
    store: MongoStore, documents: Documents, order: str
) -> None:
    job = ready(store, 1)
    owned = claim(store)

    run(order, advancing(documents, lambda: owned, [row(1), row(2, FAILED)]), cancelling(documents, job))

    assert found(store, job).status is JobStatus.CANCELLED
    assert counted(store, job) == recounted(store, job) in [(0, 0, 0), (1, 1, 0)]
    assert advance(store, owned, [row(3)]) is None
    assert store.jobs.claim(now=after(9999), lease_for=LEASE) is None


@pytest.mark.parametrize("order", merges(4, 5)[::4])
def test_a_worker_and_the_one_that_overtakes_it_are_both_counted_once(
    store: MongoStore, documents: Documents, order: str
) -> None:
    job = ready(store, 1)
    first = claim(store)
    second: list[Batch] = []
    overtaking = [
        lambda: second.append(store.jobs.claim(now=OVER, lease_for=LEASE)[1]),
        *advancing(documents, lambda: second[0], [row(1), row(2), row(3)]),
    ]
    # The first one's renewal ends when the second one comes, or it would have nothing to take.
    run(order, advancing(documents, lambda: first, [row(1), row(2, FAILED)]), overtaking)

    advance(store, second[0], [row(1, FAILED), row(3)])
    assert store.jobs.finish(second[0])
    assert store.jobs.complete(now=OVER, limit=9) == [job.id]
    assert set(outcomes(store, job)) == {1, 2, 3}
    assert counted(store, job) == recounted(store, job)


def test_what_a_worker_wrote_before_it_died_is_counted_by_the_next_one(store: MongoStore, documents: Documents) -> None:
    job = ready(store, 1)
    owned = claim(store)
    for step in advancing(documents, lambda: owned, [row(1), row(2, FAILED)])[:2]:
        step()
    assert counted(store, job) == (0, 0, 0)

    again = claim(store, now=OVER)
    assert store.jobs.finished_rows(again) == {1, 2}
    advance(store, again, [row(3)])

    assert counted(store, job) == recounted(store, job) == (2, 1, 0)


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("healer", ["complete", "claim", "a worker", "retire"])
def test_a_cancellation_that_died_on_the_way_holds_and_is_made_good(
    store: MongoStore, documents: Documents, steps: int, healer: str
) -> None:
    job = ready(store, 2)
    owned = claim(store)
    writing = advancing(documents, lambda: owned, [row(1)])
    for step in [*writing[:2], *cancelling(documents, job)[:steps]]:
        step()

    assert found(store, job).status is JobStatus.CANCELLED
    assert advance(store, owned, [row(2)]) is None
    assert not store.jobs.finish(owned)
    assert not store.jobs.release(owned, due_at=NOW)
    assert not store.jobs.cancel(job.id, now=NOW)
    if healer == "claim":
        assert store.jobs.claim(now=OVER, lease_for=LEASE) is None
    elif healer == "a worker":
        for step in writing[2:]:
            step()
    elif healer == "retire":
        assert store.jobs.retire(before=after(1), limit=1) == []
        assert found(store, job).counts.succeeded == 1
        return

    assert store.jobs.complete(now=NOW, limit=9) == []
    assert counted(store, job) == recounted(store, job) == (1, 0, 0)
    assert documents["jobs"].count_documents({"counted": False}) == 0
    assert store.jobs.due(now=after(9999), limit=9) == []


def test_batches_that_were_cut_too_late_are_let_go_by_who_claims_them(store: MongoStore, documents: Documents) -> None:
    job = create(store)
    claim(store)
    store.jobs.cancel(job.id, now=NOW)
    insert_new(documents["batches"], [job_documents.new_batch(job.id, each, NOW) for each in new_batches(3)])

    assert store.jobs.claim(now=NOW, lease_for=LEASE) is None
    assert store.jobs.due(now=after(9999), limit=9) == []


def test_batches_of_a_job_that_is_gone_are_removed_by_who_claims_them(store: MongoStore, documents: Documents) -> None:
    job = complete(store)
    store.jobs.retire(before=after(9), limit=99)
    insert_new(documents["batches"], [job_documents.new_batch(job.id, each, NOW) for each in new_batches(3)])
    other = ready(store, 1)

    assert claim(store).job_id == other.id
    assert store.jobs.claim(now=NOW, lease_for=LEASE) is None
    assert documents["batches"].count_documents({"job_id": job.id}) == 0


def test_a_reading_that_died_after_it_cut_cuts_the_same_again(store: MongoStore, documents: Documents) -> None:
    job = create(store)
    claim(store)
    insert_new(documents["batches"], [job_documents.new_batch(job.id, each, NOW) for each in new_batches(2)])
    owned = claim(store)
    assert owned.number == 1
    advance(store, owned, [row(1)])

    reading = claim(store, now=OVER)
    assert store.jobs.add_batches(reading, new_batches(3), checkpoint="3", until=after(99)) is not None

    assert counted(store, job) == (1, 0, 0)
    assert outcomes(store, job) == {1: SUCCEEDED}
    assert documents["batches"].count_documents({}) == 3
