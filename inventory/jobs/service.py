"""Creating, showing, cancelling and retrying jobs, for routes and commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from secrets import token_hex

from inventory import json_bytes
from inventory.clock import Clock
from inventory.errors import JobFinished, NotRetryable, StorageUnavailable, UnknownJob
from inventory.files import Files
from inventory.jobs.chunks import upload_name
from inventory.jobs.job_type import JobType
from inventory.jobs.model import COLUMN, FILE_FORMAT, LONGEST_INPUT, Job, JobStatus, Row, RowOutcome
from inventory.jobs.ports import Jobs
from inventory.limits import Limits, within_any
from inventory.listing import Key
from inventory.notifier import Notifier
from inventory.records.service import RecordService

PAGE_ROWS = 1_000
"""How many rows are in memory while all of a job's are read."""
RETRY_SUFFIX = ".failed.jsonl"


class JobService:
    """The jobs of all types. Every method may raise `StorageUnavailable`, and `UnknownJob` where it takes a job's id."""

    def __init__(
        self,
        jobs: Jobs,
        types: Mapping[str, JobType],
        records: RecordService,
        files: Files,
        notifier: Notifier,
        *,
        clock: Clock,
        owner: Callable[[], str] = lambda: "",
    ) -> None:
        """`owner` tells who makes a job in this thread."""
        self._jobs = jobs
        self._types = types
        self._records = records
        self._files = files
        self._notifier = notifier
        self.clock = clock
        self._owner = owner

    def find(self, job_id: str, any_of: Sequence[Limits | None] = (None,)) -> Job:
        """The job as it stands. One that lies within none of these limits is as unknown as one that does not exist."""
        job = self._jobs.find(job_id)
        if job is None or not within_any(job.limits, any_of):
            raise UnknownJob(f"There is no job {job_id}; /api/v1/jobs and `inventory jobs` list all.")
        return job

    def listing(self, status: JobStatus | None, *, limit: int, after: Key | None) -> Sequence[Job]:
        """Jobs, newest first, those that follow `after`."""
        return self._jobs.listing(status, limit=limit, after=after)

    def rows(self, job_id: str, outcome: RowOutcome | None, *, limit: int, after: int) -> Sequence[Row]:
        """Outcomes of a job's rows by row number, those that follow the number `after`."""
        return self._jobs.rows(self.find(job_id).id, outcome, limit=limit, after=after)

    def all_rows(self, job_id: str, outcome: RowOutcome | None) -> Iterator[Sequence[Row]]:
        """The same, all of them, in pages; the first page is read at once."""
        return self._pages(job_id, outcome, self.rows(job_id, outcome, limit=PAGE_ROWS, after=0))

    def create(self, job: Job) -> Job:
        """Keep a new job durably and wake a worker for it, or return the one that is kept already; see `Jobs.create`.

        The job belongs to the owner of this thread.
        """
        created = self._jobs.create(replace(job, owner=self._owner()))
        self._notifier.wake_worker_for_job(created.id, created.label)
        return created

    def latest(self, kind: str, *, limit: int) -> Sequence[Job]:
        """The jobs of a kind that were created last, newest first."""
        return self._jobs.of_kind(kind, limit=limit)

    def checkpoints(self, job_id: str) -> Mapping[int, str]:
        """The checkpoints of a job's batches, by number, of those that have one."""
        return self._jobs.checkpoints(job_id)

    def cancel(self, job_id: str) -> Job:
        """End a job; its rows keep their outcomes. Raises `JobFinished`."""
        cancelled = self._jobs.cancel(job_id, now=self.clock())
        job = self.find(job_id)
        if not cancelled:
            raise JobFinished(f"Job {job_id} is {job.status}; it can no longer be cancelled.")
        self._notifier.announce_job(job_id, ended=True)
        return job

    def retry(self, job_id: str) -> Job:
        """A new job of a finished one's failed rows; the same one while it is unfinished. Raises `NotRetryable`."""
        job = self.find(job_id)
        if not job.status.finished:
            raise NotRetryable(f"Job {job_id} is {job.status}. Cancel it, or retry when it is finished.")
        if not job.counts.failed:
            raise NotRetryable(f"Job {job_id} has no failed rows. Correct the rejected ones and import them again.")
        job_type = self._types.get(job.kind)
        if job_type is None or job_type.retry_member is None:
            raise NotRetryable(f"Rows of {job.kind} cannot be retried. Import those that failed as a file of their own.")
        new_id = token_hex(16)
        size, digest = self._write_failed_rows(job, upload_name(new_id), job_type.retry_member)
        created = self.create(self._new_job(job, new_id, size, digest))
        if created.id != new_id:
            with suppress(StorageUnavailable):  # a file without a job is swept later
                self._files.delete([upload_name(new_id)])
        return created

    def _pages(self, job_id: str, outcome: RowOutcome | None, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        while rows:
            yield rows
            rows = self._jobs.rows(job_id, outcome, limit=PAGE_ROWS, after=rows[-1].row)

    def _write_failed_rows(self, job: Job, name: str, member: str) -> tuple[int, str]:
        """Write a file of a job's failed rows: its size and SHA-256."""
        size, digest = 0, sha256()
        with self._files.writer(name) as writer:
            for rows in self.all_rows(job.id, RowOutcome.FAILED):
                content = b"".join(json_bytes.dumps(line) + b"\n" for line in self._retried_lines(rows, member))
                digest.update(content)
                size += writer.write(content)
        return size, digest.hexdigest()

    def _retried_lines(self, rows: Sequence[Row], member: str) -> Iterator[dict[str, object]]:
        """The inputs of rows as JSON lines. One that was truncated is taken from the row's record.

        Without the record the line has no value, so that the row is rejected: the truncated input would be another target.
        """
        truncated = [row.record_id for row in rows if row.record_id and len(row.input) >= LONGEST_INPUT]
        records = self._records.find_all(truncated) if truncated else {}
        for row in rows:
            record = records.get(row.record_id or "")
            whole = row.input if len(row.input) < LONGEST_INPUT else record and record.target.key
            yield {member: whole, "row": row.row}

    def _new_job(self, job: Job, new_id: str, size: int, digest: str) -> Job:
        """The job of an upload with failed rows, with the options of the first one but those on its file."""
        options = {name: value for name, value in job.options.items() if name not in (COLUMN, FILE_FORMAT)}
        return Job(
            id=new_id,
            kind=job.kind,
            created_at=self.clock(),
            file_name=(job.file_name or job.id).removesuffix(RETRY_SUFFIX) + RETRY_SUFFIX,
            file_size=size,
            sha256=digest,
            options=options | {"retry_of": job.id},
        )
