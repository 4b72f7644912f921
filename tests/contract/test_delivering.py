"""Several programs deliver from one store to receivers that fail, hang, lose replies and want no more: nothing is lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from inventory.clock import utc_now
from inventory.store import Store
from inventory.watches.model import Message
from inventory.webhooks.delivering import LEASE, Deliverer, outgoing
from inventory.webhooks.model import WEBHOOK, DeliveryState, Webhook
from inventory.webhooks.signing import new_secret
from inventory.webhooks.sink import OutgoingMessage
from tests.contract.watch_actions import keep_message
from tests.fakes import FakeClock
from tests.upstreams import Answer
from tests.webhooks.conftest import loopback_sink, owed, webhook_of
from tests.webhooks.receivers import Receiver

MESSAGES = 12
HANGS = 0.3
PROGRAMS = 3
SCRIPTS: dict[str, Callable[[int], list[Answer]]] = {
    "fine": lambda _n: [],
    "fails": lambda n: [Answer(500)] * n + [Answer(404)] * 2 + [Answer(302, (("Location", "/fine"),))],
    "loses-replies": lambda n: [Answer(lost=True)] * n,
    "hangs": lambda _n: [Answer(wait=5.0)] * 3,
    "is-busy": lambda _n: [Answer(429, (("Retry-After", "30"),)), Answer(503)] * 2,
    "is-gone": lambda _n: [Answer(204)] * 3 + [Answer(410)] * 99,
}


@dataclass(frozen=True)
class Scene:
    """A store that owes each receiver some messages, the oldest first, and programs that deliver them."""

    store: Store
    receiver: Receiver
    webhooks: dict[str, Webhook]
    clock: FakeClock

    def program(self) -> Deliverer:
        """One of the programs; each has connections and pauses of its own."""

        def payload(message_id: str) -> bytes | None:
            message = self.store.messages.find(message_id)
            return None if message is None else message.payload

        return Deliverer(
            self.store.deliveries,
            self.store.webhooks,
            payload,
            {WEBHOOK: loopback_sink(seconds=HANGS)},
            None,
            clock=self.clock,
            rng=random.Random(7),
            sleep=self.clock.forward,
        )

    def states(self, name: str) -> Counter[DeliveryState]:
        address = self.webhooks[name].id
        listing = self.store.deliveries.listing(address=address, message_id=None, state=None, limit=99, after=None)
        return Counter(each.state for each in listing)

    def goes_on(self) -> bool:
        tally = self.store.deliveries.tally()
        return bool(tally.get(DeliveryState.PENDING, 0) + tally.get(DeliveryState.RUNNING, 0))

    def to_the_end(self) -> None:
        """Let the programs deliver, all at the same time, and let time pass, until nothing is owed."""
        programs = [self.program() for _ in range(PROGRAMS)]
        with ThreadPoolExecutor(PROGRAMS) as pool:
            for _ in range(60):
                list(pool.map(lambda program: program.deliver_due(slots=8), programs))
                if not self.goes_on():
                    return
                self.clock.forward(120)
        raise AssertionError(f"still owed: {self.store.deliveries.tally()}")


@pytest.fixture
def scene(shared_store: Store) -> Iterator[Scene]:
    clock = FakeClock()
    with Receiver() as receiver:
        webhooks = {}
        for number, (name, script) in enumerate(SCRIPTS.items()):
            webhook = webhook_of(receiver.url(f"/{name}"), f"{number:032}", now=clock(), secrets=[(new_secret(), None)])
            webhooks[name] = shared_store.webhooks.add(webhook, at_most=99) or webhook
            receiver.script(f"/{name}", *script(MESSAGES))
            for message_number in range(MESSAGES):
                owe(shared_store, name, message_number, webhook.id, clock)
        yield Scene(shared_store, receiver, webhooks, clock)


def owe(store: Store, name: str, number: int, address: str, clock: FakeClock) -> None:
    message_id = f"{name}-{number}"
    message = Message(
        id=message_id,
        watch_id="w" * 32,
        number=number,
        created_at=clock(),
        findings=1,
        targets=1,
        payload=b'{"type":"watch.message","data":{"id":"%s"}}' % message_id.encode(),
    )
    delivery = owed(number, clock(), address, id=f"{message_id}-d", message_id=message_id, watch_id="w" * 32)
    keep_message(store, message, [delivery])


def ids(receiver: Receiver, name: str) -> list[str]:
    return [each.headers["webhook-id"] for each in receiver.requests if each.path == f"/{name}"]


def test_every_message_arrives_and_only_the_same_ones_repeatedly(scene: Scene) -> None:
    scene.to_the_end()

    for name in SCRIPTS:
        if name != "is-gone":
            expected = {f"{name}-{number}" for number in range(MESSAGES)}
            assert set(ids(scene.receiver, name)) == expected
            assert scene.states(name) == {DeliveryState.DELIVERED: MESSAGES}, name
    assert len(ids(scene.receiver, "fine")) == MESSAGES
    assert len(ids(scene.receiver, "loses-replies")) == 2 * MESSAGES
    for name, webhook in scene.webhooks.items():
        [(secret, _)] = webhook.secrets
        for message_id, content in scene.receiver.verified(secret, f"/{name}"):
            assert content["data"]["id"] == message_id


def test_a_receiver_that_is_gone_gets_nothing_after_it_said_so(scene: Scene) -> None:
    scene.to_the_end()

    states = scene.states("is-gone")
    disabled = scene.store.webhooks.find(scene.webhooks["is-gone"].id)
    assert disabled is not None
    assert disabled.disabled_because == "The receiver answered 410: it wants no messages."
    # One that was cancelled while it was sent stays so, though it arrived.
    assert states[DeliveryState.DELIVERED] <= 3
    assert states[DeliveryState.DELIVERED] + states[DeliveryState.CANCELLED] + states[DeliveryState.FAILED] == MESSAGES
    assert len(ids(scene.receiver, "is-gone")) <= 3 + 2 * PROGRAMS


def test_what_a_killed_program_had_claimed_is_delivered_after_its_lease(scene: Scene) -> None:
    claims = scene.store.deliveries.claim_due(now=scene.clock(), lease_for=LEASE, limit=20)
    sink = loopback_sink()
    sent = [each for each in claims if each.address == scene.webhooks["fine"].id][:2]
    for claim in sent:  # sent, and killed before that was noted
        message = scene.store.messages.find(claim.message_id)
        assert message is not None
        sink.send(outgoing_of(claim.message_id, message.payload, scene))

    scene.to_the_end()

    repeated = [message_id for message_id, times in Counter(ids(scene.receiver, "fine")).items() if times > 1]
    assert sorted(repeated) == sorted(each.message_id for each in sent)
    assert scene.states("fine") == {DeliveryState.DELIVERED: MESSAGES}


def outgoing_of(message_id: str, payload: bytes, scene: Scene) -> OutgoingMessage:
    webhook = scene.webhooks["fine"]
    return outgoing(message_id, payload, webhook, webhook.url, utc_now())
