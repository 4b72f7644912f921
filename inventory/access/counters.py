"""Counts what callers do, in periods that begin with the first count; in this process alone while Redis is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from threading import Lock
from typing import Protocol

from inventory.access.quota_model import Quota, Usage
from inventory.redis_outage import RETRY_AFTER, RedisOutage

MAX_COUNTERS = 100_000
"""Counters in the memory of a process, some 30 MB. Of more, those that were begun first are forgotten."""


class Counters(Protocol):
    """Counters, one for each quota of each caller."""

    def read(self, caller: str, quotas: Sequence[Quota]) -> Sequence[Usage]:
        """What was used of each quota; a period that has not begun would begin now."""

    def add(self, caller: str, quotas: Sequence[Quota]) -> None:
        """Count one for each quota."""


class LocalCounters:
    """Counters of this process, whose quotas are shares: `processes` of them together stay within the quota.

    The storage in memory of `limits` 5.8 is not used, because it keeps any number of counters, looks at each of them after
    each count, and loses counts of threads.
    """

    def __init__(
        self, *, processes: int, max_counters: int = MAX_COUNTERS, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._processes, self._max_counters, self._ticks = processes, max_counters, ticks
        self._counters: dict[tuple[str, Quota], tuple[int, float]] = {}
        self._lock = Lock()

    def read(self, caller: str, quotas: Sequence[Quota]) -> Sequence[Usage]:
        with self._lock:
            return [self._read(caller, quota) for quota in quotas]

    def add(self, caller: str, quotas: Sequence[Quota]) -> None:
        with self._lock:
            for quota in quotas:
                self._add(caller, quota)

    def _read(self, caller: str, quota: Quota) -> Usage:
        used, ends = self._counters.get((caller, quota), (0, 0.0))
        left = ends - self._ticks()
        if left <= 0:
            return Usage(quota=quota, used=0, ends_in=quota.seconds)
        return Usage(quota=quota, used=used, ends_in=left)

    def _add(self, caller: str, quota: Quota) -> None:
        """Count one, as one for each process, because each counts only its own."""
        key, before = (caller, quota), self._read(caller, quota)
        if not before.used:
            self._counters.pop(key, None)  # a period that begins comes after all others
            while len(self._counters) >= self._max_counters:
                del self._counters[next(iter(self._counters))]
        self._counters[key] = before.used + self._processes, self._ticks() + before.ends_in


class FallbackCounters:
    """Shared counters, made when they are first needed, and local ones for as long as those fail; it raises nothing."""

    def __init__(
        self,
        make_shared: Callable[[], Counters],
        local: Counters,
        *,
        retry_after: float = RETRY_AFTER,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared, self._local = cache(make_shared), local
        self._outage = RedisOutage(away="quotas_local", back="quotas_shared", retry_after=retry_after, ticks=ticks)

    def read(self, caller: str, quotas: Sequence[Quota]) -> Sequence[Usage]:
        return self._outage.call(
            lambda: self._shared().read(caller, quotas), lambda: self._local.read(caller, quotas), writes=False
        )

    def add(self, caller: str, quotas: Sequence[Quota]) -> None:
        self._outage.call(lambda: self._shared().add(caller, quotas), lambda: self._local.add(caller, quotas))
