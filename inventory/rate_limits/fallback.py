"""The budgets that are used: those that all programs share, or this program's own while Redis is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock
from typing import TypeVar

import structlog
from redis.exceptions import RedisError, ResponseError

from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import (
    Budgets,
    Permit,
    PermitRequest,
    Report,
    Throttled,
    Upstream,
)

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

QUIET_FOR = 1.0
"""Seconds between two tries to reach a Redis that failed, so that calls do not wait for it one by one."""
READ_AGAIN = 30.0
"""Seconds for which a Redis that refused a write is not read: that it can be read would not mean that it is back."""


class FallbackBudgets:
    """Shared budgets, and local ones for as long as those fail; it raises nothing, and logs each change once.

    While Redis is away, one call in `QUIET_FOR` seconds finds out whether it is back; the others don't wait for it. One that
    refuses writes, because it is full or a replica, is away.
    A permit is given back where it was taken, and a pause that an upstream asked for is kept to on both sides.
    """

    def __init__(
        self,
        shared: Budgets,
        local: LocalBudgets,
        *,
        quiet_for: float = QUIET_FOR,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._local = local
        self._quiet_for = quiet_for
        self._ticks = ticks
        self._lock = Lock()
        self._away = False
        self._next_try = self._next_read = 0.0

    def take(self, requests: Sequence[PermitRequest]) -> Sequence[Permit | Throttled]:
        """Decide permit requests."""
        return self._either(lambda budgets: budgets.take(requests), writes=True)

    def done(self, reports: Sequence[Report]) -> None:
        """Give permits back. Shared ones that cannot be come back when their lease is over."""
        for report in reports:
            if report.permit.shared and report.pause:
                self._local.pause(report.permit.host, report.pause)
        self._local.done([report for report in reports if not report.permit.shared])
        shared = [report for report in reports if report.permit.shared]
        if shared:
            self._try(lambda: self._shared.done(shared), writes=True)

    def state(self, host: str) -> Upstream | None:
        """What is known of a host, or None."""
        return self._either(lambda budgets: budgets.state(host), writes=False)

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        """Hosts, newest first."""
        return self._either(lambda budgets: budgets.listing(limit=limit, after=after), writes=False)

    def _either(self, use: Callable[[Budgets], Answer], *, writes: bool) -> Answer:
        """What the shared budgets say, or the local ones."""
        answers: list[Answer] = []
        if self._try(lambda: answers.append(use(self._shared)), writes=writes):
            return answers[0]
        return use(self._local)

    def _try(self, use: Callable[[], None], *, writes: bool) -> bool:
        """Whether the shared budgets could be used."""
        if not self._may_try(writes=writes):
            return False
        try:
            use()
        except RedisError as error:
            self._change(error)
            return False
        self._change(None)
        return True

    def _may_try(self, *, writes: bool) -> bool:
        with self._lock:
            if self._away:
                now = self._ticks()
                if now < (self._next_try if writes else self._next_read):
                    return False
                self._next_try = self._next_read = now + self._quiet_for
            return True

    def _change(self, error: RedisError | None) -> None:
        with self._lock:
            away = error is not None
            changed, self._away = self._away is not away, away
            self._next_try = self._ticks() + self._quiet_for
            self._next_read = self._ticks() + (READ_AGAIN if isinstance(error, ResponseError) else self._quiet_for)
        if changed and away:
            log.warning("budgets_local", error=str(error))
        elif changed:
            log.info("budgets_shared")
