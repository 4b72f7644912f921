"""One run of the engine in a worker: which batches it holds, whose turn it is, and which it hands back.

It holds as many batches as keep the collections of this worker busy, and a few more, so that no job waits long for another.
What can only go on later is handed back, to be claimed again by anybody when it can: a pause costs no place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog

from inventory.errors import StorageUnavailable
from inventory.jobs.claimed_batch import ClaimedBatch
from inventory.jobs.engine import Engine
from inventory.jobs.model import READING
from inventory.records.model import LONGEST_PAUSE

log = structlog.get_logger(__name__)

ENOUGH = 1_000
"""Rows that keep a worker's collections busy for about a second: with fewer open, another batch is taken."""
MOST = 6
"""Batches that are held at once, however slow all of them are."""
LOOK_AGAIN = timedelta(seconds=1)
"""After which another batch is looked for when there was none."""
PATIENCE = timedelta(seconds=2)
"""A batch that has to wait for longer is handed back."""
TURN = timedelta(seconds=3)
"""After which a batch that never waits is handed back, so that another job's has its turn."""
PAUSE = timedelta(seconds=5)
"""After which a batch is due again that met a store that was away, or made room for others."""
TICK = 0.1
"""Seconds in which a request to stop is noticed."""


class Feeder:
    """Holds batches and lets them go on in turns: `run` in a thread of its own, `more` and `stop` from others."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: list[ClaimedBatch] = []
        self._look_at = self._round_at = engine.clock()
        self._over, self._fed, self._starved = Event(), Event(), Event()
        self._idle = False

    def more(self, seconds: float) -> bool:
        """Hear that fewer collections are due than could be made, and wait up to so many seconds for a batch to go on.

        False when none is held and there is none to take.
        """
        self._starved.set()
        if not self._idle:
            self._fed.wait(seconds)
            self._fed.clear()
        return not self._idle

    @property
    def is_reading(self) -> bool:
        """Whether a file is being read: who takes that up again begins at the start of the file."""
        return any(holding.claim.number == READING for holding in self._held)

    def stop(self) -> None:
        """Have `run` hand everything back and end."""
        self._over.set()

    def run(self, stopping: Callable[[], bool]) -> None:
        """Go on until told to stop, in either way."""
        try:
            while not (stopping() or self._over.is_set()):
                self.round()
                if not self._can_go_on(self._engine.clock()):
                    self._over.wait(TICK)
            for holding in self._held:
                self._hand_back(holding, self._engine.clock())
        finally:
            self._idle = True
            self._fed.set()

    def round(self) -> None:
        """Take a batch if one is wanted, let each that can go on do so once, and hand back those that have to wait."""
        now = self._engine.clock()
        self._heed(now)
        if self._wants_more(now):
            self._take(now)
        for holding in self._able(now):
            if not self._go_on(holding):
                self._held.remove(holding)
                self._look_at = now
            self._fed.set()
        for holding in list(self._held):
            due_at = self._due_elsewhere(holding, now)
            if due_at is not None:
                self._held.remove(holding)
                self._hand_back(holding, due_at)
        self._idle = not self._held and now < self._look_at
        if self._idle:
            self._fed.set()

    def _heed(self, now: datetime) -> None:
        """A clock that was set back must hold nothing up: then everything may go on at once."""
        if now < self._round_at:
            self._look_at = now
            for holding in self._held:
                holding.again_at = min(holding.again_at, now)
        self._round_at = now

    def _able(self, now: datetime) -> list[ClaimedBatch]:
        return [holding for holding in self._held if holding.again_at <= now]

    def _can_go_on(self, now: datetime) -> bool:
        return bool(self._able(now)) or self._wants_more(now)

    def _wants_more(self, now: datetime) -> bool:
        """Whether the batches in hand leave time for another one, and do not keep the collections busy."""
        if now < self._look_at or len(self._held) >= MOST or any(holding.takes_turns for holding in self._able(now)):
            return False
        return sum(holding.open for holding in self._held) < ENOUGH or self._starved.is_set()

    def _take(self, now: datetime) -> None:
        self._starved.clear()
        holding = None
        try:
            holding = self._engine.claim()
        except StorageUnavailable as error:
            log.warning("store_not_ready", error=str(error))
        if holding is None:
            self._look_at = now + LOOK_AGAIN
        else:
            self._held.append(holding)

    def _go_on(self, holding: ClaimedBatch) -> bool:
        try:
            return self._engine.go_on(holding)
        except StorageUnavailable as error:
            log.warning("batch_interrupted", job_id=holding.job.id, batch=holding.claim.number, error=str(error))
            holding.again_at = self._engine.clock() + LOOK_AGAIN
            if not holding.can_wait:
                self._hand_back(holding, self._engine.clock() + PAUSE)
            return holding.can_wait
        except Exception:  # the edge of this thread: the lease brings the batch back, until it is given up
            log.exception("batch_broke", job_id=holding.job.id, batch=holding.claim.number)
            return False

    def _due_elsewhere(self, holding: ClaimedBatch, now: datetime) -> datetime | None:
        """When a batch that is to be handed back can be claimed again; None for one to be kept."""
        if holding.again_at > now + PATIENCE:
            return min(holding.again_at, now + LONGEST_PAUSE)
        if holding.takes_turns and holding.again_at <= now and now > holding.taken_at + TURN:
            return now
        if self._starved.is_set() and len(self._held) == MOST and holding is self._slowest():
            return now + PAUSE if now > holding.progress_at + PATIENCE else None
        return None

    def _slowest(self) -> ClaimedBatch:
        return min(self._held, key=lambda holding: holding.progress_at)

    def _hand_back(self, holding: ClaimedBatch, due_at: datetime) -> None:
        """Hand it back; where the store is away, its lease does."""
        try:
            holding.hand_back(due_at, self._engine.clock())
        except StorageUnavailable as error:
            log.warning("not_handed_back", job_id=holding.job.id, batch=holding.claim.number, error=str(error))


@contextmanager
def feeding(engine: Engine, stopping: Callable[[], bool]) -> Iterator[Feeder]:
    """Inside, a thread takes batches and works on them, until `stopping` or the end of the block hands them back.

    They accept what has to be collected: the block should collect it, and ask the feeder for more when nothing is due.
    """
    feeder = Feeder(engine)
    thread = Thread(target=feeder.run, args=(stopping,), name="feed")
    thread.start()
    try:
        yield feeder
    finally:
        feeder.stop()
        thread.join()
