"""What is known of the upstreams that are called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inventory.clock import Clock
from inventory.errors import NotFound
from inventory.rate_limits.model import Budgets, Upstream


class UpstreamService:
    """The upstreams, as their budgets know them."""

    def __init__(self, budgets: Budgets, *, clock: Clock) -> None:
        self._budgets = budgets
        self.clock = clock

    def find(self, host: str) -> Upstream:
        """One upstream; `NotFound` if it was not called lately."""
        upstream = self._budgets.state(host.lower())
        if upstream is None:
            raise NotFound(f"{host} was not called within the last day.")
        return upstream

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        """Upstreams, those that were called last first, after `after`."""
        return self._budgets.listing(limit=limit, after=after)
