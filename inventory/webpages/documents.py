"""The documents that the metadata API answers, written straight from the model: lookups are the hot path."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from werkzeug.http import http_date, quote_etag

from inventory.clock import rfc3339
from inventory.records.documents import failure_document
from inventory.records.model import Record, RecordWithSnapshot, Snapshot, State, Target
from inventory.webpages.source import cookies_of, page_source

Document = dict[str, Any]
LONGEST_POLL = 30
"""Seconds: nobody is asked to stay away longer, however long the pause before the next attempt is."""


def record_document(known: RecordWithSnapshot, *, stale: bool, chosen: frozenset[str] | None) -> Document:
    """A record with its latest snapshot; only the chosen members, and id, url, status, if any were chosen."""
    record, snapshot = known.record, known.snapshot
    assert snapshot is not None
    assert record.first_collected_at is not None
    content = snapshot.content
    document: Document = {
        "id": record.id,
        "url": record.target.key,
        "status": record.status.value,
        "stale": stale,
        "first_collected_at": rfc3339(record.first_collected_at),
        "collected_at": rfc3339(snapshot.collected_at),
        "snapshots": record.snapshots,
        "response": content["response"],
        "redirects": content["redirects"],
        "headers": content["headers"],
        "cookies": cookies_of(content),
    }
    if chosen is None or "page_source" in chosen:
        document["page_source"] = page_source(known.body or b"", content)
    document["body"] = content["body"]
    document["failure"] = None if record.failure is None else failure_document(record.failure)
    if chosen is None:
        return document
    return {name: member for name, member in document.items() if name in chosen or name in ("id", "url", "status")}


def etag(record: Record, *, stale: bool, chosen: frozenset[str] | None) -> str:
    """The strong validator of `record_document`: it changes whenever one of the things does that the document shows."""
    failed_at = None if record.failure is None else record.failure.at
    seen = f"{record.snapshot_id} {record.snapshots} {failed_at} {stale} {sorted(chosen) if chosen else ''}"
    return sha256(seen.encode()).hexdigest()[:32]


def unchanged(record: Record, etag: str, now: datetime) -> dict[str, str]:
    """The headers of a 304: Last-Modified has no place there beside an ETag (RFC 9110, 15.4.5)."""
    assert record.collected_at is not None
    return {"ETag": quote_etag(etag), "Age": str(max(0, int((now - record.collected_at).total_seconds())))}


def validators(record: Record, etag: str, now: datetime) -> dict[str, str]:
    """The headers by which a caller knows later whether what it has is still what would be answered."""
    assert record.collected_at is not None
    return unchanged(record, etag, now) | {"Last-Modified": http_date(record.collected_at)}


def pending_document(record: Record, now: datetime) -> Document:
    """The promise of a record."""
    return {
        "id": record.id,
        "url": record.target.key,
        "status": "pending",
        "requested_at": rfc3339(record.requested_at),
        "attempt": record.attempt,
        "detail": _outlook(record),
        "poll_after": poll_after(record, now),
    }


def poll_after(record: Record, now: datetime) -> int:
    """Whole seconds, 1 to 30, after which asking again makes sense: when the next attempt may begin."""
    if record.state is not State.PENDING or record.due_at is None:
        return 1
    return max(1, min(LONGEST_POLL, round((record.due_at - now).total_seconds()) + 1))


def snapshot_document(target: Target, snapshot: Snapshot) -> Document:
    """A snapshot without its page source."""
    return {
        "id": snapshot.id,
        "url": target.key,
        "collected_at": rfc3339(snapshot.collected_at),
        **snapshot.content,
        "cookies": cookies_of(snapshot.content),
    }


def whole_snapshot(target: Target, snapshot: Snapshot, body: bytes | None) -> Document:
    """A snapshot with its page source."""
    return snapshot_document(target, snapshot) | {"page_source": page_source(body or b"", snapshot.content)}


def _outlook(record: Record) -> str:
    if record.state is State.RUNNING:
        return "A worker is collecting it."
    if record.attempt == 0:
        return "Accepted. A worker collects it as soon as one is free."
    why = "The upstream asked to come back later." if record.failure is None else f"{record.failure.detail}"
    return f"Attempt {record.attempt} was not the last: {why} The next one follows."
