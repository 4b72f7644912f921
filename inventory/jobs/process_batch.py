"""The work on a batch's rows: all of them at once, or one by one where that has done harm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from inventory.errors import StorageUnavailable
from inventory.jobs.claimed_batch import LEASE, RENEW
from inventory.jobs.job_type import BatchTask, Step
from inventory.jobs.model import Batch, InputRow, Job, Row
from inventory.jobs.one_by_one import (
    Begin,
    Note,
    OneByOne,
    failed,
    is_note,
)
from inventory.jobs.ports import Jobs

log = structlog.get_logger(__name__)

WRITE = timedelta(seconds=0.25)
MANY = 1_000
"""Outcomes are written when they are so old, or so many: each time is a transaction."""


class Rows:
    """The rows of a batch that have no outcome yet, as `load` reads them, and how the work on them begins.

    `apart` says whether they can be taken one by one, which is what is done after a worker was lost with the batch.
    `note_fault` notes a fault of ours that was met in the work on them.
    """

    def __init__(
        self, load: Callable[[], Sequence[InputRow]], begin: Begin, *, apart: bool, note_fault: Callable[..., None]
    ) -> None:
        self._load, self._begin, self.apart, self.note_fault = load, begin, apart, note_fault
        self.loaded = False

    def work(self, claim: Batch) -> BatchTask:
        """The work on all of them."""
        if self.apart and (claim.attempt > 1 or is_note(claim.checkpoint)):
            return self.one_by_one(claim)
        return self._begin(claim, self._lines())

    def one_by_one(self, claim: Batch) -> OneByOne:
        """The same, a row at a time."""
        return OneByOne(claim, self._lines(), self._begin, self.note_fault)

    def _lines(self) -> Sequence[InputRow]:
        lines = self._load()
        self.loaded = True
        return lines


class ProcessBatch:
    """The claim on a batch of rows."""

    takes_turns = True

    def __init__(self, job: Job, claim: Batch, rows: Rows, jobs: Jobs, now: datetime) -> None:
        self.job, self.claim, self.open = job, claim, claim.rows
        self.again_at = self.taken_at = self.progress_at = self._written_at = now
        self._rows, self._jobs = rows, jobs
        self._work: BatchTask | None = None
        self._found: list[Row] = []
        self._unlisted, self._checkpoint = self._written = claim.implicit_successes, claim.checkpoint

    @property
    def can_wait(self) -> bool:
        """See `Holding`: once it has begun, that is."""
        return self._work is not None

    def go_on(self, now: datetime) -> bool:
        """Take a step, and write what was found if it is time."""
        try:
            held = self._go_on(now)
        except StorageUnavailable:  # what is in memory is of use still
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a batch: noted, and its rows' outcome
            held = self._go_on_without(error, now)
        if not held:
            self._close(now)
        return held

    def hand_back(self, due_at: datetime, now: datetime) -> None:
        """See `Holding`; what was found is written before, and that the batch is in nobody's hand."""
        self._note(self._close(now), now)
        stands = not self._found and (self._unlisted, self._checkpoint) == (
            self.claim.implicit_successes,
            self.claim.checkpoint,
        )
        if stands or self._write(now, in_hand=False):
            self._jobs.release(self.claim, due_at=due_at)

    def _go_on(self, now: datetime) -> bool:
        if self._work is None:
            self._work = self._rows.work(self.claim)
            self.open = len(self._work.left())
        if isinstance(self._work, OneByOne):
            self._checkpoint = self._work.reach()
            if not self._write(now):
                return False
        step = self._work.step(now)
        self._note(step, now)
        self.again_at = step.again_at or now
        if step.again_at is not None and not step.flush_now and not self._is_time_to_write(now):
            return True
        if not self._write(now):
            return False
        if step.again_at is None:
            self._jobs.finish(self.claim)
        return step.again_at is not None

    def _go_on_without(self, error: Exception, now: datetime) -> bool:
        """Take rows one by one from now on, so that a fault of ours costs the row that it shows in, and no other.

        Where that is of no use, all that are left fail: tried again, they would meet the same fault.
        """
        self.again_at = now
        singly, note = isinstance(self._work, OneByOne), Note.of(self.claim.checkpoint)
        if self._rows.apart and self._rows.loaded and (not singly or note.first < note.last):
            log.warning("batch_taken_apart", job_id=self.job.id, batch=self.claim.number, exc_info=error)
            self._close(now)
            self._found, self._unlisted, self._checkpoint = [], self.claim.implicit_successes, self.claim.checkpoint
            self._work = self._rows.one_by_one(self.claim)
            return True
        self._rows.note_fault(error)
        if singly:  # what became of these cannot be written
            self._found = [failed(self.job.id, InputRow(row.row, ""), now) for row in self._found]
            if len(self._found) == 1 and note.first:
                return self._write(now)
        self._found += [failed(self.job.id, line, now) for line in self._left()]
        if self._write(now):
            self._jobs.finish(self.claim)
        return False

    def _left(self) -> Sequence[InputRow]:
        return unread(self.claim) if self._work is None else self._work.left()

    def _note(self, step: Step | None, now: datetime) -> None:
        if step is None:
            return
        accounted = len(step.rows) + step.implicit_successes - self._unlisted
        self.open = max(0, self.open - accounted)
        self._found += step.rows
        self._unlisted, self._checkpoint = step.implicit_successes, step.checkpoint
        if accounted:
            self.progress_at = now

    def _close(self, now: datetime) -> Step | None:
        return None if self._work is None else self._work.close(now)

    def _is_time_to_write(self, now: datetime) -> bool:
        since = now - self._written_at
        return since >= RENEW or len(self._found) >= MANY or (since >= WRITE and self._unwritten())

    def _unwritten(self) -> bool:
        """Whether there is anything to write; rows that succeeded without an outcome of their own are something too."""
        return bool(self._found) or (self._unlisted, self._checkpoint) != self._written

    def _write(self, now: datetime, *, in_hand: bool = True) -> bool:
        """Write what was found, and with it renew the claim; False if that is lost.

        What stays in hand is noted to be, so that who claims it next knows that a worker was lost with it.
        """
        noted = self._checkpoint
        if in_hand and self._rows.apart and not is_note(noted):
            noted = str(Note(takes=1, checkpoint=noted))
        claim = self._jobs.advance(
            self.claim, self._found, implicit_successes=self._unlisted, checkpoint=noted, until=now + LEASE
        )
        if claim is None:
            return False
        self.claim, self._found, self._written_at = claim, [], now
        self._written = self._unlisted, self._checkpoint
        return True


def unread(claim: Batch) -> Sequence[InputRow]:
    """The rows of a batch that cannot be read: their numbers, or such as they may have where lines are blank."""
    return [InputRow(claim.first_row + number, "") for number in range(claim.rows)]
