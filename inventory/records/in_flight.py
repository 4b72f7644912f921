"""Collections that are in flight: each in a thread, up to a number of slots."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog

from inventory.records.model import Outcome, Record

log = structlog.get_logger(__name__)

LOOKUP_SHARE = 5
"""One of so many slots is kept for lookups, which must not wait for the slow upstreams of jobs."""
POLL_INTERVAL = 0.2
"""Seconds after which a collector with free slots looks for newly due work while its other slots are busy."""
GATHER_SECONDS = 0.01
"""Seconds in which outcomes that only jobs wait for are gathered: a transaction for each would cost more than its fetch."""


class InFlight:
    """Collections that are in flight; true while there are any."""

    def __init__(self, pool: ThreadPoolExecutor, slots: int) -> None:
        self._pool, self._slots = pool, slots
        self._claims: dict[Future[Outcome], Record] = {}

    def __len__(self) -> int:
        return len(self._claims)

    def room(self) -> tuple[int, bool]:
        return room(self._slots - len(self._claims), self._slots)

    def start(self, collect: Callable[..., Outcome], claim: Record, *arguments: object) -> None:
        """Collect a claim in a free slot."""
        self._claims[self._pool.submit(collect, claim, *arguments)] = claim

    def done(self) -> list[Outcome]:
        """Take the outcomes that are ready."""
        return self._take(wait(self._claims, timeout=0).done)

    def wait(self) -> list[Outcome]:
        """Take the outcomes that come soon; if only jobs wait for them, with those that come a moment later."""
        done, others = wait(self._claims, timeout=POLL_INTERVAL, return_when=FIRST_COMPLETED)
        if done and others and all(self._claims[future].bulk for future in done):
            done |= wait(others, timeout=GATHER_SECONDS).done
        return self._take(done)

    def _take(self, done: set[Future[Outcome]]) -> list[Outcome]:
        """A collection that met a store that is away is logged, and its lease brings it back."""
        outcomes = []
        for future in done:
            del self._claims[future]
            error = future.exception()
            if error is None:
                outcomes.append(future.result())
            else:
                log.error("collection_broke", exc_info=error)
        return outcomes


def room(free: int, slots: int) -> tuple[int, bool]:
    """How many claims to take into free slots, and whether claims of jobs may be among them."""
    kept = slots // LOOKUP_SHARE
    return (free - kept, True) if free > kept else (free, False)
