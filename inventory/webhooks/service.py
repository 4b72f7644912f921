"""Making, changing and trying webhooks, and sending a delivery again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex

from inventory import json_bytes, optimistic, urls
from inventory.clock import Clock, rfc3339
from inventory.errors import NameTaken, NotFound, TooManyWebhooks, UnknownWebhook, WebhookDisabled
from inventory.http_client.guard import Guard
from inventory.listing import Key
from inventory.slots import Slots
from inventory.urls import Url
from inventory.webhooks.delivering import outgoing
from inventory.webhooks.model import ID, MAX_WEBHOOKS, WEBHOOK, Delivery, DeliveryState, Webhook
from inventory.webhooks.ports import Deliveries, Webhooks
from inventory.webhooks.signing import new_secret
from inventory.webhooks.sink import Reply, Sink

TESTS_AT_ONCE, TESTS_WAIT = 2, 5.0
"""Tests of one process at once, each of which may take as long as a try; and for how many seconds another one waits."""
MAX_LISTED = 100
"""Deliveries of one message, which has no more of them."""
BY_REQUEST = "A request disabled it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a receiver made of a test."""

    message_id: str
    reply: Reply
    elapsed_ms: float


class WebhookService:
    """The webhooks. Every method may raise `StorageUnavailable`, and `UnknownWebhook` where it takes a webhook's id.

    `wake` lets a worker deliver what is due, beginning with the delivery of an id; it is told where that goes.
    """

    def __init__(
        self,
        webhooks: Webhooks,
        deliveries: Deliveries,
        guard: Guard,
        sink: Sink,
        wake: Callable[[str, str], object],
        *,
        clock: Clock,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._webhooks, self._deliveries = webhooks, deliveries
        self._guard, self._sink, self._wake = guard, sink, wake
        self._tests = Slots(TESTS_AT_ONCE, max_wait=TESTS_WAIT, admitted=4 * TESTS_AT_ONCE)
        self.clock = clock
        self._ticks = ticks

    def create(self, url: str) -> tuple[Webhook, str | None]:
        """A new webhook for a URL and its secret, which is not shown again; or the one that has the URL, and None.

        `InvalidUrl` or a kind of it if messages cannot be sent there, and `TooManyWebhooks`.
        """
        now, secret = self.clock(), new_secret()
        made = Webhook(id=token_hex(16), url=self._read(url).href, created_at=now, secrets=[(secret, None)])
        kept = self._webhooks.add(made, at_most=MAX_WEBHOOKS)
        if kept is None:
            raise TooManyWebhooks(f"There are {MAX_WEBHOOKS:,} webhooks, and no more are kept. Delete one first.")
        return kept, secret if kept.id == made.id else None

    def named(self, text: str) -> tuple[Webhook, str | None]:
        """The webhook of an id, and None; or for a URL what `create` says."""
        return (self.find(text), None) if ID.fullmatch(text) else self.create(text)

    def url_of(self, text: str) -> str:
        """The URL of the webhook of an id, or a URL as a webhook would have it; nothing is made. Raises as `named`."""
        return self.find(text).url if ID.fullmatch(text) else self._read(text).href

    def find(self, webhook_id: str) -> Webhook:
        """The webhook as it stands."""
        webhook = self._webhooks.find(webhook_id)
        if webhook is None:
            raise UnknownWebhook(
                f"There is no webhook {webhook_id}; /api/v1/webhooks and `inventory webhook list` list all."
            )
        return webhook

    def listing(self, *, limit: int, after: Key | None) -> Sequence[Webhook]:
        """Webhooks, newest first, those that follow `after`."""
        return self._webhooks.listing(limit=limit, after=after)

    def change(self, webhook_id: str, *, url: str | None = None, enabled: bool | None = None) -> Webhook:
        """Give it another URL, enable it, or disable it, which cancels what it is owed. `NameTaken`: another has the URL."""
        href = None if url is None else self._read(url).href
        changed = self._replace(webhook_id, lambda webhook: _changed(webhook, href, enabled))
        if enabled is False:
            self._deliveries.cancel(webhook_id=webhook_id, now=self.clock())
        return changed

    def rotate(self, webhook_id: str) -> tuple[Webhook, str]:
        """Give it a new secret, which is not shown again. The one before signs for a day longer."""
        secret, now = new_secret(), self.clock()
        return self._replace(webhook_id, lambda webhook: webhook.rotated(secret, now)), secret

    def delete(self, webhook_id: str) -> None:
        """Remove it, and cancel what it is owed."""
        if not self._webhooks.delete(webhook_id, now=self.clock()):
            self.find(webhook_id)

    def test(self, webhook_id: str) -> Tested:
        """Send a message of type `webhook.test`, also to one that is disabled; nothing comes of it but the answer.

        `TooManyRequests` while too many others are being tested.
        """
        webhook, now, message_id = self.find(webhook_id), self.clock(), token_hex(16)
        data = {"id": message_id, "webhook": {"id": webhook.id}, "detail": "A test. Nothing has changed."}
        payload = json_bytes.dumps({"type": "webhook.test", "timestamp": rfc3339(now), "data": data})
        with self._tests.one("Too many webhooks are being tested."):
            begun = self._ticks()
            reply = self._sink.send(outgoing(message_id, payload, webhook, webhook.url, now))
            return Tested(message_id=message_id, reply=reply, elapsed_ms=round((self._ticks() - begun) * 1000, 1))

    def deliveries(
        self, webhook_id: str, state: DeliveryState | None, *, limit: int, after: Key | None
    ) -> Sequence[Delivery]:
        """What was and is to be sent to a webhook, newest first."""
        address = self.find(webhook_id).id
        return self._deliveries.listing(address=address, message_id=None, state=state, limit=limit, after=after)

    def deliveries_of(self, message_id: str) -> Sequence[Delivery]:
        """How a message was sent to each of its destinations."""
        return self._deliveries.listing(address=None, message_id=message_id, state=None, limit=MAX_LISTED, after=None)

    def again(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Send a delivery again now, with the same id of its message. `NotFound`, and `WebhookDisabled`.

        That a person asks for it ends a pause of the receiver.
        """
        webhook, now = self.find(webhook_id), self.clock()
        if webhook.disabled_because is not None:
            raise WebhookDisabled(f"The webhook is disabled: {webhook.disabled_because} Enable it first.")
        if webhook.not_before is not None and webhook.not_before > now:
            self._replace(webhook.id, lambda seen: replace(seen, not_before=None))
        return self._again(delivery_id, webhook.id)

    def send_again(self, delivery: Delivery) -> Delivery:
        """The same of a delivery to any destination."""
        if delivery.kind == WEBHOOK:
            return self.again(delivery.address, delivery.id)
        return self._again(delivery.id, delivery.address)

    def _again(self, delivery_id: str, address: str) -> Delivery:
        delivery = self._deliveries.again(delivery_id, address=address, now=self.clock())
        if delivery is None:
            raise NotFound(f"There is no delivery {delivery_id} to {address}, or it is not kept any more.")
        self._wake(delivery.id, f"{delivery.kind}:{delivery.address}")
        return delivery

    def _read(self, text: str) -> Url:
        url = urls.parse(text)
        self._guard.check(url)
        return url

    def _replace(self, webhook_id: str, change: Callable[[Webhook], Webhook]) -> Webhook:
        """Change a webhook as it stands, whatever others do to it at the same time."""
        return optimistic.change(
            lambda: self.find(webhook_id),
            change,
            self._webhooks.replace,
            revision=lambda webhook: webhook.version,
            refused=_url_taken,
        )


def _url_taken(webhook: Webhook) -> NameTaken:
    return NameTaken(f"Another webhook has the URL {webhook.url}. Use that one, or delete it first.")


def _changed(webhook: Webhook, href: str | None, enabled: bool | None) -> Webhook:
    """The webhook with what is not None. Enabling it, or another URL, begins anew."""
    if href is not None and href != webhook.url:
        webhook = replace(webhook, url=href, not_before=None, failing_since=None)
    if enabled is True:
        return replace(webhook, disabled_because=None, not_before=None, failing_since=None)
    if enabled is False:
        return replace(webhook, disabled_because=webhook.disabled_because or BY_REQUEST)
    return webhook
