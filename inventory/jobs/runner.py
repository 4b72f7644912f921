"""How a worker works on jobs: it claims batches, lets each take steps, and hands back those that have to wait.

The store holds all that must survive. A worker that dies loses its claims, and the next one continues where the store says
that it came. A batch that was claimed before without progress is worked on row by row, so that only the row that crashes
workers is rejected. If even that makes no progress, the batch is abandoned: its rows fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Event, Thread
from types import TracebackType
from typing import Self

import structlog

from inventory import faults
from inventory.clock import Clock
from inventory.errors import StorageUnavailable
from inventory.jobs.chunks import Chunks
from inventory.jobs.claimed_batch import LEASE, ClaimedBatch
from inventory.jobs.job_type import JobType
from inventory.jobs.model import SPLITTING, Job, JobStatus
from inventory.jobs.ports import Jobs
from inventory.notifier import Notifier
from inventory.records.model import LONGEST_DELAY
from inventory.store_pace import StorePace

log = structlog.get_logger(__name__)

BUSY_ROWS = 1_000
"""Open rows that keep a worker's collections busy for about a second; with fewer, another batch is claimed."""
MAX_BATCHES = 6
"""Batches that are claimed at once, however slow all of them are."""
CLAIM_INTERVAL = timedelta(seconds=1)
"""When another batch is looked for after there was none, or the store was away."""
MAX_WAIT = timedelta(seconds=2)
"""A batch that has to wait for longer is handed back, so that waiting takes up no worker."""
YIELD_AFTER = timedelta(seconds=3)
"""When a batch that never waits is handed back, so that another job's is claimed."""
LOOK_AHEAD = timedelta(seconds=0.6)
"""A batch that would look at its targets within this does so at once when nothing is collected any more."""
HAND_BACK_FOR = timedelta(seconds=5)
"""When a batch is due again that met a store that was away, or made room for others."""
POLL_INTERVAL = 0.1
"""Seconds in which a request to stop is noticed."""
MAX_COMPLETED = 10
"""Jobs that are completed in one call of the store."""


