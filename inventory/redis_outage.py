"""Whether Redis is away, and when it is tried again: the one place that decides it.

A Redis that refuses writes, because it is full, a replica or cannot save, counts as away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

import structlog
from redis.exceptions import RedisError, ResponseError

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

RETRY_AFTER = 1.0
"""Seconds between two tries to reach a Redis that is away, so that calls do not wait for it one by one."""
READ_AFTER = 30.0
"""Seconds for which a Redis that refused a write is not read: a successful read would not mean that it takes writes."""

WRITE_ERRORS = {
    "OOM": "out of memory",
    "READONLY": "it is a read-only replica",
    "MASTERDOWN": "it is a replica whose master is away",
    "NOREPLICAS": "it has too few replicas",
    "MISCONF": "it cannot save to its disk",
    "LOADING": "it is loading its data",
    "CLUSTERDOWN": "its cluster is down",
    "NOAUTH": "it wants a password",
    "WRONGPASS": "it wants another password",
    "NOPERM": "this user is not permitted to",
}
"""Why Redis takes no writes, by the code of its error."""


class RedisOutage:
    """What one client of Redis knows of an outage; `away` and `back` are the events that it logs, once for each change.

    While Redis is away, one call in `retry_after` seconds finds out whether it is back. The others do without it at once.
    """

    def __init__(
        self, *, away: str, back: str, retry_after: float = RETRY_AFTER, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._events = {True: away, False: back}
        self._retry_after = retry_after
        self._ticks = ticks
        self._lock = Lock()
        self._away = False
        self._next_try = self._next_read = 0.0

    @property
    def is_quiet(self) -> bool:
        """Whether Redis is away and not to be tried yet."""
        return self._away and self._ticks() < self._next_try

    def call(self, use: Callable[[], Result], otherwise: Callable[[], Result], *, writes: bool = True) -> Result:
        """What `use` returns, or what `otherwise` does while Redis is away."""
        if not self._may_try(writes=writes):
            return otherwise()
        try:
            result = use()
        except RedisError as error:
            self.note(error)
            return otherwise()
        self.note(None)
        return result

    def note(self, error: RedisError | None) -> None:
        """Remember how a call ended."""
        away = error is not None
        if not (away or self._away):
            return
        with self._lock:
            changed, self._away = self._away is not away, away
            self._next_try = self._ticks() + self._retry_after
            self._next_read = self._ticks() + (READ_AFTER if isinstance(error, ResponseError) else self._retry_after)
        if changed and away:
            log.warning(self._events[away], error=str(error))
        elif changed:
            log.info(self._events[away])

    def _may_try(self, *, writes: bool) -> bool:
        if not self._away:
            return True
        with self._lock:
            now = self._ticks()
            if self._away and now < (self._next_try if writes else self._next_read):
                return False
            self._next_try = self._next_read = now + self._retry_after
            return True


def reason(error: RedisError) -> str:
    """Why Redis takes no writes, in words that name no address."""
    code = error.status_code or str(error).partition(" ")[0]
    if code in WRITE_ERRORS:
        return f"refuses writes: {WRITE_ERRORS[code]}"
    return "refuses writes" if isinstance(error, ResponseError) else "no answer"
