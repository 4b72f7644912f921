"""What tests of webhooks share: fakes of the ports, a receiver, and a sink that reaches loopback alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from inventory.clock import utc_now
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.webhooks.delivering import Deliverer
from inventory.webhooks.model import WEBHOOK, Delivery, Webhook
from inventory.webhooks.signing import new_secret
from inventory.webhooks.sink import Sink
from inventory.webhooks.webhook_sink import WebhookSink
from tests.fakes import FakeClock
from tests.http_client.conftest import OPENED, nowhere
from tests.webhooks.fakes import MemoryDeliveries, MemoryWebhooks
from tests.webhooks.receivers import Receiver

PAYLOAD = b'{"type":"watch.message","data":{"id":"m1"}}'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def webhooks() -> MemoryWebhooks:
    return MemoryWebhooks()


@pytest.fixture
def deliveries(webhooks: MemoryWebhooks) -> MemoryDeliveries:
    return MemoryDeliveries(webhooks)


def webhook_of(url: str, webhook_id: str = "w1", *, now: datetime | None = None, **changes: Any) -> Webhook:
    usual = {"id": webhook_id, "url": url, "created_at": now or utc_now(), "secrets": [(new_secret(), None)]}
    return Webhook(**{**usual, **changes})


def owed(number: int, now: datetime, address: str = "w1", **changes: Any) -> Delivery:
    usual = {
        "id": f"d{number}",
        "message_id": f"m{number}",
        "watch_id": "watch",
        "kind": WEBHOOK,
        "address": address,
        "created_at": now,
        "due_at": now + timedelta(milliseconds=number - 1_000),
    }
    return Delivery(**{**usual, **changes})


def loopback_sink(*, seconds: float = 5.0, resolve: Any = nowhere) -> WebhookSink:
    """A sink for 127.0.0.1 and nothing else."""
    return WebhookSink(RequestsTransport(Guard(OPENED), resolve=resolve, keep=False), utc_now, seconds)


def deliverer(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, sink: Sink, clock: FakeClock, **changes: Any
) -> Deliverer:
    """One that finds the same payload for each message, and that moves the clock instead of sleeping."""
    usual = {"payload": lambda _id: PAYLOAD, "sinks": {WEBHOOK: sink}, "notifier": None, "clock": clock}
    parts = {**usual, "rng": random.Random(7), "sleep": clock.forward, **changes}
    return Deliverer(deliveries, webhooks, **parts)  # type: ignore[arg-type]
