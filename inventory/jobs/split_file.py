"""The reading of a job's file, which cuts it into the batches that workers take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime

from inventory import faults
from inventory.errors import NotFound, StorageUnavailable, UnreadableFile
from inventory.jobs.chunks import Chunk, Chunks, ReadPosition
from inventory.jobs.claimed_batch import LEASE
from inventory.jobs.model import Batch, Job, NewBatch
from inventory.jobs.ports import Jobs
from inventory.notifier import Notifier

CUTS = 8
"""Parts that are cut in one step: well under a second's work."""
STEP_SECONDS = 1.0
"""Seconds after which a step ends with the next part, or with the next sign of life while one is read."""


class SplitFile:
    """The claim on the reading of a file."""

    open = 0
    takes_turns = can_wait = False

    def __init__(
        self,
        job: Job,
        claim: Batch,
        begin: Callable[[ReadPosition], Iterator[Chunk | None]],
        parts: Chunks,
        jobs: Jobs,
        notifier: Notifier,
        now: datetime,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`begin` gives what follows a place of the file, in parts; `ticks` counts seconds."""
        self.job, self.claim = job, claim
        self.again_at = self.taken_at = self.progress_at = now
        self._begin, self._parts, self._jobs, self._notifier, self._ticks = begin, parts, jobs, notifier, ticks
        self._place = ReadPosition.of(claim.checkpoint)
        self._rest: Iterator[Chunk | None] | None = None

    def go_on(self, now: datetime) -> bool:
        """Cut some parts, and at the end of the file say how many rows it had, and what could not be read."""
        cuts, error, over = list[NewBatch](), None, False
        try:
            over = not self._cut_into(cuts)
        except UnreadableFile as failure:
            error, over = str(failure), True
        except NotFound:  # which names a place in the file store
            error, over = f"The file of the job {self.job.id} is gone from the file store. Import it again.", True
        except StorageUnavailable:
            raise
        except Exception as fault:  # noqa: BLE001 - the outermost edge of the reading: noted, and the job's error
            row = self._place.last_row
            faults.note(self._notifier, fault, "reading", self.job.kind, job_id=self.job.id, row=row)
            error, over = (
                f"The file was not read beyond row {row}: there it met a fault of the inventory, which the log has.",
                True,
            )
        claim = self._jobs.add_batches(self.claim, cuts, checkpoint=self._place.checkpoint, until=now + LEASE)
        if claim is None:
            return False
        self.claim = claim
        if cuts:
            self._notifier.wake_worker_for_job(self.job.id)
        if over:
            self._jobs.finish(claim, total=self._place.rows, error=error)
        return not over

    def _cut_into(self, cuts: list[NewBatch]) -> bool:
        """Write the next parts, and add what they are to `cuts`; False at the end of the file."""
        if self._rest is None:
            self._rest = self._begin(self._place)
        until = self._ticks() + STEP_SECONDS
        for part in self._rest:
            if part is not None:
                self._parts.write(self.job.id, part)
                self._place = self._place.behind(part.batch)
                cuts.append(part.batch)
            if len(cuts) == CUTS or self._ticks() >= until:
                return True
        return False

    def hand_back(self, due_at: datetime, now: datetime) -> None:
        """See `Holding`; what was read behind the last cut is read again."""
        self._jobs.release(self.claim, due_at=due_at)
