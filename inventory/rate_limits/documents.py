"""The documents that the upstreams' API answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from inventory.clock import rfc3339
from inventory.rate_limits.model import Latency, Upstream

Document = dict[str, Any]


def upstream_document(upstream: Upstream, now: datetime) -> Document:
    """An upstream as it is at this instant."""
    limit = upstream.limit
    return {
        "host": upstream.host,
        "shared": upstream.shared,
        "budget": {"rate": limit.rate, "burst": limit.burst, "concurrency": limit.concurrency, "in_use": upstream.in_use},
        "requests": upstream.requests,
        "failures": upstream.failures,
        "put_off": upstream.put_off,
        "latency": _latency(upstream.latency),
        "breaker": {
            "state": upstream.breaker.name.lower(),
            "failures_in_a_row": upstream.failures_in_a_row,
            "openings": upstream.openings,
            "open_until": _instant(now, upstream.opens_for),
        },
        "paused_until": _instant(now, upstream.paused_for),
        "callable_at": _instant(now, upstream.callable_in),
        "waiting_until": _instant(now, upstream.waiting_for),
        "asked_at": rfc3339(upstream.asked_at),
    }


def _latency(latency: Latency) -> Document:
    times = {"mean_ms": latency.mean, "p50_ms": latency.p50, "p95_ms": latency.p95, "p99_ms": latency.p99}
    return {"answers": latency.answers} | {
        name: None if seconds is None else round(seconds * 1000, 1) for name, seconds in times.items()
    }


def _instant(now: datetime, seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(now + timedelta(seconds=seconds))
