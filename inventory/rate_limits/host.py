"""One host's budget in memory: the decisions of `take.lua` and `done.lua`, line by line."""

from __future__ import annotations

from collections import defaultdict

from inventory.rate_limits import state
from inventory.rate_limits.limits import Limit
from inventory.rate_limits.model import (
    LONGEST_PAUSE,
    Breaker,
    Permit,
    PermitRequest,
    Policy,
    Reason,
    Report,
    Throttled,
    Upstream,
)


class Host:
    """One host's state, and the leases of its permits: each permit with its end. The methods are those of the scripts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: defaultdict[str, int] = defaultdict(int)
        self.leases: dict[int, int] = {}
        self.idle = False

    def advance(self, now: int, limit: Limit, policy: Policy) -> None:
        """Apply what time alone has changed; before every decision."""
        host = self.state
        self._set_back(now)
        self.leases = {permit: until for permit, until in self.leases.items() if until > now}
        host["next_allowed_at"] = min(host["next_allowed_at"], now + limit.tolerance + limit.interval)
        host["paused_until"] = min(host["paused_until"], now + state.microseconds(LONGEST_PAUSE))
        host["open_until"] = min(host["open_until"], now + state.microseconds(policy.longest_pause))
        if host["breaker"] == Breaker.OPEN and now >= host["open_until"]:
            host["breaker"], host["probe_until"] = Breaker.HALF_OPEN, 0
        callable_from = max(host["next_allowed_at"], host["paused_until"], host["open_until"])
        self.idle = now >= callable_from + state.IDLE_AFTER + 2 * state.spacing(host, limit)
        if self.idle or now > host["last_urgent_reservation"] + state.URGENT_GRACE:
            host["urgent_waiting"] = 0
        host["asked_at"] = now
        if now >= host["listed_at"] + state.LISTED_FOR:
            host["listed_at"] = now

    def _set_back(self, now: int) -> None:
        back = self.state["asked_at"] - now
        if back > 0:
            self.state.update({name: max(0, self.state[name] - back) for name in state.INSTANTS}, listed_at=0)
            self.leases = {permit: until - back for permit, until in self.leases.items()}

    def is_in_use(self, now: int) -> bool:
        """Whether it may not be called, has reservations to come, or is being called."""
        ahead = max(self.state[name] for name in ("next_allowed_at", "last_reservation", "paused_until", "open_until"))
        return ahead > now or any(until > now for until in self.leases.values())

    def decide(self, request: PermitRequest, now: int, limit: Limit, policy: Policy) -> Permit | Throttled:
        """A permit, or the reservation at which to ask again."""
        spacing = state.spacing(self.state, limit)
        found = self._obstacle(request, now, limit, spacing, policy)
        return self._grant(request, now, limit, policy) if found is None else self._defer(request, now, limit, *found)

    def _obstacle(
        self, request: PermitRequest, now: int, limit: Limit, spacing: int, policy: Policy
    ) -> tuple[Reason, int] | None:
        host = self.state
        if host["breaker"] == Breaker.OPEN:
            return Reason.BREAKER, max(host["open_until"], host["paused_until"])
        if host["breaker"] == Breaker.HALF_OPEN and now < host["probe_until"]:
            return Reason.BREAKER, max(now + state.microseconds(policy.first_pause), host["paused_until"])
        if now < host["paused_until"]:
            return Reason.PAUSE, host["paused_until"]
        kept_for_urgent = 0 if request.urgent else host["urgent_waiting"]
        due = max(host["next_allowed_at"], now) + kept_for_urgent * limit.interval - limit.tolerance
        if now < due:
            return Reason.RATE, due
        if len(self.leases) + kept_for_urgent >= limit.concurrency:
            return Reason.CONCURRENCY, now + spacing
        return None

    def _grant(self, request: PermitRequest, now: int, limit: Limit, policy: Policy) -> Permit:
        host = self.state
        if self.idle:
            self.idle, host["last_reservation"] = False, 0
        host["last_id"] = permit = max(host["last_id"] + 1, now)
        host["next_allowed_at"] = max(host["next_allowed_at"], now) + limit.interval
        host["requests"] += 1
        if request.urgent:
            host["urgent_waiting"] = max(0, host["urgent_waiting"] - 1)
        until = self.leases[permit] = now + state.microseconds(policy.lease)
        probe = host["breaker"] == Breaker.HALF_OPEN
        if probe:
            host["probe"], host["probe_until"] = permit, until
        return Permit(self.name, permit, host["epoch"], probe, shared=False)

    def _defer(self, request: PermitRequest, now: int, limit: Limit, reason: Reason, earliest: int) -> Throttled:
        host, spacing = self.state, state.spacing(self.state, limit)
        host["put_off"] += 1
        last = "last_urgent_reservation" if request.urgent else "last_reservation"
        earliest = min(earliest, now + state.HORIZON // 2)
        if host[last] >= now + state.NEAR:
            spacing = min(spacing, max(limit.interval, state.MIN_SPACING))
        reservation = max(host[last] + spacing, earliest)
        if reservation > now + state.HORIZON:
            reservation = earliest
        host[last] = reservation
        if request.urgent and reason in (Reason.RATE, Reason.CONCURRENCY):
            host["urgent_waiting"] += 1
        return Throttled(self.name, reason, state.wait_seconds(reservation - now))

    def report(self, report: Report, now: int, policy: Policy) -> None:
        """Take a permit back, with the report of its call."""
        host, elapsed = self.state, state.microseconds(report.elapsed)
        now = max(now, host["asked_at"])
        self.leases.pop(report.permit.id, None)
        host["call_time"] = elapsed if host["call_time"] == 0 else (host["call_time"] * 4 + elapsed) // 5
        self.pause(now, report.pause or 0.0)
        if report.failed:
            host["failures"] += 1
        else:
            self._count_latency(elapsed)
        self._judge(report, now, policy)

    def pause(self, now: int, seconds: float) -> None:
        """Give no permit for so long."""
        pause = state.microseconds(min(seconds, LONGEST_PAUSE))
        if pause > 0:
            self.state["paused_until"] = max(self.state["paused_until"], max(now, self.state["asked_at"]) + pause)

    def _judge(self, report: Report, now: int, policy: Policy) -> None:
        host = self.state
        if host["breaker"] == Breaker.HALF_OPEN and host["probe"] == report.permit.id:
            if report.failed:
                self._open(now, policy)
            else:
                host["breaker"], host["openings_in_a_row"], host["failures_in_a_row"] = Breaker.CLOSED, 0, 0
                host["epoch"] += 1
        elif host["breaker"] == Breaker.CLOSED and host["epoch"] == report.permit.epoch:
            host["failures_in_a_row"] = host["failures_in_a_row"] + 1 if report.failed else 0
            if host["failures_in_a_row"] >= policy.failures:
                self._open(now, policy)

    def _open(self, now: int, policy: Policy) -> None:
        host = self.state
        for count in ("epoch", "openings", "openings_in_a_row"):
            host[count] += 1
        longest = state.microseconds(policy.longest_pause)
        host["breaker"] = Breaker.OPEN
        host["open_until"] = now + min(
            state.microseconds(policy.first_pause) * 2 ** (host["openings_in_a_row"] - 1), longest
        )
        host["last_reservation"], host["urgent_waiting"] = 0, 0

    def _count_latency(self, elapsed: int) -> None:
        host = self.state
        host["answers"] += 1
        host["answer_time"] += elapsed
        host[state.bucket(elapsed)] += 1
        if host["answers"] >= state.MAX_LATENCIES:
            buckets = [name for name in host if name.startswith("within_")]
            for name in buckets:
                host[name] //= 2
            host["answers"], host["answer_time"] = sum(host[name] for name in buckets), host["answer_time"] // 2

    def upstream(self, now: int, limit: Limit) -> Upstream:
        in_use = sum(until > now for until in self.leases.values())
        return state.upstream_of(self.name, self.state, limit, in_use=in_use, now=now, shared=False)
