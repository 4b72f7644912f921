"""The end of a batch that nobody brings on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from inventory.jobs.chunks import ReadPosition
from inventory.jobs.claimed_batch import LEASE
from inventory.jobs.model import LONGEST_INPUT, READING, Batch, InputRow, Job, Row, RowOutcome
from inventory.jobs.ports import Jobs
from inventory.jobs.process_batch import Rows, unread

log = structlog.get_logger(__name__)

ABANDONED = "abandoned"
MOST_CLAIMS = 5
"""Claims of a batch, one after the other, that may be lost without any progress."""


class AbandonBatch:
    """The end of a batch that nobody brings on: what is left of its rows failed, what is left of its file was not read."""

    open = 0
    takes_turns = can_wait = False

    def __init__(self, job: Job, claim: Batch, rows: Rows, jobs: Jobs, now: datetime) -> None:
        self.job, self.claim = job, claim
        self.again_at = self.taken_at = self.progress_at = now
        self._rows, self._jobs = rows, jobs

    def go_on(self, now: datetime) -> bool:
        """End it."""
        claims = self.claim.attempt - 1
        log.error("batch_abandoned", job_id=self.job.id, kind=self.job.kind, batch=self.claim.number, claims=claims)
        reason = (
            f"{claims} workers in a row took it up and none came on with it: they died, or could not write what they did."
        )
        if self.claim.number == READING:
            place = ReadPosition.of(self.claim.checkpoint)
            error = f"The file was not read beyond row {place.last_row}: {reason}"
            self._jobs.finish(self.claim, total=place.rows, error=error)
            return False
        rows = [_abandoned(line, reason, now) for line in self._left(claims)]
        implicit_successes, checkpoint = self.claim.implicit_successes, self.claim.checkpoint
        if (
            self._jobs.advance(
                self.claim, rows, implicit_successes=implicit_successes, checkpoint=checkpoint, until=now + LEASE
            )
            is not None
        ):
            self._jobs.finish(self.claim)
        return False

    def _left(self, claims: int) -> Sequence[InputRow]:
        """The rows; of which only the numbers are told when those who would read them are lost as well."""
        return self._rows.work(self.claim).left() if claims <= MOST_CLAIMS else unread(self.claim)

    def hand_back(self, due_at: datetime, now: datetime) -> None:
        """See `Holding`; but this must not count as an advance, so the lease is left to end."""


def _abandoned(line: InputRow, reason: str, now: datetime) -> Row:
    detail = f"Not worked on: {reason} Import it again."
    return Row(line.row, line.text[:LONGEST_INPUT], RowOutcome.FAILED, now, code=ABANDONED, detail=detail)
