"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from inventory.listing import keyset_page
from inventory.services import services
from inventory.webhooks import documents
from inventory.webhooks.documents import Document

IN_ORDER = attrgetter("created_at", "id")


def webhooks(query: dict[str, Any]) -> Document:
    """One page of the webhooks, as a `PageQuery` asks."""
    document = partial(documents.webhook_document, now=services().webhooks.clock())
    return keyset_page("webhooks", query, services().webhooks.listing, document, IN_ORDER)


def webhook(webhook_id: str) -> Document:
    """One webhook, without its secrets."""
    return documents.webhook_document(services().webhooks.find(webhook_id), services().webhooks.clock())


def deliveries(webhook_id: str, query: dict[str, Any]) -> Document:
    """One page of the deliveries to a webhook that a `DeliveriesQuery` means."""
    find = partial(services().webhooks.deliveries, webhook_id, query["state"])
    return keyset_page("deliveries", query, find, documents.delivery_document, IN_ORDER)


def test(webhook_id: str) -> Document:
    """What a webhook's receiver makes of a message that is sent to it now."""
    return documents.tested_document(services().webhooks.test(webhook_id))
