"""Which batches a worker claims and hands back, and when. Threads and the clock are real here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event

import pytest

from inventory.clock import utc_now
from inventory.config import Settings
from inventory.jobs.claimed_batch import LEASE
from inventory.jobs.model import JobStatus
from inventory.jobs.runner import BUSY_ROWS, MAX_BATCHES, MAX_WAIT, JobRunner
from inventory.rate_limits.calls import Calls
from inventory.records.model import Content
from inventory.records.source import Collected
from inventory.services import Services
from tests.conftest import Build
from tests.end_to_end.stack import wait_until
from tests.fakes import FakeClock, FakeWeb
from tests.jobs.actions import HOST, counted, found, import_urls, pages, rows_of, small_batches, upload

LOG_LINE = b'{"timestamp":"2026-01-31T12:00:00Z","level":"info","service":"s","message":"m"}\n'


class SlowHostWeb(FakeWeb):
    """A web in which only the pages below /slow wait for the gate."""

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        if key.startswith(f"{HOST}/slow"):
            return super().collect(key)
        with self._lock:
            self.asked[key] += 1
        return Collected({}, key.encode())


@pytest.fixture
def web() -> FakeWeb:
    return SlowHostWeb()


@pytest.fixture
def services(make_services: Build, settings: Settings) -> Services:
    """Their leases outlast the tests, however slow the machine is."""
    return make_services(replace(settings, fetch_deadline=600.0), clock=utc_now)


@contextmanager
def running_workers(services: Services, workers: int = 1, slots: int = 10) -> Iterator[Event]:
    """So many workers at it until the block ends, or the yielded event is set: they stop then."""
    stop = Event()

    def work() -> None:
        while not stop.is_set():
            with services.job_runner(stopping=stop.is_set) as runner:
                services.collector.collect_due(slots=slots, stopping=stop.is_set, more=runner.more)
            stop.wait(0.05)

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work) for _ in range(workers)]
        try:
            yield stop
        finally:
            stop.set()
        for each in futures:
            each.result(100)


def finished(services: Services, job_id: str) -> Callable[[], bool]:
    return lambda: found(services, job_id).status.finished


def test_a_job_ends_with_every_row_once_when_several_workers_share_it(services: Services, web: FakeWeb) -> None:
    job_id = import_urls(services, [*pages(2_500), "no url", *pages(1_000)])
    with running_workers(services, workers=3):
        wait_until(finished(services, job_id), "the job ends", 100)

    job = found(services, job_id)
    assert (job.status, job.total, job.counts.succeeded) == (JobStatus.COMPLETED, 3_501, 3_500)
    assert counted(services, job_id) == job.counts
    assert [row.row for row in rows_of(services, job_id)] == list(range(1, 3_502))
    assert set(web.asked.values()) == {1}


def test_jobs_that_come_together_end_together_whatever_their_kind(services: Services) -> None:
    ids = [import_urls(services, pages(600, first=n * 2_000)) for n in range(3)]
    ids.append(upload(services, LOG_LINE * 6_000, name="x.jsonl", kind="events"))
    with running_workers(services, workers=2):
        wait_until(lambda: all(found(services, job_id).status.finished for job_id in ids), "all end", 100)

    assert [found(services, job_id).counts.succeeded for job_id in ids] == [600, 600, 600, 6_000]


def test_a_slow_upstream_keeps_its_slots_busy_and_delays_no_other(services: Services, web: FakeWeb) -> None:
    web.open.clear()
    slow = import_urls(services, [f"{HOST}/slow/{n}" for n in range(3)])
    other = import_urls(services, pages(500))
    with running_workers(services, slots=10):
        wait_until(finished(services, other), "the other job ends", 100)
        assert not found(services, slow).status.finished
        web.open.set()
        wait_until(finished(services, slow), "the slow one ends, too", 100)


def test_a_lookup_is_collected_while_an_import_waits_for_its_upstream(services: Services, web: FakeWeb) -> None:
    web.open.clear()
    import_urls(services, [f"{HOST}/slow/{n}" for n in range(500)])
    target = services.sources["webpage"].target(f"{HOST}/now")
    try:
        with running_workers(services, slots=10):
            wait_until(lambda: web.asked.total() == 8, "the import has all the slots that it may have")
            services.records.look_up(target)
            wait_until(lambda: services.records.look_up(target).ready, "the lookup is answered")
            assert web.asked.total() == 9, "nothing of the import has ended"
            web.open.set()
    finally:
        web.open.set()


def test_a_stop_hands_back_every_batch_at_once(services: Services, web: FakeWeb) -> None:
    web.open.clear()
    job_id = import_urls(services, [f"{HOST}/slow/{n}" for n in range(1_500)])
    with running_workers(services, slots=5) as stop:
        wait_until(lambda: web.asked.total() == 4, "it collects")
        stop.set()
        wait_until(lambda: services.store.jobs.due(now=services.jobs.clock(), limit=1), "what is left is due")
        assert web.asked.total() == 4
        web.open.set()

    batch = services.job_runner().claim()
    assert batch is not None
    assert batch.job.id == job_id
    assert batch.claim.attempt == 1, "handing back is not a failure"


def test_it_says_while_it_reads_a_file(services: Services) -> None:
    runner, told = small_batches(services)(), []
    job_id = import_urls(services, pages(1_000))
    while found(services, job_id).total is None:
        runner.round()
        told.append(runner.is_splitting)

    assert told[0]
    assert told[:-1] == [True] * (len(told) - 1)
    assert not runner.is_splitting


def test_it_claims_no_more_than_keeps_its_collections_busy(services: Services) -> None:
    import_urls(services, pages(5 * BUSY_ROWS))
    runner = services.job_runner()
    for _ in range(5):
        runner.round()

    assert sum(batch.open_rows for batch in runner._batches) < 2 * BUSY_ROWS


class TestStarved:
    """A worker whose collections could do more than is due; time stands still."""

    @pytest.fixture
    def runner(self, make_services: Build) -> JobRunner:
        services = make_services()
        import_urls(services, pages(1_000))
        runner = small_batches(services)()
        for _ in range(40):
            runner.more(0)
            runner.round()
        return runner

    def test_it_claims_more_up_to_the_maximum(self, runner: JobRunner) -> None:
        assert len(runner._batches) == MAX_BATCHES

    def test_the_batch_without_progress_for_longest_makes_room(self, runner: JobRunner, clock: FakeClock) -> None:
        claimed = [batch.claim.number for batch in runner._batches]
        clock.forward(MAX_WAIT.total_seconds() + 1)
        runner.more(0)
        runner.round()
        runner.round()

        now = [batch.claim.number for batch in runner._batches]
        assert len(set(claimed) - set(now)) == 1
        assert max(now) > max(claimed)


def test_a_batch_that_never_waits_alternates_with_those_of_other_jobs(
    make_services: Build, settings: Settings, clock: FakeClock
) -> None:
    services = make_services(replace(settings, events_line_delay=0.01), sleep=clock.forward)
    events = upload(services, LOG_LINE * 15_000, name="x.jsonl", kind="events")
    runner = services.job_runner()
    for _ in range(4):
        runner.round()
    urls = import_urls(services, pages(5))
    before = clock()
    while not found(services, urls).status.finished:
        runner.round()
        services.collector.collect_due(slots=2, stopping=lambda: False)
        clock.forward(0.05)

    assert clock() - before < LEASE
    assert 0 < found(services, events).counts.succeeded < 15_000


def test_without_any_job_it_says_so_at_once(services: Services) -> None:
    began = time.monotonic()
    with services.job_runner() as runner:
        while runner.more(100.0):
            continue

    assert time.monotonic() - began < 60


def test_a_thread_that_breaks_lets_the_collections_end(services: Services) -> None:
    def broken() -> bool:
        raise ZeroDivisionError

    runner = services.job_runner(stopping=broken)
    with pytest.raises(ZeroDivisionError):
        runner.run()

    assert runner.more(20.0) is False
