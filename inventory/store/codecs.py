"""The forms in which both stores keep values: contents and failures as JSON bytes, instants as whole milliseconds.

JSON is UTF-8 with lone surrogates let through (`surrogatepass`), because it is the one form that gives every `str` back
exactly. SQLite's text and BSON's strings refuse lone surrogates, escapes such as `\\ud83d\\ude00` would be joined to one
character, and BSON refuses names with a dot in places. Nothing is searched for inside of contents.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from inventory.records.model import Content, Failure, Record

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LARGEST = 2**63 - 1
"""The largest whole number that both stores know."""

UNREADABLE = Failure("internal_fault", "What failed cannot be read in the store any more.", False, 0, EPOCH, EPOCH)
"""Stands for a failure that is damaged; it may be tried again at once."""

MARK = b" "
"""In front of what orjson cannot read; JSON allows it there."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().decode


def to_millis(instant: datetime) -> int:
    """Whole milliseconds since 1970, cut, never rounded up: an instant that is stored is never in the future."""
    return (instant - EPOCH) // MILLISECOND


def millis(duration: timedelta) -> int:
    """A span of time in whole milliseconds."""
    return duration // MILLISECOND


def to_millis_up(instant: datetime) -> int:
    """Whole milliseconds since 1970, rounded up: what is stored is from this instant on if it is no less."""
    return -((EPOCH - instant) // MILLISECOND)


def from_millis(millis: int) -> datetime:
    """The instant in UTC, exactly."""
    return datetime.fromtimestamp(millis / 1000, UTC)


def instant_of(millis: int) -> datetime:
    """The same for any year, where `from_millis`, which is faster, is only exact within some centuries of 1970."""
    return EPOCH + millis * MILLISECOND


def content_bytes(content: Content) -> bytes:
    """A content as JSON bytes. Of NaN and infinity, which JSON has not and no source makes, it would make null.

    By orjson, which writes a page's in 3 µs where the standard library takes 23, and reads it in 5 instead of 13. What it
    refuses, half of a surrogate pair and integers of more than 64 bits, the latter takes, with `MARK` in front of it.
    """
    try:
        return orjson.dumps(content)
    except TypeError:
        return MARK + _encode(content).encode("utf-8", "surrogatepass")


def read_content(kept: bytes) -> dict[str, Any]:
    """The content that `content_bytes` kept, the same to every character, in the same order."""
    content: dict[str, Any]
    if kept.startswith(MARK):
        content = _decode(kept.decode("utf-8", "surrogatepass").removeprefix(" "))
    else:
        content = orjson.loads(kept)
    return content


def text_bytes(text: str | None) -> bytes | None:
    """A text from outside as bytes, to every character, or None; for equal texts they are equal."""
    return None if text is None else text.encode("utf-8", "surrogatepass")


def read_text(kept: bytes | None) -> str | None:
    """The text that `text_bytes` kept."""
    return None if kept is None else kept.decode("utf-8", "surrogatepass")


def failure_bytes(failure: Failure | None) -> bytes | None:
    """A failure as JSON bytes, or None."""
    if failure is None:
        return None
    instants = to_millis(failure.at), to_millis(failure.retry_at)
    return content_bytes({"failure": [failure.code, failure.detail, failure.permanent, failure.attempts, *instants]})


def read_failure(kept: bytes | None) -> Failure | None:
    """The failure that `failure_bytes` kept; `UNREADABLE` where it is damaged.

    An exception would reach whoever claims the record, and all that is claimed with it: nothing would be collected any more.
    """
    if kept is None:
        return None
    try:
        code, detail, permanent, attempts, at, retry_at = read_content(kept)["failure"]
        return Failure(code, detail, permanent, attempts, from_millis(at), from_millis(retry_at))
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return UNREADABLE


def spent(record: Record, *, now: datetime, retry_at: datetime) -> Failure:
    """The failure of a record whose last attempt never ended: its worker died of it, or hung."""
    detail = f"No attempt came to an end: {record.attempt} workers took it on, and none reported back in time."
    return Failure("timeout", detail, False, record.attempt, now, retry_at)
