"""What Prometheus scrapes: the requests that the API answered, and, asked for at that moment, what there is to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from inventory.clock import utc_now
from inventory.errors import StorageUnavailable
from inventory.ops import request_metrics
from inventory.services import Services

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

HOSTS = 100
"""Upstreams that are told of, those that were called last: each host is a series of its own, and there may be millions."""


def exposition(services: Services) -> tuple[bytes, str]:
    """What there is to tell, and its media type; a part that cannot be asked is left out, and its `up` is 0."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
    from prometheus_client.registry import Collector

    class State(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from _state(services)

    state = CollectorRegistry()
    state.register(State())
    return generate_latest(request_metrics.registry()) + generate_latest(state), CONTENT_TYPE_PLAIN_0_0_4


def _state(services: Services) -> Iterator[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily as Gauge

    up = Gauge(
        "inventory_up", "Whether a part that the API depends on answers, and the queue takes writes.", labels=["part"]
    )
    try:
        lag = _lag(services)
    except StorageUnavailable:
        up.add_metric(["store"], 0)
    else:
        up.add_metric(["store"], 1)
        yield Gauge("inventory_collection_lag_seconds", "For how long the next collection has been due; 0 if none is.", lag)
    depths = services.notifier.depths()
    up.add_metric(["queue"], 0 if depths is None else 1)
    yield up
    if depths is not None:
        bells = Gauge("inventory_bells", "Bells that wait for a worker, by queue.", labels=["queue"])
        for name, depth in depths.bells.items():
            bells.add_metric([name], depth)
        yield bells
        yield Gauge("inventory_workers", "Workers that listen for bells.", depths.workers)
        yield _faults(services)
    yield from _upstreams(services)


def _lag(services: Services) -> float:
    records, now = services.store.records, utc_now()
    due = [records.find(each) for each in records.due(now=now, max_attempts=services.settings.max_attempts, limit=1)]
    return max([(now - each.due_at).total_seconds() for each in due if each and each.due_at], default=0.0)


def _faults(services: Services) -> Metric:
    from prometheus_client.metrics_core import CounterMetricFamily as Counter

    faults = Counter("inventory_internal_faults", "Exceptions that nobody foresaw.", labels=["where", "source"])
    for place, count in services.notifier.faults().items():
        faults.add_metric(place, count)
    return faults


def _upstreams(services: Services) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily as Counter
    from prometheus_client.metrics_core import GaugeMetricFamily as Gauge

    counts = {
        "requests": Counter("inventory_upstream_requests", "Requests that a host's budget let through.", labels=["host"]),
        "failures": Counter("inventory_upstream_failures", "Those of them that the host did not answer.", labels=["host"]),
        "put_off": Counter("inventory_upstream_put_off", "Requests that the budget put off.", labels=["host"]),
    }
    opened = Gauge("inventory_upstream_breaker_open", "1 while a host's breaker is not closed.", labels=["host"])
    for upstream in services.upstreams.listing(limit=HOSTS, after=None):
        for name, count in counts.items():
            count.add_metric([upstream.host], getattr(upstream, name))
        opened.add_metric([upstream.host], int(bool(upstream.breaker)))
    yield from counts.values()
    yield opened
