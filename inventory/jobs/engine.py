"""How jobs are worked on: batches are claimed, go on in turns, and end; a job ends with the last of them.

Everything that must survive is in the store. A worker that dies loses its claims, and whoever claims the batches next goes
on where the store says that it came. If a batch was claimed before and not brought on, its rows are taken one by one, and a
row that costs one worker after the other is rejected alone. A fault of ours costs the row that it shows in. A batch that
nobody brings on even so, however often it is claimed, is given up: its rows fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import structlog

from inventory import faults
from inventory.clock import Clock
from inventory.jobs.abandon import MOST_CLAIMS, AbandonBatch
from inventory.jobs.chunks import Chunk, Chunks, ReadPosition, split
from inventory.jobs.claimed_batch import LEASE, ClaimedBatch
from inventory.jobs.job_type import BatchTask, JobType
from inventory.jobs.model import READING, Batch, InputRow, Job, JobStatus
from inventory.jobs.ports import Jobs
from inventory.jobs.process_batch import ProcessBatch, Rows
from inventory.jobs.split_file import SplitFile
from inventory.notifier import Notifier

log = structlog.get_logger(__name__)

ENDED_AT_ONCE = 10


class Engine:
    """Works on the jobs of all kinds. What raises `StorageUnavailable` may be tried again."""

    def __init__(self, jobs: Jobs, parts: Chunks, kinds: Mapping[str, JobType], notifier: Notifier, *, clock: Clock) -> None:
        self._jobs = jobs
        self._parts = parts
        self._kinds = kinds
        self._notifier = notifier
        self.clock = clock

    def claim(self) -> ClaimedBatch | None:
        """Take a batch into hand, if there is one that can be claimed."""
        claimed = self._jobs.claim(now=self.clock(), lease_for=LEASE)
        return None if claimed is None else self._take(*claimed)

    def go_on(self, holding: ClaimedBatch) -> bool:
        """Do some of the work on a batch and tell of it; False when that was the end of the batch, or the claim is lost."""
        held = holding.go_on(self.clock())
        self._notifier.announce_job(holding.job.id)
        if not held:
            self.complete()
        return held

    def complete(self) -> None:
        """End the jobs of which all is done, and tell of it."""
        while ended := self._jobs.complete(now=self.clock(), limit=ENDED_AT_ONCE):
            for job_id in ended:
                job = self._jobs.find(job_id)
                if job is not None:
                    _log_end(job)
                self._notifier.announce_job(job_id, ended=True)

    def _take(self, job: Job, batch: Batch) -> ClaimedBatch:
        now, rows = self.clock(), self._rows(job, batch)
        if batch.attempt > MOST_CLAIMS:
            return AbandonBatch(job, batch, rows, self._jobs, now)
        if batch.number != READING:
            return ProcessBatch(job, batch, rows, self._jobs, now)
        if batch.fence == 1:
            log.info("job_started", job_id=job.id, kind=job.kind, file_name=job.file_name, file_size=job.file_size)
        return SplitFile(job, batch, partial(self._read, job), self._parts, self._jobs, self._notifier, now)

    def _read(self, job: Job, place: ReadPosition) -> Iterator[Chunk | None]:
        kind = self._kinds[job.kind]
        return split(kind.lines(job), place, rows=kind.batch_rows)

    def _rows(self, job: Job, batch: Batch) -> Rows:
        kind = self._kinds.get(job.kind)
        apart = kind is not None and kind.batch_rows > 1  # what is one row as a whole, a feed say, can be no less
        note = partial(faults.note, self._notifier, where="batch", source=job.kind, job_id=job.id, batch=batch.number)
        return Rows(partial(self._open_lines, job, batch), partial(self._begin, job), apart=apart, note_fault=note)

    def _open_lines(self, job: Job, batch: Batch) -> Sequence[InputRow]:
        finished = self._jobs.finished_rows(batch)
        return [line for line in self._parts.lines(job, batch, self._kinds[job.kind]) if line.row not in finished]

    def _begin(self, job: Job, batch: Batch, lines: Sequence[InputRow]) -> BatchTask:
        return self._kinds[job.kind].begin(job, batch, lines)


def _log_end(job: Job) -> None:
    tell = log.error if job.status is JobStatus.FAILED else log.info
    seconds = (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else None
    tell(
        f"job_{job.status}",
        job_id=job.id,
        kind=job.kind,
        total=job.total,
        succeeded=job.counts.succeeded,
        failed=job.counts.failed,
        rejected=job.counts.rejected,
        seconds=seconds,
        error=job.error,
    )
