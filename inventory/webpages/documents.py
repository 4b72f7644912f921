"""The documents that the metadata API answers, written straight from the model: lookups are the hot path."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from werkzeug.http import quote_etag

from inventory import json_bytes
from inventory.clock import http_date, rfc3339
from inventory.records.documents import failure_document
from inventory.records.model import Record, RecordWithSnapshot, Snapshot, State, Target
from inventory.webpages.cookies import READY, cookies_of
from inventory.webpages.source import page_source

Document = dict[str, Any]
READY_BEGINS = json_bytes.dumps({READY: True})[:-1] + b","
BODY_BEGINS = b',"body":{"sha256":'
"""The member `body`, before which `page_source` stands. Strings cannot have these bytes: their quotes are escaped."""
MAX_POLL_AFTER = 30
"""Seconds: no caller is asked to wait longer before it asks again, however long the pause before the next attempt is."""


def record_document(found: RecordWithSnapshot, *, stale: bool, fields: frozenset[str] | None = None) -> Document:
    """A record with its latest snapshot; with `fields` only those members, and id, url, status."""
    assert found.snapshot is not None
    content = found.snapshot.content
    document = _first_members(found, stale=stale) | {
        "response": content["response"],
        "redirects": content["redirects"],
        "headers": content["headers"],
        "cookies": cookies_of(content),
    }
    if fields is None or "page_source" in fields:
        document["page_source"] = page_source(found.body or b"", content)
    document["body"] = content["body"]
    if "page" in content:  # an old version did not look into it
        document["page"] = content["page"]
    document |= _last_member(found.record)
    if fields is None:
        return document
    return {name: member for name, member in document.items() if name in fields or name in ("id", "url", "status")}


def answer(found: RecordWithSnapshot, *, stale: bool) -> bytes:
    """The whole `record_document` as JSON: the body of a hit. What is stored as it is answered is not parsed for it."""
    content = None if found.snapshot is None else found.snapshot.content
    if found.text is None or not isinstance(content, json_bytes.JsonObject) or not content.json.startswith(READY_BEGINS):
        return json_bytes.dumps(record_document(found, stale=stale))
    first, last = json_bytes.dumps(_first_members(found, stale=stale)), json_bytes.dumps(_last_member(found.record))
    before, body_begins, after = content.json[len(READY_BEGINS) : -1].partition(BODY_BEGINS)
    return b"".join((first[:-1], b",", before, b',"page_source":', found.text, body_begins, after, b",", last[1:]))


def _first_members(found: RecordWithSnapshot, *, stale: bool) -> Document:
    record, snapshot = found.record, found.snapshot
    assert snapshot is not None
    assert record.first_collected_at is not None
    return {
        "id": snapshot.record_id,
        "url": record.target.key,
        "status": record.status.value,
        "stale": stale,
        "first_collected_at": rfc3339(record.first_collected_at),
        "collected_at": rfc3339(snapshot.collected_at),
        "snapshots": record.snapshots,
    }


def _last_member(record: Record) -> Document:
    return {"failure": None if record.failure is None else failure_document(record.failure)}


def etag(record: Record, *, stale: bool, fields: frozenset[str] | None = None) -> str:
    """The strong validator of `record_document`: it changes whenever the document does."""
    failed_at = None if record.failure is None else record.failure.at
    seen = f"{record.snapshot_id} {record.snapshots} {failed_at} {stale} {sorted(fields) if fields else ''}"
    return sha256(seen.encode()).hexdigest()[:32]


def etag_and_age(record: Record, etag: str, now: datetime) -> dict[str, str]:
    """The headers of a 304: beside an ETag it carries no Last-Modified (RFC 9110, 15.4.5)."""
    assert record.collected_at is not None
    return {"ETag": quote_etag(etag), "Age": str(max(0, int((now - record.collected_at).total_seconds())))}


def validators(record: Record, etag: str, now: datetime) -> dict[str, str]:
    """The headers of a 200 by which a caller can ask later whether anything has changed."""
    assert record.collected_at is not None
    return etag_and_age(record, etag, now) | {"Last-Modified": http_date(record.collected_at)}


def pending_document(record: Record, now: datetime) -> Document:
    """The promise of a record: its URL was accepted and is not collected yet."""
    return {
        "id": record.id,
        "url": record.target.key,
        "status": "pending",
        "requested_at": rfc3339(record.requested_at),
        "attempt": record.attempt,
        "detail": _detail(record),
        "poll_after": _poll_after(record, now),
    }


def _poll_after(record: Record, now: datetime) -> int:
    """Whole seconds, 1 to 30, after which asking again makes sense: when the next attempt may begin."""
    if record.state is not State.PENDING or record.due_at is None:
        return 1
    return max(1, min(MAX_POLL_AFTER, round((record.due_at - now).total_seconds()) + 1))


def snapshot_document(target: Target, snapshot: Snapshot) -> Document:
    """A snapshot without its page source."""
    return {
        "id": snapshot.id,
        "url": target.key,
        "collected_at": rfc3339(snapshot.collected_at),
        **{name: member for name, member in snapshot.content.items() if name != READY},
        "cookies": cookies_of(snapshot.content),
    }


def whole_snapshot(target: Target, snapshot: Snapshot, body: bytes | None) -> Document:
    """A snapshot with its page source."""
    return snapshot_document(target, snapshot) | {"page_source": page_source(body or b"", snapshot.content)}


def _detail(record: Record) -> str:
    """What happened to it so far, and what comes next."""
    if record.state is State.RUNNING:
        return "A worker is collecting this URL now."
    if record.attempt == 0:
        return "Accepted. A worker collects this URL as soon as one is free."
    if record.failure is None:
        return f"Attempt {record.attempt} was told to come back later. The next attempt waits until then."
    return f"Attempt {record.attempt} failed and will be retried: {record.failure.detail}"
