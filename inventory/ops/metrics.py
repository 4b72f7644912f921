"""What Prometheus scrapes: the requests that the API answered, and the state of queue, store and upstreams right now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from inventory.clock import utc_now
from inventory.errors import StorageUnavailable
from inventory.ops import request_metrics
from inventory.services import Services

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from inventory.notifier import Depths
    from inventory.watches.model import Unseen

MAX_UNINDEXED = 100_000
"""Up to which unindexed records are counted: in some milliseconds."""
MAX_HOSTS = 100
"""Upstreams that have series, those that were called last: there may be millions of hosts."""

MAX_DUE = 10_000
"""Up to which due collections are counted: in some 50 milliseconds."""
ELIGIBLE_WITHIN = 10.0
"""Seconds in which a host's budget has to permit a call for its collection to count: about those between two scrapes."""


def exposition(services: Services) -> tuple[bytes, str]:
    """The metrics and their media type; a part that does not answer is left out, and its `inventory_up` is 0."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
    from prometheus_client.registry import Collector

    class State(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from _state(services)

    state = CollectorRegistry()
    state.register(State())
    return generate_latest(request_metrics.registry()) + generate_latest(state), CONTENT_TYPE_PLAIN_0_0_4


def collection_lag(services: Services) -> float:
    """How many seconds the next collection has been due for; 0 if none is due. May raise `StorageUnavailable`."""
    records, now = services.store.records, utc_now()
    due = [records.find(each) for each in records.due(now=now, max_attempts=services.settings.max_attempts, limit=1)]
    return max([(now - each.due_at).total_seconds() for each in due if each and each.due_at], default=0.0)


def eligible(services: Services) -> int:
    """How many collections are due and soon permitted by their hosts' budgets, of the next `MAX_DUE`; for autoscalers.

    A host counts no more than its budget permits within `ELIGIBLE_WITHIN`. Of the budgets, those are looked at of the
    hosts with the most due collections. May raise `StorageUnavailable`.
    """
    max_attempts = services.settings.max_attempts
    due = Counter(services.store.records.due_hosts(now=utc_now(), max_attempts=max_attempts, limit=MAX_DUE))
    busiest = dict(due.most_common(MAX_HOSTS))
    permits = services.upstreams.permits(list(busiest), within=ELIGIBLE_WITHIN)
    return due.total() - sum(max(0, count - permits[host]) for host, count in busiest.items())


def _state(services: Services) -> Iterator[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily as Gauge

    up = Gauge(
        "inventory_up", "Whether a part that the API depends on answers, and the queue takes writes.", labels=["part"]
    )
    try:
        of_store = list(_of_store(services))
    except StorageUnavailable:
        up.add_metric(["store"], 0)
    else:
        up.add_metric(["store"], 1)
        yield from of_store
    depths = services.notifier.depths()
    up.add_metric(["queue"], 0 if depths is None else 1)
    yield up
    if depths is not None:
        yield from _of_queue(depths)
        yield _faults(services)
    yield from _upstreams(services)


def _of_store(services: Services) -> Iterator[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily as Gauge

    lag = collection_lag(services)
    yield Gauge("inventory_collection_lag_seconds", "How long the next collection has been due; 0 if none is due.", lag)
    yield Gauge(
        "inventory_collections_eligible",
        f"Collections that are due and that their hosts' budgets permit now, of the next {MAX_DUE}.",
        eligible(services),
    )
    yield Gauge(
        "inventory_unindexed_records",
        f"Records that searches do not find yet, counted up to {MAX_UNINDEXED}.",
        services.store.observations.count_unindexed(up_to=MAX_UNINDEXED),
    )
    yield from _watches(services)


def _of_queue(depths: Depths) -> Iterator[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily as Gauge

    waiting = Gauge("inventory_bells", "RQ jobs that wait for a worker, by queue.", labels=["queue"])
    for name, depth in depths.waiting.items():
        waiting.add_metric([name], depth)
    yield waiting
    yield Gauge("inventory_workers", "Workers that listen to the queues.", depths.workers)


def _watches(services: Services) -> Iterator[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily as Gauge

    store = services.store
    yield Gauge("inventory_watches", "Watches that are not paused.", len(store.watches.active()))
    deliveries = Gauge("inventory_deliveries", "Deliveries of messages that are kept, by state.", labels=["state"])
    for state, count in store.deliveries.tally().items():
        deliveries.add_metric([state.value], count)
    yield deliveries
    begins = [begin for each in store.outcomes.unseen(limit=1) for begin in _new_from(each)]
    lag = max([(utc_now() - begin).total_seconds() for begin in begins], default=0.0)
    help_ = "How long ago the oldest outcome was that watches have not looked at; 0 if there is none."
    yield Gauge("inventory_watch_lag_seconds", help_, max(0.0, lag))


def _new_from(unseen: Unseen) -> Iterator[datetime]:
    """When there was something new for watches."""
    yield from (each.at for each in unseen.collections[len(unseen.collections) - unseen.new :])
    if unseen.tagged_at is not None:
        yield unseen.tagged_at


def _faults(services: Services) -> Metric:
    from prometheus_client.metrics_core import CounterMetricFamily as Counter

    faults = Counter("inventory_internal_faults", "Unexpected exceptions.", labels=["where", "source"])
    for labels, count in services.notifier.faults().items():
        faults.add_metric(labels, count)
    return faults


def _upstreams(services: Services) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily as Counter
    from prometheus_client.metrics_core import GaugeMetricFamily as Gauge

    counts = {
        "requests": Counter("inventory_upstream_requests", "Requests that a host's budget permitted.", labels=["host"]),
        "failures": Counter("inventory_upstream_failures", "Those that the host did not answer.", labels=["host"]),
        "put_off": Counter("inventory_upstream_put_off", "Requests that the budget deferred.", labels=["host"]),
    }
    opened = Gauge("inventory_upstream_breaker_open", "1 while a host's breaker is not closed.", labels=["host"])
    for upstream in services.upstreams.listing(limit=MAX_HOSTS, after=None):
        for name, count in counts.items():
            count.add_metric([upstream.host], getattr(upstream, name))
        opened.add_metric([upstream.host], int(bool(upstream.breaker)))
    yield from counts.values()
    yield opened
