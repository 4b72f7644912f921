"""A log file as a job: every line counts once, however many workers work on it or die."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.events.job_type import BATCH_ROWS, STEP_LINES
from inventory.events.model import EventFilter
from inventory.jobs.chunks import upload_name
from inventory.jobs.claimed_batch import LEASE
from inventory.jobs.model import Counts, Job, JobStatus, RowOutcome
from inventory.services import Services
from tests.events import logs
from tests.fakes import FakeClock

LINES = BATCH_ROWS + 2 * STEP_LINES
JOB_ID = "4f3c2b1a09f8e7d6c5b4a39281706f5e"


class Import:
    """A log file of some thousand lines that was uploaded, and the job that it became."""

    def __init__(self, services: Services, folder: Path, *, bad: float) -> None:
        path = folder / "logs.jsonl"
        self.bad = logs.write(path, LINES, seed=7, bad=bad)
        self.good = LINES - len(self.bad)
        self.services = services
        content = path.read_bytes()
        services.files.put(upload_name(JOB_ID), content)
        services.store.jobs.create(Job(JOB_ID, "events", services.jobs.clock(), "logs.jsonl", len(content), "0" * 64))

    @property
    def job(self) -> Job:
        job = self.services.store.jobs.find(JOB_ID)
        assert job is not None
        return job

    @property
    def rejected(self) -> list[int]:
        rows = self.services.store.jobs.rows(JOB_ID, RowOutcome.REJECTED, limit=LINES, after=0)
        return [row.row for row in rows]

    @property
    def kept(self) -> int:
        return self.services.store.events.stats(EventFilter(job_id=JOB_ID), hours=1).total

    def read(self) -> None:
        """Have the file read and split into batches."""
        batch = self.services.job_runner().claim()
        assert batch is not None
        while self.services.job_runner().step(batch):
            pass

    def work(self) -> None:
        """Work on whatever there is, to its end."""
        runner = self.services.job_runner()
        while (batch := runner.claim()) is not None:
            while runner.step(batch):
                pass


@pytest.fixture
def imported(services: Services, tmp_path: Path) -> Import:
    return Import(services, tmp_path, bad=0.01)


@pytest.fixture
def flawless(services: Services, tmp_path: Path) -> Import:
    return Import(services, tmp_path, bad=0.0)


def test_every_good_line_is_an_event_and_every_bad_one_a_rejected_row(imported: Import) -> None:
    imported.work()

    assert (imported.job.status, imported.job.total) == (JobStatus.COMPLETED, LINES)
    assert imported.job.counts == Counts(imported.good, 0, len(imported.bad), imported.job.file_size or 0)
    assert imported.rejected == sorted(imported.bad)
    assert imported.kept == imported.good


def test_a_batch_that_is_handed_back_keeps_what_was_done(flawless: Import, services: Services) -> None:
    flawless.read()
    batch = services.job_runner().claim()
    assert batch is not None
    services.job_runner().step(batch)

    batch.hand_back(services.jobs.clock(), services.jobs.clock())

    assert flawless.job.counts.processed == STEP_LINES
    claimed = services.store.jobs.claim(now=services.jobs.clock(), lease_for=LEASE)
    assert claimed is not None
    assert claimed[1].checkpoint == str(STEP_LINES)


def test_progress_of_lines_that_are_all_good_is_told_before_their_batch_ends(
    flawless: Import, services: Services, clock: FakeClock
) -> None:
    flawless.read()
    batch = services.job_runner().claim()
    assert batch is not None
    clock.forward(0.3)
    services.job_runner().step(batch)

    assert flawless.job.counts.processed == STEP_LINES < batch.claim.rows


def test_a_worker_that_dies_costs_no_line_and_counts_none_twice(
    imported: Import, services: Services, clock: FakeClock
) -> None:
    imported.read()
    batch = services.job_runner().claim()
    assert batch is not None
    for _ in range(3):
        services.job_runner().step(batch)
        clock.forward(0.2)
    clock.forward(LEASE.total_seconds())

    imported.work()

    assert imported.job.counts == Counts(imported.good, 0, len(imported.bad), imported.job.file_size or 0)
    assert imported.rejected == sorted(imported.bad)
    assert imported.kept == imported.good
