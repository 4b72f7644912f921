"""What RQ calls for a delivery begins to deliver, beside everything else that the worker does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from inventory.clock import utc_now
from inventory.watches.model import Message
from inventory.webhooks.model import WEBHOOK, Delivery, DeliveryState
from inventory.wiring import Services
from tests.contract.watch_actions import keep_message
from tests.fakes import Replacing
from tests.upstreams import Answer
from tests.webhooks.conftest import PAYLOAD, owed
from tests.webhooks.receivers import Receiver
from workers import scheduler, tasks


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Those that a worker process builds for itself, on a folder of their own and without Redis."""
    monkeypatch.setenv("INVENTORY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("INVENTORY_REDIS_URL", "redis://127.0.0.1:9/0")
    monkeypatch.setenv("INVENTORY_ALLOW_NETWORKS", "127.0.0.0/8")
    tasks.services.cache_clear()
    yield tasks.services()
    assert tasks.delivering.join(120)
    tasks.services().store.close()
    tasks.services.cache_clear()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


def owe(services: Services, address: str, *, kind: str = WEBHOOK) -> str:
    """A delivery that is due, and its message."""
    now = utc_now()
    message = Message(id="m1", watch_id="w", number=1, created_at=now, findings=1, targets=1, groups=(), payload=PAYLOAD)
    keep_message(services.store, message, [owed(1, now - timedelta(seconds=1), address, kind=kind)])
    return "d1"


def kept(services: Services) -> Delivery:
    [delivery] = services.store.deliveries.listing(address=None, message_id="m1", state=None, limit=10, after=None)
    return delivery


def test_a_delivery_is_sent_and_settled(services: Services, receiver: Receiver) -> None:
    webhook, secret = services.webhooks.create(receiver.url("/hook"))

    assert tasks.deliver(owe(services, webhook.id)) == "begun"

    assert tasks.delivering.join(120)
    assert kept(services).state is DeliveryState.DELIVERED
    assert receiver.verified(secret or "") == [("m1", {"type": "watch.message", "data": {"id": "m1"}})]


def test_a_receiver_that_hangs_keeps_no_worker_from_its_work(services: Services, receiver: Receiver) -> None:
    webhook, _ = services.webhooks.create(receiver.url("/hook"))
    receiver.hold("/hook")
    tasks.deliver(owe(services, webhook.id))
    assert receiver.wait_for("/hook")
    target = services.sources["webpage"].target(receiver.url("/page"))
    services.store.records.accept(target, now=utc_now(), seen=None)

    try:
        assert tasks.collect(target.id) == "stored"
        assert tasks.deliver("another") == "left to what this worker is delivering already"
        assert kept(services).state is DeliveryState.RUNNING
    finally:
        receiver.release("/hook")


def test_without_redis_a_worker_delivers_what_is_due(services: Services, tmp_path: Path) -> None:
    owe(services, "changes", kind="file")

    tasks.work_due()

    assert tasks.delivering.join(120)
    assert kept(services).state is DeliveryState.DELIVERED
    assert (tmp_path / "messages" / "changes.jsonl").read_bytes() == PAYLOAD + b"\n"


def test_a_failed_try_is_left_to_the_next_one(services: Services, receiver: Receiver) -> None:
    webhook, _ = services.webhooks.create(receiver.url("/hook"))
    receiver.script("/hook", Answer(500))

    tasks.deliver(owe(services, webhook.id))

    assert tasks.delivering.join(120)
    delivery = kept(services)
    assert (delivery.state, delivery.attempt, delivery.attempts[0].status) == (DeliveryState.PENDING, 1, 500)
    assert delivery.due_at is not None
    [attempt] = delivery.attempts
    pause = delivery.due_at - attempt.at - timedelta(milliseconds=attempt.elapsed_ms)
    assert timedelta(seconds=3) < pause < timedelta(seconds=30)


def test_a_worker_that_is_asked_to_stop_begins_nothing(services: Services, receiver: Receiver) -> None:
    webhook, _ = services.webhooks.create(receiver.url("/hook"))
    tasks.stopping.set()
    try:
        tasks.deliver(owe(services, webhook.id))
        assert tasks.delivering.join(120)
    finally:
        tasks.stopping.clear()

    assert kept(services).state is DeliveryState.PENDING
    assert receiver.count() == 0


def test_the_scheduler_wakes_a_worker_for_what_is_due(services: Services) -> None:
    owe(services, "changes", kind="file")
    woken: list[tuple[str, str]] = []

    def wake(delivery_id: str, destination: str) -> bool:
        woken.append((delivery_id, destination))
        return True

    notifier = Replacing(services.notifier, wake_worker_to_deliver=wake)
    scheduler.round_(Replacing(services, notifier=notifier))  # type: ignore[arg-type]
    assert woken == [("d1", "file:changes")]
