"""Cursors of the list of changes: a place in it, and which list it is of."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from inventory.changes.asked import Asked
from inventory.clock import EPOCH, MILLISECOND
from inventory.instants import invalid

NOT_A_CURSOR = "Not a cursor. Send the next_cursor of an earlier page, or none."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next page begins: after a change, by its instant, record and field, in a list that goes back to `since`.

    `since` stays the same on all pages, also where it was so long before now.
    """

    since: datetime
    at: datetime
    record_id: str
    field: str

    @property
    def place(self) -> tuple[datetime, str, str]:
        """The position of that change."""
        return self.at, self.record_id, self.field


def written(cursor: Cursor, asked: Asked) -> str:
    """The text that stands for a cursor."""
    parts = [_digest(asked), _millis(cursor.since), _millis(cursor.at), cursor.record_id, cursor.field]
    return urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode("ascii")


def read_cursor(text: str | None, asked: Asked) -> Cursor | None:
    """The cursor that a text stands for, None if it was not given.

    `InvalidRequest` if it is none, or one of another query.
    """
    if text is None:
        return None
    try:
        digest, since, at, record_id, field = json.loads(urlsafe_b64decode(text.encode("ascii")))
        if not (isinstance(record_id, str) and isinstance(field, str)):
            raise invalid("cursor", NOT_A_CURSOR)
        f"{record_id}{field}".encode()  # half of a surrogate pair is in no store, and none takes it
        cursor = Cursor(since=_instant(since), at=_instant(at), record_id=record_id, field=field)
    except (UnicodeError, binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise invalid("cursor", NOT_A_CURSOR) from error
    if digest != _digest(asked):
        reason = "It is of another query. Send it with the same q, field, since, until and volatile, or leave it out."
        raise invalid("cursor", reason)
    return cursor


def _digest(asked: Asked) -> str:
    """Which list it is, in a few characters."""
    given = asdict(asked) | {"fields": sorted(set(asked.fields))}
    return sha256(json.dumps(["changes", given], sort_keys=True).encode()).hexdigest()[:12]


def _millis(instant: datetime) -> int:
    return (instant - EPOCH) // MILLISECOND


def _instant(millis: object) -> datetime:
    if not isinstance(millis, int):
        raise TypeError
    return EPOCH + millis * MILLISECOND
