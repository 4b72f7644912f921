"""Delivering: what is owed to destinations is claimed and sent, several at once, and the claim is ended.

No destination gets more than `MAX_AT_ONCE` messages at the same time from one program, so that a slow one holds up no
other. What was claimed beyond that is handed back, uncounted, until about the time when its turn comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import structlog

from inventory import faults
from inventory.clock import Clock
from inventory.errors import StorageUnavailable
from inventory.notifier import Notifier
from inventory.webhooks.decisions import Decision, decide, is_news, is_too_late
from inventory.webhooks.destinations import Destinations
from inventory.webhooks.model import WEBHOOK, Attempt, Delivery, DeliveryState, Webhook
from inventory.webhooks.ports import Deliveries, Webhooks
from inventory.webhooks.sink import OutgoingMessage, Reply, Sink, Verdict

log = structlog.get_logger(__name__)

SLOTS = 16
"""Deliveries at once in one program: they mostly wait for receivers."""
LEASE = timedelta(seconds=45)
"""How long a claim lasts: three times as long as a try."""
POLL_INTERVAL = 0.2
"""Seconds after which a program with free slots looks for newly due deliveries while others are on their way."""
LINGER = timedelta(seconds=2)
"""How soon what was handed back must be due for the program to stay for it; the scheduler looks every two seconds."""

TOO_LATE = "It was tried for three days, and then not again: the receiver wanted a pause that was longer. Send it again."
INTERNAL_ERROR = "An internal error in the inventory, not in the receiver. Its log says more."

Payload = Callable[[str], bytes | None]
"""The payload of the message with an id; None if it is not kept any more."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Whether the end of a try took effect, and how long it took."""

    settled: bool
    seconds: float


