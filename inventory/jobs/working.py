"""The work on a batch's rows, and its end where nobody brings it on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from inventory.errors import StorageUnavailable
from inventory.jobs.holding import LEASE, RENEW
from inventory.jobs.kinds import Step, Work
from inventory.jobs.model import LONGEST_INPUT, READING, Batch, Job, Line, Row, RowOutcome
from inventory.jobs.parts import Place
from inventory.store.ports import Jobs

log = structlog.get_logger(__name__)

WRITE = timedelta(seconds=0.25)
MANY = 1_000
"""Outcomes are written when they are so old, or so many: each time is a transaction."""
ABANDONED = "abandoned"


class Working:
    """The claim on a batch of rows; `begin` begins the work on those that have no outcome yet."""

    takes_turns = True

    def __init__(self, job: Job, claim: Batch, begin: Callable[[], Work], jobs: Jobs, now: datetime) -> None:
        self.job, self.claim, self.open = job, claim, claim.rows
        self.again_at = self.taken_at = self.progress_at = self._written_at = now
        self._begin, self._jobs = begin, jobs
        self._work: Work | None = None
        self._found: list[Row] = []
        self._unlisted, self._checkpoint = claim.unlisted, claim.checkpoint

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
        except Exception:
            self._close(now)
            raise
        if not held:
            self._close(now)
        return held

    def hand_back(self, due_at: datetime, now: datetime) -> None:
        """See `Holding`; what was found is written before."""
        self._note(self._close(now), now)
        if not self._unwritten() or self._write(now):
            self._jobs.release(self.claim, due_at=due_at)

    def _go_on(self, now: datetime) -> bool:
        if self._work is None:
            self._work = self._begin()
            self.open = len(self._work.left())
        step = self._work.step(now)
        self._note(step, now)
        self.again_at = step.again_at or now
        if step.again_at is not None and not step.dear and not self._is_time_to_write(now):
            return True
        if not self._write(now):
            return False
        if step.again_at is None:
            self._jobs.finish(self.claim)
        return step.again_at is not None

    def _note(self, step: Step | None, now: datetime) -> None:
        if step is None:
            return
        accounted = len(step.rows) + step.unlisted - self._unlisted
        self.open = max(0, self.open - accounted)
        self._found += step.rows
        self._unlisted, self._checkpoint = step.unlisted, step.checkpoint
        if accounted:
            self.progress_at = now

    def _close(self, now: datetime) -> Step | None:
        return None if self._work is None else self._work.close(now)

    def _is_time_to_write(self, now: datetime) -> bool:
        since = now - self._written_at
        return since >= RENEW or len(self._found) >= MANY or (since >= WRITE and self._unwritten())

    def _unwritten(self) -> bool:
        """Whether there is anything to write; rows that succeeded without an outcome of their own are something too."""
        return bool(self._found) or (self._unlisted, self._checkpoint) != (self.claim.unlisted, self.claim.checkpoint)

    def _write(self, now: datetime) -> bool:
        """Write what was found, and with it renew the claim; False if that is lost."""
        claim = self._jobs.advance(
            self.claim, self._found, unlisted=self._unlisted, checkpoint=self._checkpoint, until=now + LEASE
        )
        if claim is None:
            return False
        self.claim, self._found, self._written_at = claim, [], now
        return True


class GivingUp:
    """The end of a batch that nobody brings on: what is left of its rows failed, what is left of its file was not read."""

    open = 0
    takes_turns = can_wait = False

    def __init__(self, job: Job, claim: Batch, begin: Callable[[], Work], jobs: Jobs, now: datetime) -> None:
        self.job, self.claim = job, claim
        self.again_at = self.taken_at = self.progress_at = now
        self._begin, self._jobs = begin, jobs

    def go_on(self, now: datetime) -> bool:
        """End it."""
        claims = self.claim.attempt - 1
        log.error("batch_abandoned", job_id=self.job.id, kind=self.job.kind, batch=self.claim.number, claims=claims)
        reason = (
            f"{claims} workers in a row took it up and none came on with it: they died, or could not write what they did."
        )
        if self.claim.number == READING:
            place = Place.of(self.claim.checkpoint)
            error = f"The file was not read beyond row {place.last_row}: {reason}"
            self._jobs.finish(self.claim, total=place.rows, error=error)
            return False
        rows = [_abandoned(line, reason, now) for line in self._begin().left()]
        unlisted, checkpoint = self.claim.unlisted, self.claim.checkpoint
        if self._jobs.advance(self.claim, rows, unlisted=unlisted, checkpoint=checkpoint, until=now + LEASE) is not None:
            self._jobs.finish(self.claim)
        return False

    def hand_back(self, due_at: datetime, now: datetime) -> None:
        """See `Holding`; but this must not count as an advance, so the lease is left to end."""


def _abandoned(line: Line, reason: str, now: datetime) -> Row:
    detail = f"Not worked on: {reason} Import it again."
    return Row(line.row, line.text[:LONGEST_INPUT], RowOutcome.FAILED, now, code=ABANDONED, detail=detail)
