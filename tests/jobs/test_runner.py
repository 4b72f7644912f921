"""Jobs of URLs on a real store: each row ends once, whichever workers die and whatever is away."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from inventory.config import Settings
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.files import Files
from inventory.jobs.chunks import FILE_LOST, chunk_name, upload_name
from inventory.jobs.claimed_batch import LEASE, MAX_CLAIMS, RENEW_AFTER
from inventory.jobs.job_type import BatchTask
from inventory.jobs.model import Batch, InputRow, Job, JobStatus, RowOutcome
from inventory.jobs.runner import complete_jobs
from inventory.records.model import State
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing
from tests.jobs.actions import (
    HOST,
    Worker,
    counted,
    found,
    import_urls,
    pages,
    rows_of,
    small_batches,
    upload,
    work_to_the_end,
)

LEASE_OVER = LEASE.total_seconds() + 1


def test_each_row_has_the_outcome_that_its_lookup_comes_to(services: Services, web: FakeWeb, clock: FakeClock) -> None:
    web.pages[f"{HOST}/dead"] = SourceFailure("dns_failure", "no such host", permanent=True)
    job_id = import_urls(services, [f"{HOST}/a", "ftp://example.test/", f"{HOST}/dead", "no url", f"{HOST}/a#again"])

    job = work_to_the_end(services, clock, job_id)

    assert job.status is JobStatus.COMPLETED
    assert (job.total, job.counts.processed, job.counts.bytes_read) == (5, 5, job.file_size)
    assert [(row.row, row.outcome.value, row.code) for row in rows_of(services, job_id)] == [
        (1, "succeeded", None),
        (2, "rejected", "unsupported_scheme"),
        (3, "failed", "dns_failure"),
        (4, "rejected", "invalid_url"),
        (5, "succeeded", None),
    ]
    record_id = services.sources["webpage"].target(f"{HOST}/a").id
    assert [row.record_id for row in rows_of(services, job_id) if row.record_id == record_id] == [record_id] * 2
    assert rows_of(services, job_id)[2].detail == "no such host"
    assert counted(services, job_id) == job.counts


def test_a_url_that_is_in_a_file_a_thousand_times_is_collected_once(
    services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    job_id = import_urls(services, [f"{HOST}/same"] * 1_000 + [f"{HOST}/other", *[f"{HOST}/same"] * 1_000])

    job = work_to_the_end(services, clock, job_id)

    assert job.counts.succeeded == 2_001
    assert set(web.asked.values()) == {1}


def test_what_is_known_and_fresh_is_not_collected_again(services: Services, web: FakeWeb, clock: FakeClock) -> None:
    work_to_the_end(services, clock, import_urls(services, pages(5)))
    clock.forward(3_600)

    job = work_to_the_end(services, clock, import_urls(services, pages(7)))

    assert job.counts.succeeded == 7
    assert set(web.asked.values()) == {1}

    job = work_to_the_end(services, clock, import_urls(services, pages(5), fresh_for=60))

    assert job.counts.succeeded == 5
    assert sorted(web.asked.values()) == [1, 1, 2, 2, 2, 2, 2]


def test_what_failed_before_the_job_is_tried_again_by_it(services: Services, web: FakeWeb, clock: FakeClock) -> None:
    web.pages[f"{HOST}/0"] = SourceFailure("dns_failure", "no such host", permanent=True)
    assert work_to_the_end(services, clock, import_urls(services, pages(1))).counts.failed == 1
    del web.pages[f"{HOST}/0"]
    clock.forward(1)

    assert work_to_the_end(services, clock, import_urls(services, pages(1))).counts.succeeded == 1


def test_a_file_of_nothing_but_rejected_rows_is_completed(services: Services, clock: FakeClock) -> None:
    job = work_to_the_end(services, clock, upload(services, b"url\nx\ny\n", name="x.csv", column="url"))

    assert (job.status, job.counts.rejected) == (JobStatus.COMPLETED, 2)


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_exact_and_each_row_is_there_once_whenever_workers_die(
    services: Services, web: FakeWeb, clock: FakeClock, seed: int
) -> None:
    rng = random.Random(seed)
    new_runner = small_batches(services)
    for n in range(0, 60, 7):
        web.pages[f"{HOST}/{n}"] = SourceFailure("timeout", "slow", permanent=rng.random() < 0.5)
    urls = [rng.choice([*pages(60), "no url"]) for _ in range(250)]
    job_id = import_urls(services, urls)

    workers = [Worker(services, new_runner) for _ in range(3)]
    for _ in range(3_000):
        number = rng.randrange(3)
        rng.choice([workers[number].round, workers[number].round, workers[number].collect])()
        if rng.random() < 0.1:
            workers[number] = Worker(services, new_runner)
        clock.forward(rng.choice([0, 0.1, 1, 9]))
        if found(services, job_id).status.finished:
            break

    job = found(services, job_id)
    assert (job.status, job.total, job.counts.processed) == (JobStatus.COMPLETED, 250, 250)
    assert counted(services, job_id) == job.counts
    assert [row.row for row in rows_of(services, job_id)] == list(range(1, 251))
    assert job.counts.rejected == urls.count("no url")
    assert {web.asked[url] for url in set(urls) if url not in web.pages} - {0} <= {1}


def test_a_reader_that_died_is_followed_by_one_that_writes_only_what_follows_its_checkpoint(
    services: Services, clock: FakeClock
) -> None:
    written = Counter[str]()

    class Watched(Files):
        def put(self, name: str, content: bytes, *, durable: bool = True) -> None:
            written[name] += 1
            super().put(name, content, durable=durable)

    new_runner = small_batches(services, files=Watched(services.settings.files))
    job_id = import_urls(services, pages(200))
    Worker(services, new_runner).round()
    begun = dict(written)
    clock.forward(LEASE_OVER)

    work_to_the_end(services, clock, job_id, new_runner)

    assert 0 < len(begun) < 20
    assert len(written) == 20
    assert set(written.values()) == {1}


def test_two_workers_share_a_job(services: Services, clock: FakeClock) -> None:
    new_runner = small_batches(services)
    job_id = import_urls(services, pages(3_000))
    workers = [Worker(services, new_runner) for _ in range(2)]
    for worker in workers * 30:
        worker.round()

    claimed = [{(batch.claim.number) for batch in worker.runner._batches} for worker in workers]

    assert all(claimed)
    assert not claimed[0] & claimed[1]
    assert found(services, job_id).status is JobStatus.RUNNING


def test_the_results_of_a_worker_that_was_overtaken_do_not_count(services: Services, web: FakeWeb, clock: FakeClock) -> None:
    job_id = import_urls(services, pages(3))
    slow = Worker(services)
    slow.round()
    slow.round()
    slow.collect()
    clock.forward(LEASE_OVER)
    job = work_to_the_end(services, clock, job_id)

    slow.round()
    slow.round()

    assert found(services, job_id) == job
    assert job.counts.succeeded == 3


class TestCancelled:
    def test_a_job_is_let_go_of_within_seconds_and_nothing_more_is_accepted(
        self, services: Services, clock: FakeClock
    ) -> None:
        job_id = import_urls(services, pages(2_500))
        worker = Worker(services)
        for _ in range(3):
            worker.round()
        accepted = len(services.store.records.due(now=clock(), max_attempts=4, limit=9_999))
        assert services.store.jobs.cancel(job_id, now=clock())
        for _ in range(4):
            clock.forward(RENEW_AFTER.total_seconds() / 2)
            worker.round()

        assert worker.runner._batches == []
        assert len(services.store.records.due(now=clock(), max_attempts=4, limit=9_999)) == accepted
        assert found(services, job_id).status is JobStatus.CANCELLED

    def test_a_reader_stops(self, services: Services, clock: FakeClock) -> None:
        new_runner = small_batches(services)
        job_id = import_urls(services, pages(2_500))
        worker = Worker(services, new_runner)
        worker.round()
        services.store.jobs.cancel(job_id, now=clock())
        worker.round()

        assert worker.runner._batches == []
        assert found(services, job_id).total is None


class TestPaused:
    def test_a_batch_whose_last_rows_pause_delays_no_other(
        self, make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock
    ) -> None:
        services = make_services(replace(settings, retry_base=600.0))
        new_runner = small_batches(services)
        web.pages[f"{HOST}/0"] = SourceFailure("timeout", "slow")
        paused = import_urls(services, pages(10))
        other = import_urls(services, pages(300, first=1_000))
        worker = Worker(services, new_runner)
        for _ in range(300):
            worker.round()
            worker.collect()
            clock.forward(0.3)
            if found(services, other).status.finished:
                break

        assert found(services, other).counts.succeeded == 300
        assert found(services, paused).counts.succeeded == 9
        assert worker.runner._batches == []
        assert services.store.jobs.due(now=clock(), limit=9) == []

        for _ in range(200):
            clock.forward(60)
            worker.round()
            worker.collect()
        assert found(services, paused).counts.failed == 1


class TestFilesThatAreGone:
    def test_a_job_whose_upload_is_missing_fails_and_says_so(self, services: Services, clock: FakeClock) -> None:
        job_id = import_urls(services, pages(3))
        services.files.delete([upload_name(job_id)])

        job = work_to_the_end(services, clock, job_id)

        assert (job.status, job.total, job.counts.processed) == (JobStatus.FAILED, 0, 0)
        assert job.error is not None
        assert job_id in job.error

    def test_what_was_read_of_a_broken_file_is_worked_on_before_the_job_fails(
        self, services: Services, clock: FakeClock
    ) -> None:
        rng = random.Random(1)
        lines = "".join(f"{HOST}/{rng.getrandbits(128):x}\n" for _ in range(3_000)).encode()
        whole = gzip.compress(lines)
        job_id = upload(services, whole[: len(whole) // 2], name="x.txt.gz")

        job = work_to_the_end(services, clock, job_id)

        assert job.status is JobStatus.FAILED
        assert job.error is not None
        assert 1_000 < job.counts.succeeded < 3_000
        assert job.total == job.counts.succeeded
        assert counted(services, job_id) == job.counts

    def test_a_missing_chunk_is_read_again(self, services: Services, clock: FakeClock) -> None:
        new_runner = small_batches(services)
        job_id = import_urls(services, pages(30))
        Worker(services, new_runner).round()
        services.files.delete([chunk_name(job_id, 2)])
        clock.forward(LEASE_OVER)

        assert work_to_the_end(services, clock, job_id, new_runner).counts.succeeded == 30

    def test_rows_are_rejected_that_are_nowhere_any_more(self, services: Services, clock: FakeClock) -> None:
        new_runner = small_batches(services)
        job_id = import_urls(services, pages(30))
        Worker(services, new_runner).round()
        services.files.delete([upload_name(job_id), chunk_name(job_id, 2)])

        job = work_to_the_end(services, clock, job_id, new_runner)

        assert (job.counts.succeeded, job.counts.rejected) == (20, 10)
        assert {row.code for row in rows_of(services, job_id)} == {None, FILE_LOST}


class Breaking(Replacing):
    """A job type with a fault: it breaks on its second batch."""

    def begin(self, job: Job, batch: Batch, input_rows: Sequence[InputRow]) -> BatchTask:
        work: BatchTask = self._real.begin(job, batch, input_rows)
        return work if batch.number != 2 else Replacing(work, step=lambda now: 1 // 0)


class TestPoison:
    """A batch that kills each worker that claims it."""

    def test_rows_fail_when_no_worker_makes_progress_with_their_batch(self, services: Services, clock: FakeClock) -> None:
        new_runner = small_batches(services)
        job_id = import_urls(services, [*pages(10), "no url", *pages(9)])
        reader = Worker(services, new_runner)
        reader.round()
        for _ in range(MAX_CLAIMS):
            for _ in range(2):
                assert services.job_runner().claim() is not None
            clock.forward(LEASE_OVER)

        job = work_to_the_end(services, clock, job_id, new_runner)

        assert (job.status, job.total, job.counts.failed) == (JobStatus.COMPLETED, 20, 20)
        assert {row.code for row in rows_of(services, job_id)} == {"abandoned"}
        assert "after 5 attempts" in (rows_of(services, job_id)[0].detail or "")

    def test_rows_that_have_an_outcome_keep_it(self, services: Services, clock: FakeClock) -> None:
        new_runner = small_batches(services)
        job_id = import_urls(services, ["no url", *pages(9)])
        worker = Worker(services, new_runner)
        for _ in range(10):
            worker.round()
            clock.forward(0.3)
        assert found(services, job_id).counts.rejected == 1
        for _ in range(MAX_CLAIMS):
            clock.forward(LEASE_OVER)
            assert new_runner().claim() is not None
        clock.forward(LEASE_OVER)

        job = work_to_the_end(services, clock, job_id, new_runner)

        assert (job.counts.rejected, job.counts.failed) == (1, 9)

    def test_a_file_that_nobody_can_read_fails_its_job(self, services: Services, clock: FakeClock) -> None:
        job_id = import_urls(services, pages(10))
        for _ in range(MAX_CLAIMS):
            assert services.job_runner().claim() is not None
            clock.forward(LEASE_OVER)

        job = work_to_the_end(services, clock, job_id)

        assert (job.status, job.total) == (JobStatus.FAILED, 0)
        assert "not read beyond row 0" in (job.error or "")

    def test_a_batch_that_breaks_fails_and_others_continue(self, services: Services, clock: FakeClock) -> None:
        new_runner = small_batches(services, wrap=Breaking)
        job_id = import_urls(services, pages(30))
        worker = Worker(services, new_runner)
        for _ in range(20 * MAX_CLAIMS):
            worker.round()
            worker.collect()
            clock.forward(3)

        job = found(services, job_id)
        assert (job.status, job.counts.succeeded, job.counts.failed) == (JobStatus.COMPLETED, 20, 10)


class Away:
    """Something that raises `StorageUnavailable` in these methods, as often as asked for."""

    def __init__(self, kept: Any, rng: random.Random, often: float) -> None:
        self._kept, self._rng, self.often = kept, rng, often

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._kept, name)

        def perhaps(*args: Any, **kwargs: Any) -> Any:
            if self._rng.random() < self.often:
                raise StorageUnavailable("away")
            result = method(*args, **kwargs)
            if self._rng.random() < self.often:
                raise StorageUnavailable("away, but it was done")
            return result

        return perhaps


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_or_counted_twice_while_the_stores_come_and_go(
    services: Services, clock: FakeClock, seed: int
) -> None:
    rng = random.Random(seed)
    jobs, files = Away(services.store.jobs, rng, 0.15), Away(services.files, rng, 0.15)
    new_runner = small_batches(services, files=files, jobs=jobs)  # type: ignore[arg-type]
    job_id = import_urls(services, [*pages(95), "no url", *pages(50)])
    worker = Worker(services, new_runner)
    for _ in range(3_000):
        worker.round()
        worker.collect()
        clock.forward(rng.choice([0.3, 3]))
        if found(services, job_id).status.finished:
            break
        try:
            complete_jobs(jobs, services.notifier, now=clock())
        except StorageUnavailable:
            continue

    job = found(services, job_id)
    assert (job.status, job.total, job.counts.processed) == (JobStatus.COMPLETED, 146, 146)
    assert (job.counts.rejected, job.counts.failed) == (1, 0)
    assert counted(services, job_id) == job.counts


def test_a_batch_that_met_a_file_store_that_is_away_is_due_again_soon(services: Services, clock: FakeClock) -> None:
    files = Away(services.files, random.Random(1), 1.0)
    new_runner = small_batches(services, files=files)  # type: ignore[arg-type]
    job_id = import_urls(services, pages(3))
    worker = Worker(services, new_runner)
    worker.round()

    assert worker.runner._batches == []
    assert services.store.jobs.due(now=clock(), limit=1) == []
    clock.forward(5.1)
    assert services.store.jobs.due(now=clock(), limit=1) == [job_id]


def test_a_row_of_a_record_that_others_collect_waits_for_it(services: Services, web: FakeWeb, clock: FakeClock) -> None:
    target = services.sources["webpage"].target(f"{HOST}/0")
    services.acceptances.collect_soon(target)
    claim = services.collector.claim(target.id)
    assert claim is not None
    job_id = import_urls(services, pages(1))
    worker = Worker(services)
    for _ in range(5):
        worker.round()
        clock.forward(0.5)
    assert found(services, job_id).counts.processed == 0

    services.collector.settler.settle([services.collector.collect(claim)])

    assert work_to_the_end(services, clock, job_id).counts.succeeded == 1
    assert web.asked[f"{HOST}/0"] == 1
    record = services.store.records.find(target.id)
    assert record is not None
    assert record.state is State.STORED


def test_rows_are_listed_with_their_outcomes(services: Services, web: FakeWeb, clock: FakeClock) -> None:
    web.pages[f"{HOST}/1"] = SourceFailure("dns_failure", "no such host", permanent=True)
    job_id = import_urls(services, [*pages(3), "no url"])
    work_to_the_end(services, clock, job_id)

    failed = services.store.jobs.rows(job_id, RowOutcome.FAILED, limit=9, after=0)

    assert [(row.row, row.input) for row in failed] == [(2, f"{HOST}/1")]


def test_when_nothing_is_collected_any_more_a_batch_looks_at_its_targets_at_once(services: Services) -> None:
    job_id = import_urls(services, pages(3))
    worker = Worker(services)
    for _ in range(3):
        worker.round()
    worker.collect()
    worker.round()
    assert not found(services, job_id).status.finished  # the clock stands still

    worker.runner.more(0)
    worker.round()
    assert not found(services, job_id).status.finished
    worker.runner.more(0.01)
    worker.round()
    assert found(services, job_id).status.finished
