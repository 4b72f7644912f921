"""A job is created once, with the reading of its file as its first batch, and is listed and found from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from inventory.jobs.model import SPLITTING, Batch, Counts, Job, JobStatus
from inventory.listing import Key
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, after
from tests.contract.job_actions import claim, complete, create, found, job, ready

NOBODY = "0" * 32


def test_a_created_job_is_queued_and_its_reading_is_due_at_once(store: Store) -> None:
    wanted = job(options={"column": "url", "fresh_for": 60}, idempotency_key="once")

    assert store.jobs.create(wanted) == wanted == found(store, wanted)
    assert (wanted.status, wanted.total, wanted.counts) == (JobStatus.QUEUED, None, Counts())
    assert store.jobs.due(now=NOW, limit=9) == [wanted.id]
    reading = claim(store)
    lease = reading.lease
    assert reading == Batch(wanted.id, SPLITTING, 0, 0, 0, 0, NOW + LEASE, lease, fence=1, attempt=1)


def test_texts_from_outside_are_kept_to_every_character(store: Store) -> None:
    odd = 'a\0b "\ud800" \ud83d\ude00 😀 \\ $x.y é'
    wanted = job(file_name=odd, options={"column": odd, "$where": {"x.y": [1, 2.5, None, True]}}, idempotency_key=odd)

    assert store.jobs.create(wanted) == wanted == found(store, wanted)
    assert store.jobs.create(job(idempotency_key=odd)).id == wanted.id


def test_a_job_may_have_no_file(store: Store) -> None:
    wanted = Job(NOBODY, "products", NOW)

    assert store.jobs.create(wanted) == wanted == found(store, wanted)
    assert store.jobs.create(replace(wanted, id="1" * 32)) == wanted, "one at a time of each kind"


def test_instants_are_cut_to_milliseconds(store: Store) -> None:
    created = store.jobs.create(job(now=NOW + timedelta(microseconds=999)))

    assert created.created_at == NOW
    assert found(store, created) == created


def test_a_file_may_be_larger_than_four_gigabytes(store: Store) -> None:
    assert create(store, file_size=2**40).file_size == 2**40


def test_the_same_call_again_changes_nothing(store: Store) -> None:
    wanted = create(store)

    assert store.jobs.create(wanted) == wanted
    claim(store)
    assert store.jobs.create(wanted).status is JobStatus.RUNNING
    assert store.jobs.claim(now=NOW, lease_for=LEASE) is None, "there is still one reading"


def test_the_same_call_again_gives_the_job_back_even_when_it_has_finished(store: Store) -> None:
    finished = complete(store)

    assert store.jobs.create(replace(finished, status=JobStatus.QUEUED)) == finished


def test_of_two_with_one_idempotency_key_the_first_comes_back_whatever_its_status(store: Store) -> None:
    first = create(store, idempotency_key="key")

    assert store.jobs.create(job(idempotency_key="key")) == first
    store.jobs.cancel(first.id, now=NOW)
    assert store.jobs.create(job(idempotency_key="key")).id == first.id
    assert create(store, idempotency_key="other").id != first.id
    assert len(store.jobs.listing(None, limit=9, after=None)) == 2


def test_an_unfinished_job_that_would_do_the_same_comes_back(store: Store) -> None:
    first = create(store, sha256="a" * 64, options={"column": "url"})
    like = {"sha256": "a" * 64, "options": {"column": "url"}}

    assert store.jobs.create(job(**like)) == first
    claim(store)
    assert store.jobs.create(job(**like)).id == first.id
    assert store.jobs.create(job(sha256="a" * 64, options={"column": "other"})).id != first.id
    assert store.jobs.create(replace(job(**like), kind="events")).id != first.id


@pytest.mark.parametrize("end", ["completed", "cancelled"])
def test_a_finished_job_can_be_done_again(store: Store, end: str) -> None:
    if end == "completed":
        first = complete(store, sha256="a" * 64)
    else:
        first = create(store, sha256="a" * 64)
        store.jobs.cancel(first.id, now=NOW)

    assert create(store, sha256="a" * 64, now=after(9)).id != first.id
    assert found(store, first).status == end


def test_a_key_that_a_finished_job_has_beats_the_likeness_of_an_unfinished_one(store: Store) -> None:
    keyed = complete(store, idempotency_key="key")
    create(store, sha256="a" * 64)

    assert store.jobs.create(job(idempotency_key="key", sha256="a" * 64)) == keyed


def test_what_is_no_job_is_not_found(store: Store) -> None:
    create(store)

    for name in (NOBODY, "", "no such job", "x" * 32, "é" * 16, "a" * 31, "\0"):
        assert store.jobs.find(name) is None
        assert store.jobs.rows(name, None, limit=9, after=0) == []
        assert not store.jobs.cancel(name, now=NOW)


def test_an_id_in_capitals_is_another_one(store: Store) -> None:
    wanted = replace(job(), id="abcdef" * 5 + "ab")
    store.jobs.create(wanted)

    assert store.jobs.find(wanted.id.upper()) is None


def test_existing_are_those_of_the_ids_that_a_job_has(store: Store) -> None:
    first, second = create(store), create(store)

    assert store.jobs.existing([first.id, NOBODY, second.id, "no id"]) == {first.id, second.id}
    assert store.jobs.existing([]) == frozenset()


def listed(store: Store, status: JobStatus | None, limit: int) -> list[Job]:
    """All pages, one after the other."""
    jobs: list[Job] = []
    position: Key | None = None
    while page := store.jobs.listing(status, limit=limit, after=position):
        assert len(page) <= limit
        jobs += page
        position = (page[-1].created_at, page[-1].id)
    return jobs


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_jobs_are_listed_newest_first_in_pages_of_any_size(store: Store, limit: int) -> None:
    jobs = [create(store, now=after(n // 3)) for n in range(7)]

    newest = sorted(jobs, key=lambda each: (each.created_at, each.id), reverse=True)
    assert listed(store, None, limit) == listed(store, JobStatus.QUEUED, limit) == newest


def test_a_listing_by_status_shows_those_that_have_it_with_their_counts(store: Store) -> None:
    done = complete(store)
    cancelled = ready(store, now=after(10))
    store.jobs.cancel(cancelled.id, now=after(10))
    running = ready(store, now=after(20))
    queued = create(store, now=after(30))

    by_status = {status: listed(store, status, 2) for status in JobStatus}

    assert by_status == {
        JobStatus.QUEUED: [queued],
        JobStatus.RUNNING: [found(store, running)],
        JobStatus.COMPLETED: [done],
        JobStatus.FAILED: [],
        JobStatus.CANCELLED: [found(store, cancelled)],
    }
    assert done.counts == Counts(6, 0, 0, 200)
    assert listed(store, None, 3) == [queued, found(store, running), found(store, cancelled), done]