class JobRunner:
    """Works on jobs of all types. What raises `StorageUnavailable` may be tried again.

    As a context manager it works in a thread of its own. Batches accept what has to be collected: the block should collect
    that, and ask for `more` when nothing is due. At its end, or once `stopping`, the batches are handed back.
    """

    def __init__(
        self,
        jobs: Jobs,
        chunks: Chunks,
        types: Mapping[str, JobType],
        notifier: Notifier,
        *,
        clock: Clock,
        pace: StorePace,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.pace = pace
        self._jobs, self._chunks, self._types, self._notifier = jobs, chunks, types, notifier
        self._clock, self._stopping = clock, stopping
        self._batches: list[ClaimedBatch] = []
        self._claim_at: datetime | None = None
        self._last_round: datetime | None = None
        self._stop, self._progress, self._wants_more, self._none_in_flight = Event(), Event(), Event(), Event()
        self._idle = False

    def __enter__(self) -> Self:
        self._thread = Thread(target=self.run, name="jobs")
        self._thread.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def more(self, seconds: float) -> bool:
        """Say that more could be collected than is due, and wait up to `seconds` for a step; False if there is no batch.

        Seconds are given when nothing is in flight.
        """
        self._wants_more.set()
        if seconds:
            self._none_in_flight.set()
        if not self._idle:
            self._progress.wait(seconds)
            self._progress.clear()
        return not self._idle

    @property
    def is_splitting(self) -> bool:
        """Whether a file is being read; another worker would have to read it from its start."""
        return any(batch.claim.number == SPLITTING for batch in self._batches)

    def claim(self) -> ClaimedBatch | None:
        """Claim a batch, if there is one."""
        with self.pace.timed():
            claimed = self._jobs.claim(now=self._clock(), lease_for=self.pace.lease(LEASE))
        if claimed is None:
            return None
        job, batch = claimed
        if batch.number == SPLITTING and batch.fence == 1:
            log.info("job_started", job_id=job.id, kind=job.kind, file_name=job.file_name, file_size=job.file_size)
        return ClaimedBatch(job, batch, self._types, self._jobs, self._chunks, self._notifier, self.pace, self._clock())

    def step(self, batch: ClaimedBatch) -> bool:
        """Let a batch take a step and announce it; False if that was the end of the batch, or the claim is lost."""
        with self.pace.timed():
            claimed = batch.step(self._clock())
        self._notifier.announce_job(batch.job.id)
        if not claimed:
            complete_jobs(self._jobs, self._notifier, now=self._clock())
        return claimed

    def round(self) -> None:
        """Claim a batch if there is capacity, let each that can take a step do so, and hand back those that have to wait."""
        now = self._clock()
        self._notice_clock_set_back(now)
        self._look_ahead(now)
        if self._wants_batch(now):
            self._claim_batch(now)
        now = self._clock()  # on a slow store, what was claimed just now may be ready by it
        for batch in self._ready(now):
            if not self._step(batch):
                self._batches.remove(batch)
                self._claim_at = now
            self._progress.set()
        now = self._clock()
        for batch in list(self._batches):
            due_at = self._hand_back_until(batch, now)
            if due_at is not None:
                self._batches.remove(batch)
                self._hand_back(batch, due_at)
        self._idle = not self._batches and not self._is_time_to_claim(now)
        if self._idle:
            self._progress.set()

    def run(self) -> None:
        """Work until `stopping` or the end of the block, then hand all batches back."""
        try:
            while not (self._stopping() or self._stop.is_set()):
                self.round()
                now = self._clock()
                if not (self._ready(now) or self._wants_batch(now)):
                    self._stop.wait(POLL_INTERVAL)
            for batch in self._batches:
                self._hand_back(batch, self._clock())
        finally:
            self._idle = True
            self._progress.set()

    def _notice_clock_set_back(self, now: datetime) -> None:
        """After the clock was set back nothing waits for an instant that it showed before."""
        if self._last_round is not None and now < self._last_round:
            self._claim_at = None
            for batch in self._batches:
                batch.again_at = min(batch.again_at, now)
        self._last_round = now

    def _look_ahead(self, now: datetime) -> None:
        """When nothing is collected any more, what is open may have ended: a job would end half a second later."""
        if self._none_in_flight.is_set():
            self._none_in_flight.clear()
            for batch in self._batches:
                if batch.again_at <= now + LOOK_AHEAD:
                    batch.again_at = min(batch.again_at, now)

    def _ready(self, now: datetime) -> list[ClaimedBatch]:
        return [batch for batch in self._batches if batch.again_at <= now]

    def _is_time_to_claim(self, now: datetime) -> bool:
        return self._claim_at is None or now >= self._claim_at

    def _wants_batch(self, now: datetime) -> bool:
        """Whether the claimed batches leave time for another one, and do not keep the collections busy."""
        if not self._is_time_to_claim(now) or len(self._batches) >= MAX_BATCHES:
            return False
        if any(batch.can_yield for batch in self._ready(now)):
            return False
        return sum(batch.open_rows for batch in self._batches) < BUSY_ROWS or self._wants_more.is_set()

    def _claim_batch(self, now: datetime) -> None:
        self._wants_more.clear()
        batch = None
        try:
            batch = self.claim()
        except StorageUnavailable as error:
            log.warning("store_not_ready", error=str(error))
        if batch is None:
            self._claim_at = now + CLAIM_INTERVAL
        else:
            self._batches.append(batch)

    def _step(self, batch: ClaimedBatch) -> bool:
        try:
            return self.step(batch)
        except StorageUnavailable as error:
            log.warning("batch_interrupted", job_id=batch.job.id, batch=batch.claim.number, error=str(error))
            batch.again_at = self._clock() + CLAIM_INTERVAL
            if not batch.can_wait:
                self._hand_back(batch, self._clock() + HAND_BACK_FOR)
            return batch.can_wait
        except Exception as error:  # noqa: BLE001 - the edge of this thread: after its lease the batch is claimed again
            faults.note(self._notifier, error, "batch", batch.job.kind, job_id=batch.job.id, batch=batch.claim.number)
            return False

    def _hand_back_until(self, batch: ClaimedBatch, now: datetime) -> datetime | None:
        """When a batch that is to be handed back is due again; None if it is to be kept."""
        if batch.again_at > now + MAX_WAIT:
            return min(batch.again_at, now + LONGEST_DELAY)
        if batch.can_yield and batch.again_at <= now and now > batch.claimed_at + YIELD_AFTER + self.pace.slack:
            return now
        slowest = min(self._batches, key=lambda each: each.progress_at)
        if self._wants_more.is_set() and len(self._batches) == MAX_BATCHES and batch is slowest:
            return now + HAND_BACK_FOR if now > batch.progress_at + MAX_WAIT else None
        return None

    def _hand_back(self, batch: ClaimedBatch, due_at: datetime) -> None:
        """Hand a batch back; if the store is away, its lease ends by itself."""
        try:
            batch.hand_back(due_at, self._clock())
        except StorageUnavailable as error:
            log.warning("not_handed_back", job_id=batch.job.id, batch=batch.claim.number, error=str(error))


def complete_jobs(jobs: Jobs, notifier: Notifier, *, now: datetime) -> None:
    """End the jobs whose batches are all done, and announce it."""
    while completed := jobs.complete(now=now, limit=MAX_COMPLETED):
        for job_id in completed:
            if job := jobs.find(job_id):
                _log_end(job)
            notifier.announce_job(job_id, ended=True)


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
