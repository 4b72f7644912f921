"""Budgets of this program alone, in memory: what there is without Redis.

The same decisions as those of `take.lua` and `done.lua`, line by line: the tests put the same questions to both.
"""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from threading import Lock

from inventory.upstream.budgets import state
from inventory.upstream.budgets.model import (
    LONGEST_PAUSE,
    Ask,
    Breaker,
    Limit,
    Limits,
    Permit,
    Policy,
    Reason,
    Refusal,
    Report,
    Upstream,
)

MOST_HOSTS = 10_000
"""Hosts that are remembered at once; of more, those that were not asked for the longest are forgotten."""


def steady_clock() -> Callable[[], int]:
    """A clock that only goes forward: microseconds since 1970 as they are at this moment, and what passes from now on."""
    offset = time.time_ns() - time.monotonic_ns()
    return lambda: (time.monotonic_ns() + offset) // 1_000


class LocalBudgets:
    """Budgets in memory, safe to share between threads; `clock` gives microseconds and never goes back."""

    def __init__(
        self, limits: Limits, policy: Policy, *, clock: Callable[[], int] | None = None, most_hosts: int = MOST_HOSTS
    ) -> None:
        self._limits = limits
        self._policy = policy
        self._clock = clock or steady_clock()
        self._most_hosts = most_hosts
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        self._lock = Lock()

    def take(self, asks: Sequence[Ask]) -> Sequence[Permit | Refusal]:
        """Decide asks."""
        with self._lock:
            now = self._clock()
            for host in {ask.host for ask in asks}:
                self._host(host).wake(now, self._limits(host))
            decided: dict[int, Permit | Refusal] = {}
            for place in sorted(range(len(asks)), key=lambda place: not asks[place].urgent):
                ask = asks[place]
                decided[place] = self._host(ask.host).decide(ask, now, self._limits(ask.host), self._policy)
            return [decided[place] for place in range(len(asks))]

    def done(self, reports: Sequence[Report]) -> None:
        """Give permits back."""
        with self._lock:
            now = self._clock()
            for report in reports:
                self._host(report.permit.host).report(report, now, self._policy)

    def pause(self, host: str, seconds: float) -> None:
        """Leave a host alone for so long, whoever was asked to."""
        with self._lock:
            self._host(host).pause(self._clock(), seconds)

    def state(self, host: str) -> Upstream | None:
        """What is known of a host, or None."""
        with self._lock:
            found = self._hosts.get(host)
            if found is None or not found.state["asked_at"]:
                return None
            return found.upstream(self._clock(), self._limits(host))

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        """Hosts by (`listed_at`, name), newest first."""
        with self._lock:
            keys = sorted(((state.instant(host.state["listed_at"]), name) for name, host in self._asked()), reverse=True)
            names = [key[1] for key in keys if after is None or key < after][:limit]
            return [self._hosts[name].upstream(self._clock(), self._limits(name)) for name in names]

    def _asked(self) -> Iterator[tuple[str, _Host]]:
        return ((name, host) for name, host in self._hosts.items() if host.state["asked_at"])

    def _host(self, name: str) -> _Host:
        host = self._hosts.setdefault(name, _Host(name))
        self._hosts.move_to_end(name)
        if len(self._hosts) > self._most_hosts:
            self._hosts.popitem(last=False)
        return host


