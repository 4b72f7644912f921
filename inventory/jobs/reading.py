"""The reading of a job's file, which cuts it into the batches that workers take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from inventory.errors import NotFound, UnreadableFile
from inventory.jobs.holding import LEASE
from inventory.jobs.model import Batch, Cut, Job
from inventory.jobs.parts import Part, Parts, Place
from inventory.queue import Queue
from inventory.store.ports import Jobs

CUTS = 8
"""Parts that are cut in one step: well under a second's work."""


class Reading:
    """The claim on the reading of a file."""

    open = 0
    takes_turns = can_wait = False

    def __init__(
        self,
        job: Job,
        claim: Batch,
        begin: Callable[[Place], Iterator[Part | None]],
        parts: Parts,
        jobs: Jobs,
        queue: Queue,
        now: datetime,
    ) -> None:
        """`begin` gives what is behind a place of the file, in parts."""
        self.job, self.claim = job, claim
        self.again_at = self.taken_at = self.progress_at = now
        self._begin, self._parts, self._jobs, self._queue = begin, parts, jobs, queue
        self._place = Place.of(claim.checkpoint)
        self._rest: Iterator[Part | None] | None = None

    def go_on(self, now: datetime) -> bool:
        """Cut some parts, and at the end of the file say how many rows it had, and what could not be read."""
        cuts, error, over = list[Cut](), None, False
        try:
            over = not self._cut_into(cuts)
        except UnreadableFile as failure:
            error, over = str(failure), True
        except NotFound:  # which names a place in the file store
            error, over = f"The file of the job {self.job.id} is gone from the file store. Import it again.", True
        claim = self._jobs.cut(self.claim, cuts, checkpoint=self._place.checkpoint, until=now + LEASE)
        if claim is None:
            return False
        self.claim = claim
        if cuts:
            self._queue.ring_job(self.job.id)
        if over:
            self._jobs.finish(claim, total=self._place.rows, error=error)
        return not over

    def _cut_into(self, cuts: list[Cut]) -> bool:
        """Write the next parts, and add what they are to `cuts`; False at the end of the file."""
        if self._rest is None:
            self._rest = self._begin(self._place)
        steps = 0
        for steps, part in enumerate(islice(self._rest, CUTS), 1):  # noqa: B007 - how many there were is what is asked
            if part is not None:
                self._parts.write(self.job.id, part)
                self._place = self._place.behind(part.cut)
                cuts.append(part.cut)
        return steps == CUTS

    def hand_back(self, due_at: datetime, now: datetime) -> None:
        """See `Holding`; what was read behind the last cut is read again."""
        self._jobs.release(self.claim, due_at=due_at)
