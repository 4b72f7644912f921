"""A batch that a worker has claimed: how it is worked on, renewed, handed back and ended.

A claim is renewed by writing what was found, or only that the worker is alive, at least every `RENEW_AFTER`. After an
exception the batch is handed back or forgotten: the next worker continues where the store says that this one came.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from inventory import faults
from inventory.errors import StorageUnavailable
from inventory.jobs.chunks import Chunks, unread_rows
from inventory.jobs.job_type import BatchTask, JobType, Step
from inventory.jobs.model import SPLITTING, Batch, InputRow, Job, ReadPosition, Row, RowOutcome, RowProgress, is_row_progress
from inventory.jobs.one_by_one import OneByOne, failed_by_fault
from inventory.jobs.ports import Jobs
from inventory.jobs.splitting import FileSplitter
from inventory.notifier import Notifier
from inventory.store_pace import StorePace

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
"""Validity of a claim after its last renewal: many times what a step may take."""
RENEW_AFTER = timedelta(seconds=2)
"""When a claim is renewed although nothing was found. A cancelled batch is noticed then, too."""
WRITE_AFTER, MAX_UNWRITTEN = timedelta(seconds=0.25), 1_000
"""Outcomes are written when they are so old, or so many, because each time is a transaction."""
MAX_CLAIMS = 5
"""Claims of a batch, one after the other, that may be lost without progress. Then it is abandoned."""
ABANDONED = "abandoned"


class ClaimedBatch:
    """A claimed batch: of rows, or `SPLITTING`, which stands for splitting the job's file.

    `again_at` is when the next step can find more, `open_rows` how many rows may keep collections busy. `can_yield` says
    that handing it back costs no more than a claim, `can_wait` that it can continue from memory after the store was away.
    """

    def __init__(
        self,
        job: Job,
        claim: Batch,
        types: Mapping[str, JobType],
        jobs: Jobs,
        chunks: Chunks,
        notifier: Notifier,
        pace: StorePace,
        now: datetime,
    ) -> None:
        self.job, self.claim = job, claim
        self.again_at = self.claimed_at = self.progress_at = self._written_at = now
        self._types, self._jobs, self._chunks, self._notifier, self._pace = types, jobs, chunks, notifier, pace
        self._abandoned = claim.attempt > MAX_CLAIMS
        self.can_yield = claim.number != SPLITTING and not self._abandoned
        self.open_rows = claim.rows if self.can_yield else 0
        job_type = types.get(job.kind)
        self._separable = job_type is not None and job_type.batch_rows > 1  # a feed, which is one row as a whole, is not
        self._note_fault = partial(faults.note, notifier, where="batch", source=job.kind, job_id=job.id, batch=claim.number)
        self._splitter: FileSplitter | None = None
        self._task: BatchTask | None = None
        self._loaded = False
        self._found: list[Row] = []
        self._state = self._written = claim.implicit_successes, claim.checkpoint

    @property
    def can_wait(self) -> bool:
        """Whether it can continue from memory after the store was away."""
        return self._task is not None

    def step(self, now: datetime) -> bool:
        """Do some of the work, and write what was found if it is time; False at the end of it, or if the claim is lost."""
        if self._abandoned:
            self._abandon(now)
            return False
        if self.claim.number == SPLITTING:
            return self._split(now)
        try:
            claimed = self._process(now)
        except StorageUnavailable:  # what is in memory is still needed
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a batch: noted, and its rows' outcome
            claimed = self._process_after_fault(error, now)
        if not claimed:
            self._close(now)
        return claimed

    def hand_back(self, due_at: datetime, now: datetime) -> None:
        """Let other workers have it from `due_at` on; before that, write what was found and that nothing is in progress."""
        if self._abandoned:
            return  # its lease must end: a release would count as progress
        self._add(self._close(now), now)
        unchanged = not self._found and self._state == (self.claim.implicit_successes, self.claim.checkpoint)
        if unchanged or self._write(now, in_progress=False):
            self._jobs.release(self.claim, due_at=due_at)

    def _split(self, now: datetime) -> bool:
        """Write some chunks of the file, and at its end how many rows it had, and what could not be read of it."""
        if self._splitter is None:
            note_fault = partial(faults.note, self._notifier, source=self.job.kind, job_id=self.job.id)
            self._splitter = FileSplitter(self.job, self.claim.checkpoint, self._types, self._chunks, note_fault)
        done = self._splitter.step()
        checkpoint = done.position.checkpoint
        claim = self._jobs.add_batches(self.claim, done.batches, checkpoint=checkpoint, until=self._until(now))
        if claim is None:
            return False
        self.claim, self._state = claim, (claim.implicit_successes, claim.checkpoint)
        if done.batches:
            self._notifier.wake_worker_for_job(self.job.id, self.job.label)
        if done.end:
            self._jobs.finish(claim, total=done.position.rows, error=done.error)
        return not done.end

    def _process(self, now: datetime) -> bool:
        if self._task is None:
            one_by_one = self._separable and (self.claim.attempt > 1 or is_row_progress(self.claim.checkpoint))
            self._task = self._begin(one_by_one=one_by_one)
            self.open_rows = len(self._task.left())
        if isinstance(self._task, OneByOne):
            self._state = self._state[0], self._task.begin_next()
            if not self._write(now):
                return False
        step = self._task.step(now)
        self._add(step, now)
        self.again_at = step.again_at or now
        if step.again_at is not None and not step.flush_now and not self._is_time_to_write(now):
            return True
        if not self._write(now):
            return False
        if step.again_at is None:
            self._jobs.finish(self.claim)
        return step.again_at is not None

    def _process_after_fault(self, error: Exception, now: datetime) -> bool:
        """Take rows one by one, so that a fault fails only its own row; if that did not help, fail all that are left."""
        self.again_at = now
        one_by_one, progress = isinstance(self._task, OneByOne), RowProgress.of(self.claim.checkpoint)
        if self._separable and self._loaded and (not one_by_one or progress.first < progress.last):
            log.warning("batch_taken_apart", job_id=self.job.id, batch=self.claim.number, exc_info=error)
            self._close(now)
            self._found, self._state = [], (self.claim.implicit_successes, self.claim.checkpoint)
            self._task = self._begin(one_by_one=True)
            return True
        self._note_fault(error)
        if one_by_one:  # these outcomes cannot be written
            self._found = [failed_by_fault(self.job.id, InputRow(row.row, ""), now) for row in self._found]
            if len(self._found) == 1 and progress.first:
                return self._write(now)
        left = unread_rows(self.claim) if self._task is None else self._task.left()
        self._found += [failed_by_fault(self.job.id, input_row, now) for input_row in left]
        if self._write(now):
            self._jobs.finish(self.claim)
        return False

    def _abandon(self, now: datetime) -> None:
        """End a batch that no worker finishes: its rows fail, or the rest of the file is not read."""
        claims = self.claim.attempt - 1
        log.error("batch_abandoned", job_id=self.job.id, kind=self.job.kind, batch=self.claim.number, claims=claims)
        reason = f"Gave up after {claims} attempts: each worker crashed or could not save its results."
        if self.claim.number == SPLITTING:
            position = ReadPosition.of(self.claim.checkpoint)
            error = f"The file was not read beyond row {position.last_row}: {reason}"
            self._jobs.finish(self.claim, total=position.rows, error=error)
            return
        # If reading the rows crashed the worker that was to abandon them, only their numbers are reported.
        left = self._begin(one_by_one=self._separable).left() if claims <= MAX_CLAIMS else unread_rows(self.claim)
        detail = f"Not processed: {reason} Import it again."
        self._found = [input_row.outcome(RowOutcome.FAILED, now, code=ABANDONED, detail=detail) for input_row in left]
        if self._write(now, in_progress=False):
            self._jobs.finish(self.claim)

    def _begin(self, *, one_by_one: bool) -> BatchTask:
        """The work on the rows that have no outcome yet."""
        job_type = self._types[self.job.kind]
        finished = self._jobs.finished_rows(self.claim)
        input_rows = self._chunks.input_rows(self.job, self.claim, job_type)
        if finished:
            input_rows = [input_row for input_row in input_rows if input_row.row not in finished]
        self._loaded = True
        begin = partial(job_type.begin, self.job)
        return OneByOne(self.claim, input_rows, begin, self._note_fault) if one_by_one else begin(self.claim, input_rows)

    def _add(self, step: Step | None, now: datetime) -> None:
        if step is None:
            return
        accounted = len(step.rows) + step.implicit_successes - self._state[0]
        self.open_rows = max(0, self.open_rows - accounted)
        self._found += step.rows
        self._state = step.implicit_successes, step.checkpoint
        if accounted:
            self.progress_at = now

    def _close(self, now: datetime) -> Step | None:
        return None if self._task is None else self._task.close(now)

    def _is_time_to_write(self, now: datetime) -> bool:
        age, unwritten = now - self._written_at, bool(self._found) or self._state != self._written
        return age >= RENEW_AFTER or len(self._found) >= MAX_UNWRITTEN or (age >= WRITE_AFTER and unwritten)

    def _until(self, now: datetime) -> datetime:
        return now + self._pace.lease(LEASE)

    def _write(self, now: datetime, *, in_progress: bool = True) -> bool:
        """Write what was found, which renews the claim; False if that is lost.

        Work in progress is noted, so that the next worker knows whether this one was lost with it.
        """
        implicit_successes, checkpoint = self._state
        if in_progress and self._separable and not is_row_progress(checkpoint):
            checkpoint = str(RowProgress(takes=1, checkpoint=checkpoint))
        claim = self._jobs.advance(
            self.claim, self._found, implicit_successes=implicit_successes, checkpoint=checkpoint, until=self._until(now)
        )
        if claim is None:
            return False
        self.claim, self._found, self._written_at, self._written = claim, [], now, self._state
        return True
