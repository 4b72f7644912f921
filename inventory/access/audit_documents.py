"""The documents that the API of the audit answers."""

from __future__ import annotations

from typing import Any

from inventory.access.model import AuditEntry
from inventory.clock import rfc3339


def entry_document(entry: AuditEntry) -> dict[str, Any]:
    """One entry."""
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "action": entry.action,
        "target": entry.target,
        "outcome": entry.outcome,
        "request_id": entry.request_id,
        "address": entry.address,
        "key": None if entry.key_id is None else {"id": entry.key_id, "name": entry.key_name},
        "user": entry.user,
    }
