"""The documents that the API of keys answers."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Any

from inventory.access.model import Key
from inventory.access.quota_model import Usage
from inventory.access.scopes import text_of
from inventory.clock import rfc3339

Document = dict[str, Any]


def key_document(key: Key, now: datetime, text: str | None = None) -> Document:
    """A key at `now`; with its text if it was just made."""
    document = {
        "id": key.id,
        "name": key.name,
        "scopes": [text_of(scope) for scope in key.scopes],
        "status": _status(key, now),
        "created_at": rfc3339(key.created_at),
        "expires_at": _instant(key.expires_at),
        "revoked_at": _instant(key.revoked_at),
        "last_used_at": _instant(key.last_used_at),
        "last_used_address": key.last_used_address,
        "quotas": dict(key.quotas),
        "user_header": key.user_header,
    }
    return document if text is None else document | {"key": text}


def usage_document(usage: Usage) -> Document:
    """What is left of a quota."""
    quota = usage.quota
    return {"quota": quota.name, "amount": quota.amount, "left": usage.left, "ends_in": ceil(usage.ends_in)}


def _status(key: Key, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "usable"


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else rfc3339(instant)
