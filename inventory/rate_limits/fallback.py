"""The budgets that are used: those that all programs share, or this program's own while Redis is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Budgets, Permit, PermitRequest, Report, Throttled, Upstream
from inventory.redis_outage import RETRY_AFTER, RedisOutage

Result = TypeVar("Result")


class FallbackBudgets:
    """Shared budgets, and local ones for as long as those fail; it raises nothing.

    A permit is given back where it was taken. A pause that an upstream asked for is kept on both sides.
    """

    def __init__(
        self,
        shared: Budgets,
        local: LocalBudgets,
        *,
        retry_after: float = RETRY_AFTER,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._local = local
        self._outage = RedisOutage(away="budgets_local", back="budgets_shared", retry_after=retry_after, ticks=ticks)

    def take(self, requests: Sequence[PermitRequest]) -> Sequence[Permit | Throttled]:
        return self._either(lambda budgets: budgets.take(requests), writes=True)

    def done(self, reports: Sequence[Report]) -> None:
        """Give permits back. Shared ones that cannot be given back return when their lease is over."""
        for report in reports:
            if report.permit.shared and report.pause:
                self._local.pause(report.permit.host, report.pause)
        self._local.done([report for report in reports if not report.permit.shared])
        shared = [report for report in reports if report.permit.shared]
        if shared:
            self._outage.call(lambda: self._shared.done(shared), lambda: None)

    def state(self, host: str) -> Upstream | None:
        return self._either(lambda budgets: budgets.state(host), writes=False)

    def permits(self, hosts: Sequence[str], *, within: float) -> Mapping[str, int]:
        return self._either(lambda budgets: budgets.permits(hosts, within=within), writes=False)

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        return self._either(lambda budgets: budgets.listing(limit=limit, after=after), writes=False)

    def _either(self, use: Callable[[Budgets], Result], *, writes: bool) -> Result:
        return self._outage.call(lambda: use(self._shared), lambda: use(self._local), writes=writes)
