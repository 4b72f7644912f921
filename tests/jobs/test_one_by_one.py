"""One row costs itself: one that kills its workers, one that takes them too long, and one that meets an internal fault."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from inventory.errors import StorageUnavailable
from inventory.events.job_type import EventJobs
from inventory.events.model import Event, EventFilter, PlainEvent
from inventory.imports.rows import Uploads
from inventory.jobs.chunks import Chunks
from inventory.jobs.claimed_batch import LEASE
from inventory.jobs.job_type import JobType
from inventory.jobs.model import Batch, Counts, InputRow, Job, JobStatus, Row
from inventory.jobs.one_by_one import MAX_TAKES
from inventory.jobs.runner import JobRunner, complete_jobs
from inventory.records.model import Target
from inventory.services import Services
from inventory.store_pace import StorePace
from tests.conftest import Build
from tests.contract.backends import MockBackend
from tests.fakes import FakeClock, FakeWeb, Replacing
from tests.jobs.actions import (
    HOST,
    NewRunner,
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
from tests.jobs.dying import DEADLY

LEASE_OVER = LEASE.total_seconds() + 1
BAD = "bad"


class Killed(BaseException):
    """A worker is killed: nothing of it goes on, and nothing is cleaned up."""


class HarmfulWeb(FakeWeb):
    """A web in which to read the text of a row may do harm."""

    def __init__(self) -> None:
        super().__init__()
        self.harm: Callable[[str], None] = lambda text: None

    def target(self, text: str) -> Target:
        self.harm(text)
        return super().target(text)


class HarmfulEvents:
    """Events in which to keep one may do harm."""

    def __init__(self, events: Any) -> None:
        self._events = events
        self.harm: Callable[[str], None] = lambda message: None

    def add(self, events: Sequence[Event]) -> None:
        for event in events:
            self.harm(event.message)
        self._events.add(events)

    def add_plain(self, job_id: str, events: Sequence[PlainEvent]) -> None:
        for event in events:
            self.harm(event.message)
        self._events.add_plain(job_id, events)


@pytest.fixture
def web() -> HarmfulWeb:
    return HarmfulWeb()


@pytest.fixture(params=["sqlite", "mongodb"])
def services(make_services: Build, request: pytest.FixtureRequest) -> Services:
    return make_services(store=MockBackend().open() if request.param == "mongodb" else None)


@pytest.fixture
def events(services: Services) -> HarmfulEvents:
    return HarmfulEvents(services.store.events)


@pytest.fixture
def logs(services: Services, events: HarmfulEvents) -> NewRunner:
    """What makes runners for log files."""
    kind = EventJobs(events, Uploads(services.files), line_delay=0.0, sleep=lambda _: None)  # type: ignore[arg-type]
    return partial(
        JobRunner,
        services.store.jobs,
        Chunks(services.files),
        {"events": kind},
        services.notifier,
        clock=services.jobs.clock,
        pace=StorePace(),
    )


def killed(text: str) -> None:
    if DEADLY in text:
        raise Killed


def broken(text: str) -> None:
    if BAD in text:
        raise ZeroDivisionError("an internal fault")


def log_lines(messages: Sequence[str]) -> bytes:
    event = {"timestamp": "2026-01-31T12:00:00Z", "level": "info", "service": "s"}
    return "".join(json.dumps(event | {"message": message}) + "\n" for message in messages).encode()


def deaths_until_the_end(services: Services, clock: FakeClock, job_id: str, new_runner: NewRunner) -> int:
    """How many workers a job costs."""
    deaths = 0
    while not found(services, job_id).status.finished:
        try:
            work_to_the_end(services, clock, job_id, new_runner)
        except Killed:
            deaths += 1
            clock.forward(LEASE_OVER)
        assert deaths < 50, "it has no end"
    return deaths


def told(services: Services, job_id: str) -> dict[int, tuple[str, str | None]]:
    return {row.row: (row.outcome.value, row.code) for row in rows_of(services, job_id)}


class TestDeadly:
    """A row that kills each worker that takes it up."""

    def test_a_url_is_rejected_alone_and_says_why(self, services: Services, web: HarmfulWeb, clock: FakeClock) -> None:
        web.harm = killed
        new_runner = small_batches(services)
        job_id = import_urls(services, [*pages(14), f"{HOST}/{DEADLY}", *pages(10, first=14)])

        assert deaths_until_the_end(services, clock, job_id, new_runner) == MAX_TAKES

        job = found(services, job_id)
        assert (job.status, job.total, job.counts.succeeded, job.counts.rejected) == (JobStatus.COMPLETED, 25, 24, 1)
        assert told(services, job_id)[15] == ("rejected", "worker_lost")
        [row] = [row for row in rows_of(services, job_id) if row.code]
        assert row.input == f"{HOST}/{DEADLY}"
        assert row.detail == "Gave up after 3 attempts: each worker that took up this row crashed or ran out of time."
        assert counted(services, job_id) == job.counts

    def test_a_log_line_is_rejected_alone(
        self, services: Services, logs: NewRunner, events: HarmfulEvents, clock: FakeClock
    ) -> None:
        events.harm = killed
        messages = [*map(str, range(40)), DEADLY, *map(str, range(40, 80))]
        content = log_lines(messages) + b"no JSON\n"
        job_id = upload(services, content, name="x.jsonl", kind="events")

        assert deaths_until_the_end(services, clock, job_id, logs) == MAX_TAKES

        assert found(services, job_id).counts == Counts(80, 0, 2, len(content))
        assert told(services, job_id) == {41: ("rejected", "worker_lost"), 82: ("rejected", "invalid_json")}
        assert services.store.events.stats(EventFilter(job_id=job_id), hours=1).total == 80

    def test_so_is_one_before_which_its_batch_had_come_on(
        self, services: Services, logs: NewRunner, events: HarmfulEvents, clock: FakeClock
    ) -> None:
        events.harm = killed
        content = log_lines([*map(str, range(1_500)), DEADLY, "the end"])
        job_id = upload(services, content, name="x.jsonl", kind="events")

        assert deaths_until_the_end(services, clock, job_id, logs) == MAX_TAKES

        assert found(services, job_id).counts == Counts(1_501, 0, 1, len(content))

    def test_so_are_several_of_a_batch(self, services: Services, web: HarmfulWeb, clock: FakeClock) -> None:
        web.harm = killed
        new_runner = small_batches(services)
        deadly = [f"{HOST}/{DEADLY}/{n}" for n in range(3)]
        job_id = import_urls(services, [deadly[0], *pages(5), *deadly[1:], "no url"])

        deaths = deaths_until_the_end(services, clock, job_id, new_runner)

        assert deaths <= 3 * MAX_TAKES
        assert found(services, job_id).counts.succeeded == 5
        assert [code for _, code in told(services, job_id).values()] == [
            "worker_lost", *[None] * 5, "worker_lost", "worker_lost", "invalid_url",
        ]  # fmt: skip

    def test_one_that_kills_twice_only_is_worked_on(self, services: Services, web: HarmfulWeb, clock: FakeClock) -> None:
        deaths = iter([Killed, Killed])

        def harm(text: str) -> None:
            if DEADLY in text and (death := next(deaths, None)):
                raise death

        web.harm = harm
        new_runner = small_batches(services)
        job_id = import_urls(services, [*pages(5), f"{HOST}/{DEADLY}"])

        assert deaths_until_the_end(services, clock, job_id, new_runner) == 2
        assert found(services, job_id).counts.succeeded == 6

    def test_no_other_batch_of_the_same_workers_loses_a_row(
        self, services: Services, web: HarmfulWeb, clock: FakeClock
    ) -> None:
        web.harm = killed
        new_runner = small_batches(services)
        urls = pages(100)
        urls[35], urls[77] = f"{HOST}/{DEADLY}/1", f"{HOST}/{DEADLY}/2"
        job_id = import_urls(services, urls)

        deaths_until_the_end(services, clock, job_id, new_runner)

        assert found(services, job_id).counts.succeeded == 98
        assert {row for row, (outcome, _) in told(services, job_id).items() if outcome == "rejected"} == {36, 78}

    def test_a_row_that_was_noted_but_not_begun_when_its_batch_was_handed_back_counts_as_not_begun(
        self, services: Services, web: HarmfulWeb, clock: FakeClock
    ) -> None:
        web.harm = killed
        new_runner = small_batches(services)
        job_id = import_urls(services, [f"{HOST}/{DEADLY}", *pages(5)])
        with pytest.raises(Killed):
            work_to_the_end(services, clock, job_id, new_runner)
        web.harm = lambda text: None
        clock.forward(LEASE_OVER)
        for _ in range(2 * MAX_TAKES):
            batch = new_runner().claim()
            assert batch is not None
            new_runner().step(batch)
            batch.hand_back(clock(), clock())

        assert work_to_the_end(services, clock, job_id, new_runner).counts.succeeded == 6

    @pytest.mark.parametrize("kind", ["urls", "cities", "events"])
    def test_workers_that_are_really_killed_cost_one_row(self, make_services: Build, kind: str) -> None:
        services = make_services(sources=None)
        content, name = {
            "urls": ("".join(f"{url}\n" for url in [*pages(5), f"{HOST}/{DEADLY}", *pages(5, 5)]).encode(), "x.txt"),
            "cities": ("".join(f"{city}\n" for city in ["Paris"] * 5 + [DEADLY] + ["Rome"] * 5).encode(), "x.txt"),
            "events": (log_lines([*"abcde", DEADLY, *"fghij"]), "x.jsonl"),
        }[kind]
        job_id = upload(services, content, name=name, kind=kind)

        ends = []
        for later in range(10):
            command = [sys.executable, "-m", "tests.jobs.dying", str(services.settings.data_dir), str(later * LEASE_OVER)]
            ends.append(subprocess.run(command, timeout=100, check=False, cwd=Path(__file__).parents[2]).returncode)
            if ends[-1] == 0:
                break

        assert ends == [-signal.SIGKILL] * MAX_TAKES + [0]
        complete_jobs(services.store.jobs, services.notifier, now=services.jobs.clock())
        job = found(services, job_id)
        assert (job.status, job.counts.succeeded, job.counts.rejected) == (JobStatus.COMPLETED, 10, 1)
        assert told(services, job_id)[6] == ("rejected", "worker_lost")


def test_a_row_that_outlives_its_lease_each_time_is_rejected_alone(
    services: Services, web: HarmfulWeb, clock: FakeClock
) -> None:
    """The lease of who takes the row is over before that comes to an end, and another worker has the batch by then."""
    new_runner = small_batches(services)
    job_id = import_urls(services, [*pages(3), f"{HOST}/slow", *pages(3, first=3)])
    taken = 0

    def slow(text: str) -> None:
        nonlocal taken
        if "slow" in text:
            taken += 1
            clock.forward(LEASE_OVER)
            work_to_the_end(services, clock, job_id, new_runner)

    web.harm = slow
    job = work_to_the_end(services, clock, job_id, new_runner)

    assert taken == MAX_TAKES
    assert (job.counts.succeeded, job.counts.rejected) == (6, 1)
    assert told(services, job_id)[4] == ("rejected", "worker_lost")


class Untaken(Replacing):
    """A job type whose work breaks wherever there are several lines at once."""

    def begin(self, job: Job, batch: Batch, input_rows: Sequence[InputRow]) -> Any:
        work = self._real.begin(job, batch, input_rows)
        return Replacing(work, step=lambda now: broken(BAD)) if len(input_rows) > 1 else work


class Unread(Replacing):
    """A job type where the reading of the file breaks after the 25th row."""

    def input_rows(self, job: Job) -> Iterator[tuple[InputRow, int]]:
        for line, position in self._real.input_rows(job):
            broken(BAD if line.row > 25 else "")
            yield line, position


class Whole(Replacing):
    """A job type where each batch is one row as a whole, as a feed is."""

    batch_rows = 1


class Unwritable(Replacing):
    """Jobs with one row that cannot be written as it came out."""

    def advance(self, claim: Batch, rows: Sequence[Row], **how: Any) -> Batch | None:
        for row in rows:
            broken(row.input)
        return self._real.advance(claim, rows, **how)


class TestFault:
    """An internal fault in the work on a row, which would be the same for the next worker."""

    def test_it_fails_the_row_it_shows_in_at_once_and_no_other(
        self, services: Services, web: HarmfulWeb, clock: FakeClock
    ) -> None:
        web.harm, began = broken, clock()
        new_runner = small_batches(services)
        job_id = import_urls(services, [*pages(13), f"{HOST}/{BAD}", *pages(10, first=13), f"{HOST}/{BAD}/2"])

        with capture_logs() as lines:
            job = work_to_the_end(services, clock, job_id, new_runner)

        assert (job.status, job.counts.succeeded, job.counts.failed) == (JobStatus.COMPLETED, 23, 2)
        assert told(services, job_id)[14] == told(services, job_id)[25] == ("failed", "internal_fault")
        assert "internal error in the inventory" in (rows_of(services, job_id)[13].detail or "")
        assert clock() - began < LEASE
        faults = [line for line in lines if line["event"] == "internal_fault"]
        assert [(line["job_id"], line["row"]) for line in faults] == [(job_id, 14), (job_id, 25)]
        assert all(isinstance(line["exc_info"], ZeroDivisionError) for line in faults)
        assert services.notifier.faults() == {("batch", "urls"): 2}
        assert counted(services, job_id) == job.counts

    def test_it_fails_a_log_line_alone(
        self, services: Services, logs: NewRunner, events: HarmfulEvents, clock: FakeClock
    ) -> None:
        events.harm = broken
        content = log_lines([*map(str, range(1_100)), BAD, *map(str, range(100))])
        job_id = upload(services, content, name="x.jsonl", kind="events")

        job = work_to_the_end(services, clock, job_id, logs)

        assert job.counts == Counts(1_200, 1, 0, len(content))
        assert told(services, job_id) == {1_101: ("failed", "internal_fault")}
        assert services.store.events.stats(EventFilter(job_id=job_id), hours=1).total == 1_200

    def test_it_fails_a_row_of_which_the_outcome_cannot_be_written(self, services: Services, clock: FakeClock) -> None:
        new_runner = small_batches(services, jobs=Unwritable(services.store.jobs))  # type: ignore[arg-type]
        job_id = import_urls(services, [*pages(4), f"no url, {BAD}", *pages(4, first=4)])

        job = work_to_the_end(services, clock, job_id, new_runner)

        assert (job.counts.succeeded, job.counts.failed) == (8, 1)
        assert told(services, job_id)[5] == ("failed", "internal_fault")

    @pytest.mark.parametrize(("wrap", "failed"), [(Untaken, 20), (Whole, 10)])
    def test_where_no_row_can_be_told_all_that_are_left_fail_at_once(
        self, services: Services, web: HarmfulWeb, clock: FakeClock, wrap: Callable[[JobType], JobType], failed: int
    ) -> None:
        web.harm, began = broken, clock()
        new_runner = small_batches(services, wrap=wrap)
        job_id = import_urls(services, [f"{HOST}/{BAD}/{n}" if wrap is Whole else f"{HOST}/{n}" for n in range(failed)])

        with capture_logs() as lines:
            job = work_to_the_end(services, clock, job_id, new_runner)

        assert (job.status, job.counts.failed) == (JobStatus.COMPLETED, failed)
        assert {code for _, code in told(services, job_id).values()} == {"internal_fault"}
        assert [line["event"] for line in lines].count("internal_fault") == found(services, job_id).total // (
            1 if wrap is Whole else 10
        )
        assert clock() - began < LEASE

    def test_while_a_file_is_read_it_ends_the_reading_at_once_and_the_rows_before_it_count(
        self, services: Services, clock: FakeClock
    ) -> None:
        new_runner, began = small_batches(services, wrap=Unread), clock()
        job_id = import_urls(services, pages(40))

        with capture_logs() as lines:
            job = work_to_the_end(services, clock, job_id, new_runner)

        assert (job.status, job.total, job.counts.succeeded) == (JobStatus.FAILED, 20, 20)
        assert job.error is not None
        assert "not read beyond row 20" in job.error
        assert "internal error in the inventory" in job.error
        assert clock() - began < LEASE
        assert [line["exc_info"] for line in lines if line["event"] == "internal_fault"]


def test_a_store_that_is_away_is_no_fault_and_blames_no_row(
    services: Services, logs: NewRunner, events: HarmfulEvents, clock: FakeClock
) -> None:
    away = iter(range(4 * MAX_TAKES))

    def harm(message: str) -> None:
        if message == "7":
            if next(away, None) is not None:
                raise StorageUnavailable("away")
        elif message == BAD:
            raise ZeroDivisionError

    events.harm = harm
    job_id = upload(services, log_lines([BAD, *map(str, range(20))]), name="x.jsonl", kind="events")

    job = work_to_the_end(services, clock, job_id, logs)

    assert (job.counts.succeeded, job.counts.failed, job.counts.rejected) == (20, 1, 0)


def test_a_batch_that_was_lost_twice_for_another_reason_loses_no_row(services: Services, clock: FakeClock) -> None:
    new_runner = small_batches(services)
    job_id = import_urls(services, [*pages(15), "no url"])
    Worker(services, new_runner).round()
    for _ in range(2):
        assert new_runner().claim() is not None
        assert new_runner().claim() is not None
        clock.forward(LEASE_OVER)

    job = work_to_the_end(services, clock, job_id, new_runner)

    assert (job.counts.succeeded, job.counts.rejected) == (15, 1)
