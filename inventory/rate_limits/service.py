"""The upstreams that are called, and their budgets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inventory.clock import Clock
from inventory.errors import NotFound
from inventory.rate_limits.model import Budgets, Upstream


class UpstreamService:
    """The upstreams that have a budget."""

    def __init__(self, budgets: Budgets, *, clock: Clock) -> None:
        self._budgets = budgets
        self.clock = clock

    def find(self, host: str) -> Upstream:
        """One upstream; `NotFound` if it was not called lately."""
        upstream = self._budgets.state(host.lower())
        if upstream is None:
            raise NotFound(f"{host} was not called lately. /api/v1/upstreams lists the hosts that were.")
        return upstream

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        """Upstreams, those that were called last first, after `after`."""
        return self._budgets.listing(limit=limit, after=after)
