"""Rebuilding the observations of all records, from the beginning or from where a call that was killed had come to.

First every record is marked as unindexed, then all that are unindexed are indexed. The marks are the queue: whoever finds
them goes on, and the scheduler does so without being asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from inventory.clock import MILLISECOND, Clock
from inventory.errors import StorageUnavailable
from inventory.observations.indexing import Indexed, Indexer, Walk
from inventory.observations.model import Reindexing
from inventory.observations.ports import Observations

MARKED_AT_ONCE = 500
"""Records that are marked in one transaction: some milliseconds in which nothing else is written."""
COUNT_EVERY = 1.0
"""Seconds after which it is counted again what is left, because others index too."""
WAIT = 0.5
"""Seconds before another look at records that changed while they were indexed."""
MAX_TRIES = 20
"""How often a store that does not answer is tried, so that a long run outlives a short outage."""
MAX_LEFT, MAX_LOOKS = 20, 20
"""So few records that are left after so many looks are such that others work on: the scheduler indexes them."""
UNBOUNDED = 10**9
KNOWN_AFTER = timedelta(seconds=10)
"""When every process knows that policies have changed, and has settled what it had collected before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReindexingProgress:
    """How far it is: `done` of `total` records, of which this call indexed `indexed` and set aside `set_aside`.

    While records are marked, `total` is None and `done` is how many are marked.
    """

    begun_at: datetime
    resumed: bool
    total: int | None
    done: int
    indexed: int = 0
    set_aside: int = 0


@dataclass(frozen=True, slots=True)
class Reindexer:
    """Rebuilds observations. Every method may raise `StorageUnavailable`; what was done until then stays done."""

    observations: Observations
    indexer: Indexer
    clock: Clock
    sleep: Callable[[float], object]

    def run(self, *, afresh: bool = False) -> Iterator[ReindexingProgress]:
        """Rebuild all observations, and tell how far that is, until nothing is left.

        It goes on with an earlier call that did not come to its end, unless it is to begin `afresh`.
        """
        run = None if afresh else self._unfinished()
        resumed = run is not None
        run = run or self._begin(self.clock())
        while run.marked_up_to is not None:
            yield ReindexingProgress(begun_at=run.begun_at, resumed=resumed, total=None, done=run.marked)
            if (early := run.begun_at - self.clock()) > timedelta(0):
                self.sleep(min(early, KNOWN_AFTER).total_seconds())
            run = self._mark_some(run, run.marked_up_to)
        yield from self._index(ReindexingProgress(begun_at=run.begun_at, resumed=resumed, total=run.marked, done=0))
        self.observations.end_reindexing(run)

    def request(self) -> None:
        """Have all rebuilt by the scheduler, because policies are about to change; an unfinished rebuilding begins again."""
        run, begins = self.observations.reindexing(), self.clock() + KNOWN_AFTER
        self._begin(begins if run is None else max(begins, run.begun_at + MILLISECOND))

    def mark_some(self) -> bool:
        """Mark some more records of the rebuilding that has begun; False if none has, or all are marked."""
        run = self.observations.reindexing()
        if run is None or run.marked_up_to is None or run.begun_at > self.clock():
            return False
        self._mark_some(run, run.marked_up_to)
        return True

    def marked(self) -> Reindexing | None:
        """The rebuilding of which all records are marked."""
        run = self.observations.reindexing()
        return run if run is not None and run.marked_up_to is None else None

    def end(self, run: Reindexing) -> None:
        """A rebuilding has come to its end."""
        self.observations.end_reindexing(run)

    def is_under_way(self) -> bool:
        """Whether a rebuilding has begun, or is to begin, that has not come to its end."""
        return self.observations.reindexing() is not None

    def left(self) -> int:
        """How many records are unindexed."""
        return self.observations.count_unindexed(up_to=UNBOUNDED)

    def unindexable(self, *, limit: int) -> Mapping[str, str]:
        """The reasons of records that could not be indexed, by id."""
        return self.observations.unindexable(limit=limit)

    def _unfinished(self) -> Reindexing | None:
        """The earlier call that has something left; the scheduler may have come to its end."""
        run = self.observations.reindexing()
        if run is not None and run.marked_up_to is None and not self.observations.count_unindexed(up_to=1):
            return None
        return run

    def _begin(self, at: datetime) -> Reindexing:
        """The rebuilding that is to be done: the one that begins then, or a later one."""
        return self.observations.note_reindexing(Reindexing(begun_at=at, marked=0, marked_up_to=""))

    def _mark_some(self, run: Reindexing, after: str) -> Reindexing:
        """Mark the next records; how far that is, or what others are doing who have come further.

        A call that dies before this is noted marks these again, and no harm is done.
        """
        last = self.observations.mark_unindexed(after=after, limit=MARKED_AT_ONCE)
        if last is None:
            return self.observations.note_reindexing(replace(run, marked_up_to=None))
        found = self.observations.unindexed(limit=MARKED_AT_ONCE, after=after)
        marked = run.marked + sum(record_id <= last for record_id in found)
        return self.observations.note_reindexing(replace(run, marked=marked, marked_up_to=last))

    def _step(self, walk: Walk) -> Sequence[Indexed]:
        """What became of the next records; a store that does not answer is tried again."""
        for _ in range(MAX_TRIES - 1):
            try:
                return walk.step()
            except StorageUnavailable:
                self.sleep(WAIT)
        return walk.step()

    def _index(self, progress: ReindexingProgress) -> Iterator[ReindexingProgress]:
        walk, here, since, looks = self.indexer.walk(), Counter[Indexed](), 0, 0
        left, counted_at = self.left(), monotonic()
        total = max(progress.total or 0, left)
        while left and looks < MAX_LOOKS:
            found = Counter(self._step(walk))
            done = found[Indexed.DONE] + found[Indexed.SET_ASIDE]
            here, since = here + found, since + done
            if not done or left <= MAX_LEFT or monotonic() - counted_at > COUNT_EVERY:
                left, counted_at, since = self.left(), monotonic(), 0
            yield replace(
                progress,
                total=total,
                done=min(total, max(0, total - left + since)),
                indexed=here[Indexed.DONE],
                set_aside=here[Indexed.SET_ASIDE],
            )
            looks = looks + 1 if left <= MAX_LEFT else 0
            if left and (not done or looks):
                self.sleep(WAIT)
