"""The audit's entries as both stores keep them, and back: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inventory.access.model import AuditEntry
from inventory.store.codecs import from_millis, read_text, text_bytes, to_millis


def entry_values(entry: AuditEntry) -> dict[str, Any]:
    """What is kept of an entry. `noun` is what its action begins with, up to the first dot."""
    return {
        "id": entry.id,
        "at": to_millis(entry.at),
        "action": entry.action,
        "noun": entry.action.partition(".")[0],
        "target": text_bytes(entry.target),
        "outcome": entry.outcome,
        "request_id": entry.request_id,
        "address": entry.address,
        "key_id": entry.key_id,
        "key_name": text_bytes(entry.key_name),
        "user": text_bytes(entry.user),
    }


def read_entry(values: Mapping[str, Any]) -> AuditEntry:
    """The entry that `entry_values` made them of."""
    return AuditEntry(
        id=values["id"],
        at=from_millis(values["at"]),
        action=values["action"],
        target=read_text(values["target"]) or "",
        outcome=values["outcome"],
        request_id=values["request_id"],
        address=values["address"],
        key_id=values["key_id"],
        key_name=read_text(values["key_name"]),
        user=read_text(values["user"]),
    )
