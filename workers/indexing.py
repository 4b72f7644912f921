"""The scheduler's indexing of what is unindexed: a little in each round, and a line in the log now and then."""

from __future__ import annotations

from collections import Counter
from time import monotonic

import structlog

from inventory.observations.indexing import Indexed
from inventory.services import Services

log = structlog.get_logger(__name__)

INDEX_FOR = 1.0
"""Seconds of a round in which records are indexed, so that a large store takes hours and not days."""
TELL_EVERY = 60.0
"""Seconds between two lines about the progress."""
MAX_LEFT = 1_000_000
"""Up to which it is counted what is left."""


class BackgroundIndexing:
    """Indexes what is unindexed in the rounds of one scheduler."""

    def __init__(self, services: Services) -> None:
        self._observations = services.store.observations
        self._walk = services.indexer.walk()
        self._done = Counter[Indexed]()
        self._began: float | None = None
        self._told = 0.0

    def index_some(self) -> None:
        """Index for up to `INDEX_FOR` seconds, as long as that goes on."""
        until = monotonic() + INDEX_FOR
        while monotonic() < until:
            found = Counter(self._walk.step())
            if found and self._began is None:
                self._began = self._told = monotonic()
            self._done += found
            if not found[Indexed.DONE] + found[Indexed.SET_ASIDE]:
                break
        if self._began is not None:
            self._tell(self._began)

    def _tell(self, began: float) -> None:
        now = monotonic()
        over = not self._observations.count_unindexed(up_to=1)
        if over or now - self._told >= TELL_EVERY:
            self._told = now
            left = 0 if over else self._observations.count_unindexed(up_to=MAX_LEFT)
            indexed, seconds = self._done[Indexed.DONE], now - began
            log.info(
                "records_indexed",
                count=indexed,
                set_aside=self._done[Indexed.SET_ASIDE],
                left=left,
                rate=round(indexed / seconds, 1) if seconds else None,
            )
        if over:
            self._began, self._done = None, Counter()
