"""Budgets that all programs share, in Redis: one script decides permit requests, one takes reports, by the clock of Redis.

Keys in Redis, of `MAX_HOSTS` hosts at most, in whole microseconds. Each expires an hour after the last instant in it:

- `inventory:upstream:<host>`: a hash, the host's state (fields in `state.py`, the names of some in `host.lua`);
- `inventory:upstream:<host>:places`: a sorted set of the permits that are out, by the end of their leases, so that the
  permit of a program that died comes back by itself;
- `inventory:upstreams`: a sorted set of all hosts, by when they were last asked for, in milliseconds, for the listing.

A script touches several hosts, so these are not for a Redis Cluster. Without Redis every method raises `RedisError`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from redis import Redis

from inventory.clock import EPOCH, MILLISECOND
from inventory.rate_limits import state
from inventory.rate_limits.limits import Limits
from inventory.rate_limits.model import LONGEST_PAUSE, Permit, PermitRequest, Policy, Reason, Report, Throttled, Upstream

INDEX, PREFIX = "inventory:upstreams", "inventory:upstream:"
TIME = "redis.call('TIME')"
"""The clock, in Lua: seconds, and the microseconds after them."""


class SharedBudgets:
    """Budgets in Redis, each method in one or two round trips. Threads and forks may share them; `clock` is in Lua."""

    def __init__(
        self, redis: Redis, limits: Limits, policy: Policy, *, clock: str = TIME, max_hosts: int = state.MAX_HOSTS
    ) -> None:
        self._redis = redis
        self._limits = limits
        self._policy = policy
        self._max_hosts = max_hosts
        begin = f"local function clock() return {clock} end\n" + _lua("host")
        self._take = redis.register_script(begin + _lua("take"))
        self._done = redis.register_script(begin + _lua("done"))
        self._read = redis.register_script(begin + _lua("read"))

    def take(self, requests: Sequence[PermitRequest]) -> Sequence[Permit | Throttled]:
        if not requests:
            return ()
        hosts = list(dict.fromkeys(request.host for request in requests))
        keys, arguments = [INDEX], self._terms()
        count = Counter(requests)
        for host in hosts:
            limit, urgent, others = self._limits(host), count[PermitRequest(host, urgent=True)], count[PermitRequest(host)]
            keys += _keys(host)
            arguments += [host, limit.interval, limit.tolerance, limit.concurrency, urgent, others]
        decided = dict(zip(_in_order(requests, hosts), self._take(keys, arguments), strict=True))
        return [_decision(request.host, decided[index]) for index, request in enumerate(requests)]

    def done(self, reports: Sequence[Report]) -> None:
        if not reports:
            return
        by_host: dict[str, list[Report]] = {}
        for report in reports:
            by_host.setdefault(report.permit.host, []).append(report)
        keys = [key for host in by_host for key in _keys(host)]
        policy = self._policy
        pauses = (state.microseconds(pause) for pause in (policy.first_pause, policy.longest_pause))
        arguments: list[str | int] = [policy.failures, *pauses, state.REMEMBERED_FOR + state.LISTED_FOR, state.MAX_LATENCIES]
        for of_host in by_host.values():
            arguments.append(len(of_host))
            for report in of_host:
                elapsed = state.microseconds(report.elapsed)
                pause = state.microseconds(min(report.pause or 0.0, LONGEST_PAUSE))
                arguments += [
                    report.permit.id,
                    report.permit.epoch,
                    int(report.failed),
                    elapsed,
                    pause,
                    state.bucket(elapsed),
                ]
        self._done(keys, arguments)

    def state(self, host: str) -> Upstream | None:
        return next(iter(self._states([host])), None)

    def permits(self, hosts: Sequence[str], *, within: float) -> Mapping[str, int]:
        known = {each.host: each for each in self._states(hosts)}
        return {host: state.permits_of(known.get(host), self._limits(host), within) for host in hosts}

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        start = 0
        if after is not None:
            score = (after[0] - EPOCH) // MILLISECOND
            with self._redis.pipeline() as pipeline:
                pipeline.zcount(INDEX, f"({score}", "+inf")
                pipeline.zrangebyscore(INDEX, score, score)
                newer, same = pipeline.execute()
            start = newer + sum(name.decode() >= after[1] for name in same)
        names: Any = self._redis.zrange(INDEX, start, start + limit - 1, desc=True)
        return self._states([name.decode() for name in names])

    def _states(self, hosts: Sequence[str]) -> Sequence[Upstream]:
        """The hosts that have a state."""
        if not hosts:
            return ()
        now, *found = self._read([key for host in hosts for key in _keys(host)])
        upstreams = []
        for host, (in_use, fields) in zip(hosts, found, strict=True):
            values = defaultdict(int, zip(map(bytes.decode, fields[::2]), map(int, fields[1::2]), strict=True))
            if values["asked_at"]:
                limit = self._limits(host)
                upstreams.append(state.upstream_of(host, values, limit, in_use=in_use, now=now, shared=True))
        return upstreams

    def _terms(self) -> list[str | int]:
        policy = self._policy
        durations = policy.lease, policy.first_pause, LONGEST_PAUSE, policy.longest_pause
        reservations = state.HORIZON, state.NEAR, state.MIN_SPACING, state.URGENT_GRACE, state.IDLE_AFTER
        hosts = state.REMEMBERED_FOR, state.LISTED_FOR, self._max_hosts, state.MAX_LOOKS
        return [*map(state.microseconds, durations), *reservations, *hosts, PREFIX]


def _keys(host: str) -> tuple[str, str]:
    return f"{PREFIX}{host}", f"{PREFIX}{host}:places"


def _lua(name: str) -> str:
    return Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8")


def _in_order(requests: Sequence[PermitRequest], hosts: Iterable[str]) -> Sequence[int]:
    """The indexes of requests in the order in which they are decided: host by host, the urgent ones of each first."""
    rank = {host: number for number, host in enumerate(hosts)}
    return sorted(range(len(requests)), key=lambda index: (rank[requests[index].host], not requests[index].urgent))


def _decision(host: str, reply: Sequence[Any]) -> Permit | Throttled:
    if reply[0]:
        return Throttled(host, Reason(reply[0].decode()), state.wait_seconds(reply[1]))
    _, permit_id, epoch, probe = reply
    return Permit(host, permit_id, epoch, bool(probe), shared=True)
