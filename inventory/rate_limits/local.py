"""Budgets of this program alone, in memory, for when Redis is away. They decide as the shared ones do."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from threading import Lock

from inventory.rate_limits import state
from inventory.rate_limits.host import Host
from inventory.rate_limits.limits import Limits
from inventory.rate_limits.model import Permit, PermitRequest, Policy, Report, Throttled, Upstream


def steady_clock() -> Callable[[], int]:
    """A clock that only goes forward: microseconds since 1970 as they are at this moment, and what passes from now on."""
    offset = time.time_ns() - time.monotonic_ns()
    return lambda: (time.monotonic_ns() + offset) // 1_000


class LocalBudgets:
    """Budgets in memory, safe to share between threads; `clock` gives microseconds and never goes back."""

    def __init__(
        self, limits: Limits, policy: Policy, *, clock: Callable[[], int] | None = None, max_hosts: int = state.MAX_HOSTS
    ) -> None:
        self._limits = limits
        self._policy = policy
        self._clock = clock or steady_clock()
        self._max_hosts = max_hosts
        self._hosts: OrderedDict[str, Host] = OrderedDict()
        self._lock = Lock()

    def take(self, requests: Sequence[PermitRequest]) -> Sequence[Permit | Throttled]:
        with self._lock:
            now = self._clock()
            for host in {request.host for request in requests}:
                self._host(host).advance(now, self._limits(host), self._policy)
            decided: dict[int, Permit | Throttled] = {}
            for index in sorted(range(len(requests)), key=lambda index: not requests[index].urgent):
                request = requests[index]
                decided[index] = self._host(request.host).decide(request, now, self._limits(request.host), self._policy)
            return [decided[index] for index in range(len(requests))]

    def done(self, reports: Sequence[Report]) -> None:
        with self._lock:
            now = self._clock()
            for report in reports:
                self._host(report.permit.host).report(report, now, self._policy)

    def pause(self, host: str, seconds: float) -> None:
        """Pause a host for so long, as another budget does."""
        with self._lock:
            self._host(host).pause(self._clock(), seconds)

    def state(self, host: str) -> Upstream | None:
        with self._lock:
            found = self._hosts.get(host)
            if found is None or not found.state["asked_at"]:
                return None
            return found.upstream(self._clock(), self._limits(host))

    def permits(self, hosts: Sequence[str], *, within: float) -> Mapping[str, int]:
        return {host: state.permits_of(self.state(host), self._limits(host), within) for host in hosts}

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        with self._lock:
            requested = [host for host in self._hosts.values() if host.state["asked_at"]]
            keys = sorted(((state.instant(host.state["listed_at"]), host.name) for host in requested), reverse=True)
            names = [key[1] for key in keys if after is None or key < after][:limit]
            return [self._hosts[name].upstream(self._clock(), self._limits(name)) for name in names]

    def _host(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name)
            self._forget(but=name)
        self._hosts.move_to_end(name)
        return host

    def _forget(self, *, but: str) -> None:
        """As `forget` in `take.lua`."""
        now, is_full = self._clock(), len(self._hosts) > self._max_hosts
        target = self._max_hosts if is_full else self._max_hosts - self._max_hosts / 10
        for name in list(islice(self._hosts, state.MAX_LOOKS)):
            if name == but or len(self._hosts) <= target:
                return
            if not is_full and self._hosts[name].is_in_use(now):
                self._hosts.move_to_end(name)
            else:
                del self._hosts[name]