class Deliverer:
    """Sends what is owed, through a sink for each kind of destination."""

    def __init__(
        self,
        deliveries: Deliveries,
        webhooks: Webhooks,
        payload: Payload,
        sinks: Mapping[str, Sink],
        notifier: Notifier | None,
        *,
        clock: Clock,
        rng: Random,
        ticks: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._deliveries, self._webhooks, self._payload = deliveries, webhooks, payload
        self._sinks, self._notifier = sinks, notifier
        self._clock, self._rng, self._ticks, self._sleep = clock, rng, ticks, sleep

    def deliver_due(
        self, *, slots: int = SLOTS, stopping: Callable[[], bool] = lambda: False, first: str | None = None
    ) -> int:
        """Deliver until nothing is due, the delivery `first` before all others; how many tries were settled.

        Told to stop, it only ends what is on its way. Raises `StorageUnavailable` when the store is away and nothing is.
        """
        settled, destinations = 0, Destinations()
        with ThreadPoolExecutor(slots, thread_name_prefix="deliver") as pool:
            on_their_way: dict[Future[Tried], Delivery] = {}
            while True:
                now, stop = self._clock(), stopping()
                room = 0 if stop else slots - len(on_their_way)
                for claim in self._claim(room, first, now, required=not on_their_way):
                    if destinations.begin(claim):
                        on_their_way[pool.submit(self._deliver, claim)] = claim
                    else:
                        self._hand_back(claim, destinations.turn_of(claim, now))
                first = None
                if on_their_way:
                    for each in wait(on_their_way, POLL_INTERVAL, FIRST_COMPLETED).done:
                        tried = each.result()
                        destinations.end(on_their_way.pop(each), tried.seconds)
                        settled += tried.settled
                elif stop or (turn := destinations.next_turn(now)) is None or turn - now > LINGER:
                    return settled
                else:
                    self._sleep(min((turn - now).total_seconds(), POLL_INTERVAL))

    def _claim(self, room: int, first: str | None, now: datetime, *, required: bool) -> Sequence[Delivery]:
        """Due deliveries; none if the store is away, unless they are `required`."""
        if not room:
            return ()
        try:
            return self._deliveries.claim_due(now=now, lease_for=LEASE, limit=room, first=first)
        except StorageUnavailable:
            if required:
                raise
            return ()

    def _hand_back(self, claim: Delivery, due_at: datetime) -> None:
        try:
            self._deliveries.settle(claim, None, DeliveryState.PENDING, due_at=due_at, counted=False)
        except StorageUnavailable as error:
            log.warning("delivery_not_settled", delivery_id=claim.id, error=str(error))

    def _deliver(self, claim: Delivery) -> Tried:
        """Send a claimed delivery and end the claim. If the store is away, its lease brings it back."""
        begun = self._ticks()
        try:
            settled = self._try(claim)
        except StorageUnavailable as error:
            log.warning("delivery_not_settled", delivery_id=claim.id, error=str(error))
            settled = False
        return Tried(settled=settled, seconds=self._ticks() - begun)

    def _try(self, claim: Delivery) -> bool:
        webhook = self._webhooks.find(claim.address) if claim.kind == WEBHOOK else None
        payload = self._payload(claim.message_id)
        if obstacle := _obstacle(claim, webhook, payload):
            return self._end_without_try(claim, DeliveryState.CANCELLED, obstacle)
        if is_too_late(claim, self._clock()):
            return self._end_without_try(claim, DeliveryState.FAILED, TOO_LATE)
        at, begun = self._clock(), self._ticks()
        reply = self._reply(claim, outgoing(claim.message_id, payload or b"", webhook, claim.address, at))
        elapsed_ms = round((self._ticks() - begun) * 1000, 1)
        now = self._clock()
        decision = decide(claim, reply, now=now, rng=self._rng)
        self._note(webhook, decision, now)
        attempt = Attempt(at=at, status=reply.status, detail=reply.detail, elapsed_ms=elapsed_ms)
        settled = self._deliveries.settle(claim, attempt, decision.state, due_at=decision.due_at)
        if decision.disable is not None:
            self._deliveries.cancel(webhook_id=claim.address, now=now)
        _log(claim, attempt, decision, settled=settled)
        return settled

    def _end_without_try(self, claim: Delivery, state: DeliveryState, detail: str) -> bool:
        attempt = Attempt(at=self._clock(), status=None, detail=detail, elapsed_ms=0.0)
        return self._deliveries.settle(claim, attempt, state, due_at=None)

    def _reply(self, claim: Delivery, message: OutgoingMessage) -> Reply:
        """What the destination does. This is the outermost edge of a try: whatever breaks it is a reply too."""
        try:
            return self._sinks[claim.kind].send(message)
        except Exception as error:  # noqa: BLE001 - logged, counted, and the reply
            faults.note(self._notifier, error, "deliver", claim.kind, delivery_id=claim.id)
            return Reply(verdict=Verdict.FAILED, detail=INTERNAL_ERROR)

    def _note(self, webhook: Webhook | None, decision: Decision, now: datetime) -> None:
        """Keep what was told of a webhook, before the claim ends: a webhook that is disabled gets nothing from then on."""
        if webhook is not None and is_news(webhook, decision):
            failed_at = None if decision.state is DeliveryState.DELIVERED else now
            hold_until, disabled = decision.hold_until, decision.disable
            self._webhooks.note(webhook.id, failed_at=failed_at, hold_until=hold_until, disabled=disabled, now=now)


def outgoing(message_id: str, payload: bytes, webhook: Webhook | None, address: str, now: datetime) -> OutgoingMessage:
    """A message for a webhook, signed with its secrets, or for another address."""
    if webhook is None:
        return OutgoingMessage(id=message_id, payload=payload, address=address)
    return OutgoingMessage(id=message_id, payload=payload, address=webhook.url, secrets=webhook.signing(now))


def _obstacle(claim: Delivery, webhook: Webhook | None, payload: bytes | None) -> str | None:
    """Why a delivery is not sent and never will be; None if it is."""
    if claim.kind == WEBHOOK and webhook is None:
        return "The webhook was removed."
    if webhook is not None and webhook.disabled_because is not None:
        return f"The webhook is disabled. {webhook.disabled_because}"
    return "The message is not kept any more." if payload is None else None


def _log(claim: Delivery, attempt: Attempt, decision: Decision, *, settled: bool) -> None:
    """What the receiver said is left out: it may be anything."""
    log.info(
        "delivery_settled" if settled else "delivery_lost",
        delivery_id=claim.id,
        message_id=claim.message_id,
        kind=claim.kind,
        state=decision.state.value,
        status=attempt.status,
        attempt=claim.attempt,
        elapsed_ms=attempt.elapsed_ms,
        disabled=decision.disable is not None,
    )
