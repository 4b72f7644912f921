"""What tests do with jobs: import rows, be a worker for a while, die, and count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from inventory.files import Files
from inventory.imports.rows import Uploads
from inventory.jobs.chunks import Chunks, upload_name
from inventory.jobs.job_type import JobType
from inventory.jobs.model import Counts, Job, Row, RowOutcome
from inventory.jobs.ports import Jobs
from inventory.jobs.runner import JobRunner
from inventory.services import Services
from inventory.store_pace import StorePace
from inventory.webpages.job_type import UrlJobs
from tests.fakes import FakeClock

HOST = "http://example.test"


def upload(services: Services, content: bytes, *, name: str = "urls.txt", kind: str = "urls", **options: object) -> str:
    """A job with these bytes as its file; its id."""
    job_id = uuid4().hex
    services.files.put(upload_name(job_id), content)
    job = Job(job_id, kind, services.jobs.clock(), name, len(content), uuid4().hex * 2, options)
    services.store.jobs.create(job)
    return job_id


def import_urls(services: Services, urls: Sequence[str], **options: Any) -> str:
    """A job of these URLs; its id."""
    return upload(services, "".join(f"{url}\n" for url in urls).encode(), **options)


def pages(count: int, first: int = 0) -> list[str]:
    """So many URLs, no two the same."""
    return [f"{HOST}/{n}" for n in range(first, first + count)]


NewRunner = Callable[[], JobRunner]


class SmallBatches(UrlJobs):
    """The job type `urls` with ten rows in a batch."""

    batch_rows = 10


def small_batches(
    services: Services,
    *,
    files: Files | None = None,
    jobs: Jobs | None = None,
    wrap: Callable[[JobType], JobType] = lambda job_type: job_type,
) -> NewRunner:
    """What makes runners on the services' store with ten rows in a batch; `wrap` may put another type in front of it."""
    files = files or services.files
    records, source = services.store.records, services.sources["webpage"]
    urls = wrap(SmallBatches(records, source, Uploads(files), fresh_for=timedelta(days=1)))  # type: ignore[arg-type]
    return partial(
        JobRunner,
        jobs or services.store.jobs,
        Chunks(files),
        {"urls": urls},
        services.notifier,
        clock=services.jobs.clock,
        pace=StorePace(),
    )


class Worker:
    """A worker that does one thing after the other. To kill it, let go of it: its claims last until their leases end."""

    def __init__(self, services: Services, new_runner: NewRunner | None = None) -> None:
        self._services = services
        self.runner = (new_runner or services.job_runner)()

    def round(self) -> None:
        """One round of its runner."""
        self.runner.round()

    def collect(self) -> int:
        """Collect what is due."""
        return self._services.collector.collect_due(slots=4, stopping=lambda: False)


def work_to_the_end(services: Services, clock: FakeClock, job_id: str, new_runner: NewRunner | None = None) -> Job:
    """The job after a new worker has finished it."""
    worker = Worker(services, new_runner)
    for _ in range(2_000):
        worker.round()
        worker.collect()
        job = found(services, job_id)
        if job.status.finished:
            return job
        clock.forward(0.3)
    raise AssertionError(f"it does not end: {found(services, job_id)}")


def found(services: Services, job_id: str) -> Job:
    job = services.store.jobs.find(job_id)
    assert job is not None
    return job


def rows_of(services: Services, job_id: str) -> list[Row]:
    """All outcomes of a job's rows."""
    rows: list[Row] = []
    while page := services.store.jobs.rows(job_id, None, limit=1_000, after=rows[-1].row if rows else 0):
        rows += page
    return rows


def counted(services: Services, job_id: str) -> Counts:
    """The counts of a job, recounted from its rows."""
    outcomes = Counter(row.outcome for row in rows_of(services, job_id))
    counts = Counts(outcomes[RowOutcome.SUCCEEDED], outcomes[RowOutcome.FAILED], outcomes[RowOutcome.REJECTED])
    return replace(counts, bytes_read=found(services, job_id).counts.bytes_read)
