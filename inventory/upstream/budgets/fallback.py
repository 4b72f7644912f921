"""The budgets that are used: those that all programs share, or this program's own while Redis is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock
from typing import TypeVar

import structlog
from redis.exceptions import RedisError

from inventory.upstream.budgets.local import LocalBudgets
from inventory.upstream.budgets.model import Ask, Budgets, Permit, Refusal, Report, Upstream

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

QUIET_FOR = 1.0
"""Seconds between two tries to reach a Redis that failed, so that calls do not wait for it one by one."""


class FallbackBudgets:
    """Shared budgets, and local ones for as long as those fail; it raises nothing, and logs each change once.

    While Redis is away, one call in `QUIET_FOR` seconds finds out whether it is back; the others don't wait for it.
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
        self._next_try = 0.0

    def take(self, asks: Sequence[Ask]) -> Sequence[Permit | Refusal]:
        """Decide asks."""
        return self._either(lambda budgets: budgets.take(asks))

    def done(self, reports: Sequence[Report]) -> None:
        """Give permits back. Shared ones that cannot be come back when their lease is over."""
        for report in reports:
            if report.permit.shared and report.pause:
                self._local.pause(report.permit.host, report.pause)
        self._local.done([report for report in reports if not report.permit.shared])
        shared = [report for report in reports if report.permit.shared]
        if shared:
            self._try(lambda: self._shared.done(shared))

    def state(self, host: str) -> Upstream | None:
        """What is known of a host, or None."""
        return self._either(lambda budgets: budgets.state(host))

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        """Hosts, newest first."""
        return self._either(lambda budgets: budgets.listing(limit=limit, after=after))

    def _either(self, use: Callable[[Budgets], Answer]) -> Answer:
        """What the shared budgets say, or the local ones."""
        answers: list[Answer] = []
        if self._try(lambda: answers.append(use(self._shared))):
            return answers[0]
        return use(self._local)

    def _try(self, use: Callable[[], None]) -> bool:
        """Whether the shared budgets could be used."""
        if not self._may_try():
            return False
        try:
            use()
        except RedisError as error:
            self._change(away=True, error=str(error))
            return False
        self._change(away=False, error=None)
        return True

    def _may_try(self) -> bool:
        with self._lock:
            if self._away:
                if self._ticks() < self._next_try:
                    return False
                self._next_try = self._ticks() + self._quiet_for
            return True

    def _change(self, *, away: bool, error: str | None) -> None:
        with self._lock:
            changed, self._away = self._away is not away, away
            if away:
                self._next_try = self._ticks() + self._quiet_for
        if changed and away:
            log.warning("budgets_local", error=error)
        elif changed:
            log.info("budgets_shared")
