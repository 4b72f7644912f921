"""What the scheduler does for jobs: it wakes workers, ends jobs, and removes what nobody needs any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest

from inventory.clock import utc_now
from inventory.config import Settings
from inventory.jobs import retention
from inventory.jobs.chunks import CHUNKS, UPLOADS, upload_name
from inventory.jobs.claimed_batch import LEASE
from inventory.jobs.model import JobStatus
from inventory.notifier import MAX_WAITING
from inventory.services import Services
from tests.conftest import Build
from tests.jobs.actions import Worker, found, import_urls, pages, rows_of, small_batches, upload
from workers import scheduler

LONG_AGO = timedelta(days=40)


@pytest.fixture
def services(make_services: Build) -> Services:
    return make_services(clock=utc_now)


def waiting(redis: fakeredis.FakeRedis) -> int:
    return redis.llen("rq:queue:jobs")


def import_rejected(services: Services, rows: int) -> str:
    """A job that needs no collecting."""
    return upload(services, b"url\n" + b"none\n" * rows, name="urls.csv", column="url")


def done_but_not_ended(services: Services) -> str:
    """A job whose last worker died after its last row."""
    job_id = import_rejected(services, 1)
    jobs = services.store.jobs
    runner = services.job_runner()
    for _ in range(2):
        batch = runner.claim()
        assert batch is not None
        while batch.step(services.jobs.clock()):
            continue
    assert found(services, job_id).status is JobStatus.RUNNING
    assert jobs.due(now=utc_now(), limit=1) == [job_id]
    return job_id


def names(services: Services, folder: str) -> list[str]:
    return list(services.files.names(folder, limit=1_000))


def test_it_wakes_workers_for_jobs_whose_rq_job_was_lost(services: Services, redis: fakeredis.FakeRedis) -> None:
    for _ in range(3):
        import_urls(services, pages(3))

    assert scheduler.round_(services) == 3
    assert waiting(redis) == 3
    for _ in range(5):
        scheduler.round_(services)
    assert waiting(redis) == MAX_WAITING


def test_it_wakes_no_worker_while_one_has_the_batch_and_one_when_the_lease_is_over(
    services: Services, redis: fakeredis.FakeRedis
) -> None:
    import_urls(services, pages(3))
    claimed = services.store.jobs.claim(now=utc_now(), lease_for=LEASE)
    assert claimed is not None
    assert scheduler.round_(services) == 0

    services.store.jobs.release(claimed[1], due_at=utc_now())

    assert scheduler.round_(services) == 1


def test_it_ends_a_job_whose_last_worker_died_before(services: Services) -> None:
    job_id = done_but_not_ended(services)

    assert scheduler.round_(services) == 0
    assert found(services, job_id).status is JobStatus.COMPLETED


class TestOldJobs:
    @pytest.fixture
    def services(self, make_services: Build, settings: Settings) -> Services:
        return make_services(replace(settings, keep_jobs_for=0), clock=utc_now)

    def test_their_rows_go_in_steps_and_then_the_job_and_its_file(self, services: Services) -> None:
        old, new = import_rejected(services, 40), import_urls(services, pages(3))
        new_runner = small_batches(services)
        worker = Worker(services, new_runner)
        while not found(services, old).status.finished:
            worker.round()
        worker.collect()
        later = utc_now() + timedelta(seconds=1)

        gone = [retention.retire_jobs(services.store.jobs, services.files, before=later, limit=10) for _ in range(3)]

        assert gone == [0, 0, 0]
        assert len(rows_of(services, old)) < 40
        for _ in range(10):
            retention.retire_jobs(services.store.jobs, services.files, before=later, limit=10)
        assert services.store.jobs.find(old) is None
        assert rows_of(services, old) == []
        assert upload_name(old) not in names(services, UPLOADS)
        assert upload_name(new) in names(services, UPLOADS)

    def test_the_scheduler_removes_them(self, services: Services) -> None:
        job_id = done_but_not_ended(services)
        scheduler.round_(services)
        sweep = scheduler.Sweep()
        ended_at = found(services, job_id).finished_at
        assert ended_at is not None
        while utc_now() <= ended_at:
            continue

        scheduler.retain(services, sweep)

        assert services.store.jobs.find(job_id) is None
        assert names(services, UPLOADS) == []


class TestFiles:
    def test_chunks_are_removed_soon_after_the_end_of_their_job_and_not_before(self, services: Services) -> None:
        new_runner = small_batches(services)
        ended, cancelled, running = (import_urls(services, pages(100, first=n * 100)) for n in range(3))
        worker = Worker(services, new_runner)
        worker.round()
        services.store.jobs.cancel(cancelled, now=utc_now())
        services.store.jobs.cancel(ended, now=utc_now())
        while found(services, running).total is None:
            worker.round()
        before = names(services, CHUNKS)
        assert {name.split("/")[1] for name in before} >= {running}

        scheduler.retain(services, scheduler.Sweep())

        assert {name.split("/")[1] for name in names(services, CHUNKS)} == {running}
        assert len(names(services, CHUNKS)) == 10
        assert len(names(services, UPLOADS)) == 3, "what was uploaded stays as long as the job"

    def test_many_chunks_are_swept_in_steps(self, services: Services) -> None:
        for n in range(25):
            services.files.put(f"{CHUNKS}/{n % 2:032x}/{n:06d}", b"")
        position, steps = "", 0
        while steps == 0 or position:
            position = retention.sweep_chunks(services.store.jobs, services.files, after=position, limit=10)
            steps += 1

        assert steps == 3
        assert names(services, CHUNKS) == []

    def test_an_old_upload_without_a_job_is_swept_and_no_other(self, services: Services) -> None:
        job_id = import_urls(services, pages(3))
        services.files.put(upload_name("a" * 32), b"whose API died")
        jobs, files = services.store.jobs, services.files

        assert retention.sweep_uploads(jobs, files, before=utc_now() - timedelta(hours=1), after="", limit=9) == ""
        assert len(names(services, UPLOADS)) == 2, "one may still be becoming a job"

        retention.sweep_uploads(jobs, files, before=utc_now() + timedelta(hours=1), after="", limit=9)
        assert names(services, UPLOADS) == [upload_name(job_id)]

    def test_files_are_looked_at_once_a_minute_when_there_is_nothing_to_do(self, services: Services) -> None:
        sweep = scheduler.Sweep()
        scheduler.retain(services, sweep)
        services.files.put(f"{CHUNKS}/{'b' * 32}/000001", b"")

        scheduler.retain(services, sweep)

        assert len(names(services, CHUNKS)) == 1
        assert sweep.files_at is not None
        sweep.files_at -= scheduler.SWEEP_FILES_EVERY
        scheduler.retain(services, sweep)
        assert names(services, CHUNKS) == []
