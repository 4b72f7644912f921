"""The scheduler's indexing of what is unindexed: a little in each round, and a line in the log now and then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from time import monotonic

import structlog

from inventory.observations.indexing import Indexed
from inventory.observations.model import Reindexing
from inventory.services import Services

log = structlog.get_logger(__name__)

INDEX_FOR = 1.0
"""Seconds of a round in which records are indexed, so that a large store takes hours and not days."""
MARK_FOR = 0.2
"""Seconds of a round in which records are marked that are to be indexed again."""
LOG_EVERY = 60.0
"""Seconds between two lines about the progress."""
BACKLOG = 100
"""So many unindexed records are a store to be indexed, and none that are being settled."""
MAX_LEFT = 1_000_000
"""Up to which it is counted what is left."""


class BackgroundIndexing:
    """Indexes what is unindexed in the rounds of one scheduler."""

    def __init__(self, services: Services) -> None:
        self._observations = services.store.observations
        self._reindexer = services.reindexer
        self._walk = services.indexer.walk()
        self._done = Counter[Indexed]()
        self._seen: Set[str] | None = None
        self._marked: Reindexing | None = None
        self._began: float | None = None
        self._logged_at = 0.0

    def index_some(self) -> None:
        """Index for up to `INDEX_FOR` seconds, as long as that goes on."""
        marked = self._reindexer.marked()
        are_in_work = self._are_in_work()
        if are_in_work and marked is not None and marked == self._marked:
            self._reindexer.end(marked)  # all that was marked before the last round is indexed
        self._marked = marked
        if self._mark(until=monotonic() + MARK_FOR) or not are_in_work:
            are_in_work = False
            self._index(until=monotonic() + INDEX_FOR)
        if self._began is not None:
            self._log_progress(self._began, over=are_in_work or not self._observations.count_unindexed(up_to=1))

    def _mark(self, *, until: float) -> bool:
        """Go on with marking what is to be indexed again; whether anything was left to be marked."""
        is_some = is_more = self._reindexer.mark_some()
        while is_more and monotonic() < until:
            is_more = self._reindexer.mark_some()
        return is_some

    def _index(self, *, until: float) -> None:
        done = 1
        while done and monotonic() < until:
            found = Counter(self._walk.step())
            if found and self._began is None:
                self._began = self._logged_at = monotonic()
            self._done += found
            done = found[Indexed.DONE] + found[Indexed.SET_ASIDE]

    def _are_in_work(self) -> bool:
        """Whether all that is unindexed came since the round before.

        Where a store keeps observations apart from records, those who settle may be just about to write them.
        """
        before, self._seen = self._seen, set(self._observations.unindexed(limit=BACKLOG))
        if before is None or max(len(before), len(self._seen)) >= BACKLOG:
            return False
        return not self._seen & before

    def _log_progress(self, began: float, *, over: bool) -> None:
        now = monotonic()
        if over or now - self._logged_at >= LOG_EVERY:
            self._logged_at = now
            indexed, seconds = self._done[Indexed.DONE], now - began
            log.info(
                "records_indexed",
                count=indexed,
                set_aside=self._done[Indexed.SET_ASIDE],
                left=self._observations.count_unindexed(up_to=MAX_LEFT),
                rate=round(indexed / seconds, 1) if seconds else None,
            )
        if over:
            self._began, self._done = None, Counter()