class _Host:
    """One host's state, and the permits that are out with the ends of their leases; the methods are those of the scripts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: defaultdict[str, int] = defaultdict(int)
        self.places: dict[int, int] = {}

    def wake(self, now: int, limit: Limit) -> None:
        host = self.state
        self.places = {permit: until for permit, until in self.places.items() if until > now}
        host["tat"] = min(host["tat"], now + limit.tolerance + limit.interval)
        if host["breaker"] == Breaker.OPEN and now >= host["open_until"]:
            host["breaker"], host["probe_until"] = Breaker.HALF_OPEN, 0
        if now > host["urgent_turn"] + state.GRACE:
            host["urgent_waiting"] = 0
        host["asked_at"] = now
        if now >= host["listed_at"] + state.SETTLE:
            host["listed_at"] = now

    def decide(self, ask: Ask, now: int, limit: Limit, policy: Policy) -> Permit | Refusal:
        spacing = state.spacing(self.state, limit)
        found = self._obstacle(ask, now, limit, spacing, policy)
        return self._grant(ask, now, limit, spacing, policy) if found is None else self._refuse(ask, now, spacing, *found)

    def _obstacle(self, ask: Ask, now: int, limit: Limit, spacing: int, policy: Policy) -> tuple[Reason, int] | None:
        host = self.state
        if host["breaker"] == Breaker.OPEN:
            return Reason.BREAKER, max(host["open_until"], host["paused_until"])
        if host["breaker"] == Breaker.HALF_OPEN and now < host["probe_until"]:
            return Reason.BREAKER, max(now + state.microseconds(policy.first_pause), host["paused_until"])
        if now < host["paused_until"]:
            return Reason.PAUSE, host["paused_until"]
        promised = 0 if ask.urgent else host["urgent_waiting"]
        due = max(host["tat"], now) + promised * limit.interval - limit.tolerance
        if now < due:
            return Reason.RATE, due
        if len(self.places) + promised >= limit.concurrency:
            return Reason.CONCURRENCY, now + spacing
        return None

    def _grant(self, ask: Ask, now: int, limit: Limit, spacing: int, policy: Policy) -> Permit:
        host = self.state
        if now >= max(host["tat"], host["paused_until"], host["open_until"]) + state.IDLE + 2 * spacing:
            host["turn"] = 0
        host["last_id"] = permit = max(host["last_id"] + 1, now)
        host["tat"] = max(host["tat"], now) + limit.interval
        host["requests"] += 1
        if ask.urgent:
            host["urgent_waiting"] = max(0, host["urgent_waiting"] - 1)
        until = self.places[permit] = now + state.microseconds(policy.lease)
        probe = host["breaker"] == Breaker.HALF_OPEN
        if probe:
            host["probe"], host["probe_until"] = permit, until
        return Permit(self.name, permit, host["epoch"], probe, shared=False)

    def _refuse(self, ask: Ask, now: int, spacing: int, reason: Reason, earliest: int) -> Refusal:
        host = self.state
        host["put_off"] += 1
        clock = "urgent_turn" if ask.urgent else "turn"
        turn = max(host[clock] + spacing, earliest)
        if turn > now + state.HORIZON:
            turn = earliest
        host[clock] = turn
        if ask.urgent and reason in (Reason.RATE, Reason.CONCURRENCY):
            host["urgent_waiting"] += 1
        return Refusal(self.name, reason, state.wait_seconds(turn - now))

    def report(self, report: Report, now: int, policy: Policy) -> None:
        host, elapsed = self.state, state.microseconds(report.elapsed)
        self.places.pop(report.permit.id, None)
        host["held"] = elapsed if host["held"] == 0 else (host["held"] * 4 + elapsed) // 5
        self.pause(now, report.pause or 0.0)
        if report.failed:
            host["failures"] += 1
        else:
            self._remember(elapsed)
        self._judge(report, now, policy)

    def pause(self, now: int, seconds: float) -> None:
        pause = state.microseconds(min(seconds, LONGEST_PAUSE))
        if pause > 0:
            self.state["paused_until"] = max(self.state["paused_until"], now + pause)

    def _judge(self, report: Report, now: int, policy: Policy) -> None:
        host = self.state
        if host["breaker"] == Breaker.HALF_OPEN and host["probe"] == report.permit.id:
            if report.failed:
                self._open(now, policy)
            else:
                host["breaker"], host["trips"], host["failures_in_a_row"] = Breaker.CLOSED, 0, 0
                host["epoch"] += 1
        elif host["breaker"] == Breaker.CLOSED and host["epoch"] == report.permit.epoch:
            host["failures_in_a_row"] = host["failures_in_a_row"] + 1 if report.failed else 0
            if host["failures_in_a_row"] >= policy.failures:
                self._open(now, policy)

    def _open(self, now: int, policy: Policy) -> None:
        host = self.state
        for count in ("epoch", "openings", "trips"):
            host[count] += 1
        longest = state.microseconds(policy.longest_pause)
        host["breaker"] = Breaker.OPEN
        host["open_until"] = now + min(state.microseconds(policy.first_pause) * 2 ** (host["trips"] - 1), longest)
        host["turn"], host["urgent_waiting"] = 0, 0

    def _remember(self, elapsed: int) -> None:
        host = self.state
        host["answers"] += 1
        host["answer_time"] += elapsed
        host[state.bucket(elapsed)] += 1
        if host["answers"] >= state.REMEMBERED:
            buckets = [name for name in host if name.startswith("within_")]
            for name in buckets:
                host[name] //= 2
            host["answers"], host["answer_time"] = sum(host[name] for name in buckets), host["answer_time"] // 2

    def upstream(self, now: int, limit: Limit) -> Upstream:
        in_use = sum(until > now for until in self.places.values())
        return state.upstream_of(self.name, self.state, limit, in_use=in_use, now=now, shared=False)
