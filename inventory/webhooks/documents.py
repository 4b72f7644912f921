"""The documents that the API of webhooks answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inventory.clock import rfc3339
from inventory.webhooks.model import Attempt, Delivery, Webhook
from inventory.webhooks.service import Tested
from inventory.webhooks.sink import Verdict

Document = dict[str, Any]


def webhook_document(webhook: Webhook, now: datetime, secret: str | None = None) -> Document:
    """A webhook at `now`; with its secret if it was just made."""
    old = [until for _, until in webhook.secrets if until is not None and until > now]
    not_before = webhook.not_before if webhook.not_before is not None and webhook.not_before > now else None
    document = {
        "id": webhook.id,
        "url": webhook.url,
        "created_at": rfc3339(webhook.created_at),
        "enabled": webhook.disabled_because is None,
        "disabled_because": webhook.disabled_because,
        "failing_since": _instant(webhook.failing_since),
        "not_before": _instant(not_before),
        "old_secrets_until": _instant(max(old, default=None)),
    }
    return document if secret is None else document | {"secret": secret}


def delivery_document(delivery: Delivery) -> Document:
    """A delivery with its latest tries."""
    return {
        "id": delivery.id,
        "message_id": delivery.message_id,
        "watch_id": delivery.watch_id,
        "state": delivery.state.value,
        "attempt": delivery.attempt,
        "created_at": rfc3339(delivery.created_at),
        "due_at": _instant(delivery.due_at),
        "ended_at": _instant(delivery.ended_at),
        "attempts": [_attempt(each) for each in delivery.attempts],
    }


def tested_document(tested: Tested) -> Document:
    """What a receiver made of a test."""
    reply = tested.reply
    return {
        "delivered": reply.verdict is Verdict.ACCEPTED,
        "message_id": tested.message_id,
        "status": reply.status,
        "detail": reply.detail,
        "elapsed_ms": tested.elapsed_ms,
    }


def _attempt(attempt: Attempt) -> Document:
    return {
        "at": rfc3339(attempt.at),
        "status": attempt.status,
        "detail": attempt.detail,
        "elapsed_ms": attempt.elapsed_ms,
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else rfc3339(instant)
