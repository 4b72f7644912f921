"""Delivering on fakes of the ports: what is claimed is sent, how the claim ends, and how many are on their way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
import structlog

from inventory.errors import StorageUnavailable
from inventory.webhooks.delivering import INTERNAL_ERROR, LEASE
from inventory.webhooks.destinations import LONGEST_TURN, MAX_AT_ONCE, Destinations
from inventory.webhooks.model import GIVE_UP_AFTER, Delivery, DeliveryState
from inventory.webhooks.sink import OutgoingMessage, Reply, Verdict
from tests.fakes import FakeClock
from tests.webhooks.conftest import PAYLOAD, deliverer, owed, webhook_of
from tests.webhooks.fakes import MemoryDeliveries, MemoryWebhooks, ScriptedSink

BUSY = Reply(verdict=Verdict.BUSY, status=429, retry_after=60, detail="slow down")
FAILED = Reply(verdict=Verdict.FAILED, status=500, detail="kaputt")
GONE = Reply(verdict=Verdict.GONE, status=410)


@pytest.fixture
def webhooks(webhooks: MemoryWebhooks, clock: FakeClock) -> MemoryWebhooks:
    for number in (1, 2, 3):
        webhooks.add(webhook_of(f"http://{number}.test/", f"w{number}", now=clock()), at_most=10)
    return webhooks


def states(deliveries: MemoryDeliveries) -> list[str]:
    return [each.state.value for each in deliveries.kept.values()]


class Crowd:
    """A sink that keeps all messages back until `open`; `most` is how many were on their way at once, by address."""

    def __init__(self) -> None:
        self.open = Event()
        self.most: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self._lock = threading.Lock()

    def send(self, message: OutgoingMessage) -> Reply:
        with self._counted(message.address):
            assert self.open.wait(60)
        return Reply(verdict=Verdict.ACCEPTED, status=200)

    @contextmanager
    def _counted(self, address: str) -> Iterator[None]:
        with self._lock:
            self._now[address] = self._now.get(address, 0) + 1
            self.most[address] = max(self._now[address], self.most.get(address, 0))
        yield
        with self._lock:
            self._now[address] -= 1


def test_what_is_due_is_sent_and_delivered(webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock) -> None:
    sink = ScriptedSink()
    deliveries.owe(owed(1, clock()), owed(2, clock()), owed(3, clock(), due_at=clock() + timedelta(hours=1)))

    assert deliverer(webhooks, deliveries, sink, clock).deliver_due() == 2
    assert states(deliveries) == ["delivered", "delivered", "pending"]
    assert {each.id for each in sink.sent} == {"m1", "m2"}
    assert all(each.address == "http://1.test/" and each.payload == PAYLOAD and each.secrets for each in sink.sent)


def test_each_try_is_recorded(webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock) -> None:
    deliveries.owe(owed(1, clock()))
    sending = deliverer(webhooks, deliveries, ScriptedSink(FAILED), clock)

    sending.deliver_due()
    clock.forward(10)
    sending.deliver_due()

    tries = deliveries.kept["d1"].attempts
    assert [(each.status, each.detail) for each in tries] == [(500, "kaputt"), (204, None)]
    assert deliveries.kept["d1"].attempt == 2
    assert tries[0].at < tries[1].at


def test_a_failed_try_is_repeated_by_the_schedule_with_the_same_id(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    deliveries.owe(owed(1, clock()))
    sink = ScriptedSink(FAILED, FAILED)
    sending = deliverer(webhooks, deliveries, sink, clock)

    settled = [sending.deliver_due()]
    for pause in (4, 2, 200, 130):
        clock.forward(pause)
        settled.append(sending.deliver_due())

    assert settled == [1, 0, 1, 0, 1]
    assert [each.id for each in sink.sent] == ["m1"] * 3
    assert states(deliveries) == ["delivered"]


def test_a_pause_does_not_let_a_delivery_outlive_its_last_try_and_it_can_be_sent_again(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    sink = ScriptedSink(FAILED)
    deliveries.owe(owed(1, clock()), owed(2, clock(), due_at=clock() + timedelta(days=9)))
    sending = deliverer(webhooks, deliveries, sink, clock)
    sending.deliver_due()

    clock.now += GIVE_UP_AFTER + timedelta(hours=23)
    sending.deliver_due()

    assert [each.id for each in sink.sent] == ["m1"]
    assert states(deliveries) == ["failed", "pending"]
    assert "three days" in (deliveries.kept["d1"].attempts[-1].detail or "")

    deliveries.again("d1", address="w1", now=clock())
    clock.now += timedelta(days=30)  # no worker ran: what was never tried since is tried once
    sending.deliver_due()
    assert states(deliveries) == ["delivered", "delivered"]


def test_the_delivery_that_was_asked_for_comes_first(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    sink = ScriptedSink()
    deliveries.owe(*(owed(number, clock(), f"w{number}") for number in (1, 2, 3)))

    deliverer(webhooks, deliveries, sink, clock).deliver_due(slots=1, first="d3")

    assert [each.id for each in sink.sent] == ["m3", "m1", "m2"]


def test_a_receiver_that_asks_for_a_pause_gets_nothing_before(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    sink = ScriptedSink(BUSY)
    deliveries.owe(owed(1, clock()))
    sending = deliverer(webhooks, deliveries, sink, clock)
    sending.deliver_due()
    deliveries.owe(owed(2, clock()), owed(3, clock(), "w2"))

    clock.forward(59)
    sending.deliver_due()
    assert [each.id for each in sink.sent] == ["m1", "m3"]

    clock.forward(10)
    sending.deliver_due()
    assert states(deliveries) == ["delivered"] * 3


@pytest.mark.parametrize("other", [Reply(verdict=Verdict.ACCEPTED, status=204), Reply(verdict=Verdict.BUSY, status=503)])
def test_a_pause_is_obeyed_whatever_a_try_meets_that_began_before(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock, other: Reply
) -> None:
    """Both are on their way at once, and the one that is asked for an hour ends first."""
    both, first_ended = threading.Barrier(2), Event()
    real = deliveries.settle

    def settle(claim: Delivery, *args: Any, **how: Any) -> bool:
        settled = real(claim, *args, **how)
        first_ended.set()
        return settled

    class AtOnce(ScriptedSink):
        def send(self, message: OutgoingMessage) -> Reply:
            both.wait(60)
            if message.id == "m1":
                return Reply(verdict=Verdict.BUSY, status=429, retry_after=3_600)
            assert first_ended.wait(60)
            return other

    deliveries.settle = settle  # type: ignore[method-assign]
    webhooks.note("w1", failed_at=clock(), hold_until=None, disabled=None, now=clock())
    deliveries.owe(owed(1, clock()), owed(2, clock()))

    deliverer(webhooks, deliveries, AtOnce(), clock).deliver_due()

    assert webhooks.kept["w1"].not_before == clock() + timedelta(hours=1)


def test_a_receiver_that_is_gone_is_disabled_and_is_owed_nothing(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    sink = ScriptedSink(GONE)
    later = clock() + timedelta(hours=1)
    deliveries.owe(owed(1, clock()), owed(2, clock(), due_at=later), owed(3, clock(), "w2"))
    sending = deliverer(webhooks, deliveries, sink, clock)

    sending.deliver_due(slots=1)
    assert states(deliveries) == ["failed", "cancelled", "delivered"]
    assert webhooks.kept["w1"].disabled_because == "The receiver answered 410: it wants no messages."

    deliveries.owe(owed(4, clock()))
    sending.deliver_due()
    assert len(sink.sent) == 2
    assert deliveries.kept["d4"].state is DeliveryState.CANCELLED
    assert deliveries.kept["d4"].attempts[0].detail == (
        "The webhook is disabled. The receiver answered 410: it wants no messages."
    )


@pytest.mark.parametrize("missing", ["webhook", "message"])
def test_what_cannot_be_sent_any_more_is_cancelled(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock, missing: str
) -> None:
    sink = ScriptedSink()
    deliveries.owe(owed(1, clock(), "removed" if missing == "webhook" else "w1"))
    payload = PAYLOAD if missing == "webhook" else None

    deliverer(webhooks, deliveries, sink, clock, payload=lambda _id: payload).deliver_due()

    assert states(deliveries) == ["cancelled"]
    assert sink.sent == []


def test_failing_since_is_kept_until_a_success(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    begun = clock()
    deliveries.owe(owed(1, begun))
    sending = deliverer(webhooks, deliveries, ScriptedSink(FAILED, FAILED), clock)
    since = []
    for _ in range(3):
        sending.deliver_due()
        since.append(webhooks.kept["w1"].failing_since)
        clock.forward(600)

    assert since == [begun, begun, None]


def test_an_unforeseen_error_of_a_sink_is_a_failed_try(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    deliveries.owe(owed(1, clock()))

    deliverer(webhooks, deliveries, ScriptedSink(KeyError("odd")), clock).deliver_due()

    assert states(deliveries) == ["pending"]
    assert deliveries.kept["d1"].attempts[0].detail == INTERNAL_ERROR


def test_a_delivery_of_an_unknown_kind_is_tried_until_it_is_too_old(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    deliveries.owe(owed(1, clock(), kind="pigeon"))
    sending = deliverer(webhooks, deliveries, ScriptedSink(), clock)

    sending.deliver_due()
    assert states(deliveries) == ["pending"]
    clock.forward(4 * 86_400)
    sending.deliver_due()
    assert states(deliveries) == ["failed"]


def test_a_destination_gets_two_messages_at_once_and_holds_up_no_other(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    crowd = Crowd()
    deliveries.owe(*(owed(number, clock()) for number in range(1, 31)))
    deliveries.owe(*(owed(number, clock(), "w2") for number in range(31, 33)))
    sending = deliverer(webhooks, deliveries, crowd, clock)
    run = threading.Thread(target=sending.deliver_due, kwargs={"slots": 8})
    run.start()
    try:
        until = 100
        while crowd.most.get("http://2.test/") != 2 and until:
            clock.forward(0.1)
            threading.Event().wait(0.05)
            until -= 1
    finally:
        crowd.open.set()
        run.join(60)

    assert crowd.most == {"http://1.test/": MAX_AT_ONCE, "http://2.test/": 2}


def test_what_was_handed_back_is_delivered_in_the_end_and_counts_no_try(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    clock.step = 0.01
    sink = ScriptedSink()
    deliveries.owe(*(owed(number, clock()) for number in range(1, 51)))

    assert deliverer(webhooks, deliveries, sink, clock).deliver_due() == 50
    assert deliveries.handed_back > 0
    assert {each.attempt for each in deliveries.kept.values()} == {1}
    assert sorted(each.id for each in sink.sent) == sorted(f"m{number}" for number in range(1, 51))


def test_the_turn_of_a_thousand_messages_for_one_receiver_is_spread_as_it_takes_them(clock: FakeClock) -> None:
    destinations, now = Destinations(), clock()
    claims = [owed(number, now) for number in range(1_000)]
    assert [destinations.begin(each) for each in claims[:3]] == [True, True, False]
    destinations.end(claims[0], 2.0)

    turns = [(destinations.turn_of(each, now) - now).total_seconds() for each in claims[2:]]

    assert turns == sorted(turns)
    assert (turns[0], turns[1], turns[2], turns[-1]) == (2.0, 2.0, 4.0, LONGEST_TURN)

    later = now + timedelta(seconds=2_000)  # others have sent what was waiting
    assert destinations.turn_of(claims[2], later) - later == timedelta(seconds=2)


def test_all_mail_goes_through_one_server(clock: FakeClock) -> None:
    destinations = Destinations()
    mails = [owed(number, clock(), f"{number}@a.test", kind="email") for number in range(3)]

    assert [destinations.begin(each) for each in mails] == [True, True, False]
    assert destinations.begin(owed(4, clock()))


def test_told_to_stop_it_claims_nothing_more(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    deliveries.owe(owed(1, clock()))

    assert deliverer(webhooks, deliveries, ScriptedSink(), clock).deliver_due(stopping=lambda: True) == 0
    assert states(deliveries) == ["pending"]


def test_a_store_that_is_away_is_an_error_if_nothing_is_on_its_way(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    deliveries.away = True

    with pytest.raises(StorageUnavailable):
        deliverer(webhooks, deliveries, ScriptedSink(), clock).deliver_due()


def test_what_could_not_be_settled_is_sent_again_after_its_lease(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    class GoesAway(ScriptedSink):
        def send(self, message: OutgoingMessage) -> Reply:
            deliveries.away = True
            return super().send(message)

    sink = GoesAway()
    deliveries.owe(owed(1, clock()))
    sending = deliverer(webhooks, deliveries, sink, clock)
    with pytest.raises(StorageUnavailable):
        sending.deliver_due()
    assert states(deliveries) == ["running"]

    deliveries.away = False
    assert sending.deliver_due() == 0
    clock.forward(LEASE.total_seconds())
    deliverer(webhooks, deliveries, ScriptedSink(), clock).deliver_due()
    assert states(deliveries) == ["delivered"]


def test_a_claim_that_was_overtaken_ends_nothing(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    class Slow(ScriptedSink):
        def send(self, message: OutgoingMessage) -> Reply:
            clock.forward(LEASE.total_seconds() + 1)
            [self.overtaking] = deliveries.claim_due(now=clock(), lease_for=LEASE, limit=1)
            return super().send(message)

    sink = Slow()
    deliveries.owe(owed(1, clock()))

    assert deliverer(webhooks, deliveries, sink, clock).deliver_due() == 0
    assert deliveries.kept["d1"] == sink.overtaking


def test_the_log_has_neither_secrets_nor_urls_nor_what_a_receiver_said(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    deliveries.owe(*each_kind(clock))
    with structlog.testing.capture_logs() as lines:
        deliverer(webhooks, deliveries, ScriptedSink(FAILED, GONE), clock).deliver_due()

    text = str(lines)
    assert "delivery_settled" in text
    assert not [secret for each in webhooks.kept.values() for secret, _ in each.secrets if secret in text]
    assert "kaputt" not in text
    assert "1.test" not in text


def each_kind(clock: FakeClock) -> list[Delivery]:
    return [owed(1, clock()), owed(2, clock(), "w2")]


def test_an_address_of_another_kind_gets_the_message_unsigned(
    webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock
) -> None:
    sink: Any = ScriptedSink()
    deliveries.owe(owed(1, clock(), "changes", kind="file"))

    deliverer(webhooks, deliveries, sink, clock, sinks={"file": sink}).deliver_due()

    assert sink.sent == [OutgoingMessage(id="m1", payload=PAYLOAD, address="changes")]
