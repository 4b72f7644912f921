"""The upstreams that are called, and their budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.clock import Clock
from inventory.errors import NotFound
from inventory.rate_limits.model import Budgets, Upstream


@dataclass(frozen=True, slots=True)
class UpstreamService:
    """Upstreams as users see them."""

    budgets: Budgets
    clock: Clock

    def find(self, host: str) -> Upstream:
        """One upstream; `NotFound` if it was not called recently."""
        upstream = self.budgets.state(host.lower())
        if upstream is None:
            raise NotFound(f"{host} was not called recently. /api/v1/upstreams lists the hosts that were.")
        return upstream

    def permits(self, hosts: Sequence[str], *, within: float) -> Mapping[str, int]:
        return self.budgets.permits(hosts, within=within)

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        return self.budgets.listing(limit=limit, after=after)
