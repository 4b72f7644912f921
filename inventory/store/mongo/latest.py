"""The latest snapshot and its body once more, in the document of its record: so a lookup reads one document.

The update that settles a record writes it, so it is that of the outcome that took effect. There is none if it would be too
large, or if older code settled the record. All but lookups leave it out of what they read (`without`), except where they
change a record as they read it: FerretDB 1 knows no projection there.

    snapshot_id, sha256, content    of the snapshot; `sha256` is that of its body
    body_sha256, body               of the body, with the fields that its own document has; a snapshot that shares its body
                                    leaves both as they are, so they are of no use if they have another `sha256`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inventory.records.model import Record, RecordWithSnapshot, Snapshot, Stored
from inventory.store.frames import body_or_text, kept_content
from inventory.store.mongo.connection import Document

MAX_SIZE = 64 * 1024
"""Bytes of content and body as they are kept. The server writes them again whenever the record changes."""


def without() -> Document:
    """The projection that leaves it out; a new one each time, because mongomock changes what it is given."""
    return {"latest": 0}


def change(outcome: Stored, content: bytes, body: Document | None) -> Document:
    """The part of the settling update that writes it; `body` has the fields of the document of the outcome's body."""
    if len(content) + len(body["bytes"] if body else b"") > MAX_SIZE:
        return {"$unset": {"latest": ""}}
    sha256 = outcome.snapshot.body_sha256
    snapshot: Document = {"snapshot_id": outcome.snapshot.id, "sha256": sha256, "content": content}
    if outcome.shares_body:
        return {"$set": {f"latest.{name}": value for name, value in snapshot.items()}}
    return {"$set": {"latest": snapshot | {"body_sha256": sha256, "body": body}}}


def find(document: Mapping[str, Any], record: Record) -> RecordWithSnapshot | None:
    """The record with what its document has of the latest snapshot; None if that has to be read elsewhere."""
    if record.snapshot_id is None or record.collected_at is None:
        return RecordWithSnapshot(record, None)
    kept = document.get("latest")
    if kept is None or kept["snapshot_id"] != record.snapshot_id or kept["sha256"] != kept.get("body_sha256"):
        return None
    content = kept_content(kept["content"])
    snapshot = Snapshot(record.snapshot_id, record.id, record.collected_at, content, kept["sha256"])
    body = kept.get("body") or {}
    return RecordWithSnapshot(record, snapshot, *body_or_text(body.get("form"), body.get("bytes")))
