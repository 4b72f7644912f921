"""Documents of the MongoDB store as values of the model, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from inventory.cdx.model import urlkey_of
from inventory.clock import truncated
from inventory.errors import Unstorable
from inventory.listing import Key
from inventory.records.model import AHEAD, Attachment, Record, Snapshot, State, Stored, Target
from inventory.store.codecs import read_failure, to_millis
from inventory.store.frames import keep_content, kept_content

Document = dict[str, Any]

LARGEST = (16 * 1024 - 16) * 1024
"""Bytes of one value in a document: the 16 MiB that MongoDB keeps, less what is beside it."""


def new_record(target: Target, now: datetime, owner: str = "") -> Document:
    """The document of a target that is accepted for the first time, by a lookup of an owner."""
    return {
        "_id": target.id,
        "source": target.source,
        "key": target.key,
        "host": target.host,
        "state": State.PENDING.value,
        "accepted_at": truncated(now),
        "requested_at": truncated(now),
        "due_at": truncated(now),
        "attempt": 0,
        "fence": 0,
        "lease": None,
        "first_collected_at": None,
        "collected_at": None,
        "snapshots": 0,
        "snapshot_id": None,
        "failure": None,
        "revalidate": False,
        "bulk": None,
        "indexed": True,
        "owner": owner or None,
        "urlkey": urlkey_of(target),
    }


def record(document: Mapping[str, Any]) -> Record:
    """The record in a document."""
    return Record(
        target=target(document),
        state=State(document["state"]),
        accepted_at=aware(document["accepted_at"]),
        requested_at=aware(document["requested_at"]),
        due_at=aware_or_none(document["due_at"]),
        attempt=document["attempt"],
        fence=document["fence"],
        lease=document["lease"],
        first_collected_at=aware_or_none(document["first_collected_at"]),
        collected_at=aware_or_none(document["collected_at"]),
        snapshots=document["snapshots"],
        snapshot_id=document["snapshot_id"],
        failure=read_failure(document["failure"]),
        revalidate=document.get("revalidate", False),
        bulk=bool(document.get("bulk")),
        owner=document.get("owner") or "",
    )


def target(document: Mapping[str, Any]) -> Target:
    """The target of a record's document."""
    return Target(document["source"], document["key"], document["host"])


def new_snapshot(outcome: Stored) -> Document:
    """The document of a snapshot, without its `_id`; `accepted_at` tells this record from a deleted one of the same id."""
    return {
        "record_id": outcome.claim.id,
        "accepted_at": outcome.claim.accepted_at,
        "collected_at": truncated(outcome.snapshot.collected_at),
        **named(outcome.snapshot, outcome.attachments),
        "content": fitting(keep_content(outcome.snapshot.content)),
    }


def named(of: Snapshot, attachments: Sequence[Attachment]) -> Document:
    """What a snapshot names, in the fields of its document."""
    attached = [each.sha256 for each in attachments]
    return {"body_sha256": of.body_sha256} | ({"attached": attached} if attached else {})


def fitting(value: bytes) -> bytes:
    """The same bytes; `Unstorable` if no document can have so many, which servers find out late, or not at all."""
    if len(value) > LARGEST:
        raise Unstorable(f"It has {len(value):,} bytes; MongoDB keeps at most {LARGEST:,} of one value.")
    return value


def snapshot(document: Mapping[str, Any]) -> Snapshot:
    """The snapshot in a document."""
    return Snapshot(
        id=document["_id"],
        record_id=document["record_id"],
        collected_at=aware(document["collected_at"]),
        content=kept_content(document["content"]),
        body_sha256=document.get("body_sha256"),
    )


def due(now: datetime, ahead: timedelta = AHEAD) -> list[Document]:
    """What is due, and what is due so late that a clock that was ahead wrote it."""
    return [{"due_at": {"$lte": now}}, {"due_at": {"$gt": now + ahead}}]


def after_key(instant: str, after: Key | None, *, as_millis: bool = False) -> Document:
    """The filter for what comes after a key in a listing by (`instant`, id), newest first."""
    if after is None:
        return {}
    at = to_millis(after[0]) if as_millis else after[0]
    # The first condition says nothing new; it is what an index is entered with.
    return {instant: {"$lte": at}, "$or": [{instant: {"$lt": at}}, {instant: at, "_id": {"$lt": after[1]}}]}


def newest_first(instant: str) -> list[tuple[str, int]]:
    """The order of a listing."""
    return [(instant, -1), ("_id", -1)]


def aware(instant: datetime) -> datetime:
    """An instant that was read, in UTC."""
    return instant.replace(tzinfo=UTC)


def aware_or_none(instant: datetime | None) -> datetime | None:
    """The same, or None."""
    return None if instant is None else aware(instant)
