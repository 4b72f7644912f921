"""The documents that the API answers about changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from inventory.changes.model import Change, Diff, TextDiff
from inventory.clock import rfc3339
from inventory.records.model import Snapshot, Target

Document = dict[str, Any]

MAX_CHANGES = 10_000
"""Changes that one document lists. Real pages have some dozens."""
VERSION = 2
"""To be raised when the document of the same two snapshots becomes another one."""


def diff_document(target: Target, older: Snapshot, newer: Snapshot, diff: Diff) -> Document:
    """All that differs between two snapshots of a webpage."""
    return {
        "url": target.key,
        "from": _side(older),
        "to": _side(newer),
        "counts": dict(diff.counts),
        "changes": [change_document(change) for change in diff.changes[:MAX_CHANGES]],
        "omitted": max(0, len(diff.changes) - MAX_CHANGES),
        "text": None if diff.text is None else _text(diff.text),
    }


def change_document(change: Change) -> Document:
    """One change; what does not apply to it is left out."""
    document: Document = {
        "field": change.field,
        "kind": change.kind.value,
        "old": change.old,
        "new": change.new,
        "volatile": change.volatile,
    }
    if change.hop is not None:
        document["hop"] = change.hop
    for name, part in (("old_line", change.old_line), ("new_line", change.new_line), ("cookie", change.cookie)):
        if part is not None:
            document[name] = asdict(part)
    return document


def etag(older: Snapshot, newer: Snapshot) -> str:
    """The strong validator of `diff_document`: snapshots never change."""
    return sha256(f"{VERSION} {older.id} {newer.id}".encode()).hexdigest()[:32]


def _side(snapshot: Snapshot) -> Document:
    response: Mapping[str, Any] = snapshot.content["response"]
    return {
        "id": snapshot.id,
        "collected_at": rfc3339(snapshot.collected_at),
        "status": response["status"],
        "elapsed_ms": response["elapsed_ms"],
        "not_modified": response["not_modified"],
    }


def _text(text: TextDiff) -> Document:
    return {
        "unified": text.unified,
        "added": text.added,
        "removed": text.removed,
        "volatile": text.volatile,
        "notes": list(text.notes),
    }
