"""How both stores encode values: contents and failures as JSON bytes, instants as whole milliseconds.

JSON is UTF-8 with lone surrogates let through (`surrogatepass`), because it is the one form that gives every `str` back
exactly. SQLite's text and BSON's strings refuse lone surrogates, and BSON refuses some names with a dot. Escapes such as
`\\ud83d\\ude00` would be joined to one character. Nothing is searched for inside of contents.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson

from inventory.clock import EPOCH, MILLISECOND
from inventory.records.model import Content, Failure, Record

LARGEST = 2**63 - 1
"""The largest whole number that both stores know."""

UNREADABLE = Failure("internal_fault", "What failed cannot be read in the store any more.", False, 0, EPOCH, EPOCH)
"""Stands for a failure that is damaged; it may be tried again at once."""

FALLBACK_PREFIX = b" "
"""Begins what orjson cannot read; JSON allows a space there."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().decode


def to_millis(instant: datetime) -> int:
    """Whole milliseconds since 1970, rounded down: an instant that is stored is never in the future."""
    return (instant - EPOCH) // MILLISECOND


def to_millis_or_none(instant: datetime | None) -> int | None:
    """The same, and None of none."""
    return None if instant is None else to_millis(instant)


def millis(duration: timedelta) -> int:
    """A duration in whole milliseconds."""
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
    """A content as JSON bytes. NaN and infinity, which JSON does not have and no source makes, become null.

    What orjson refuses, half of a surrogate pair and integers of more than 64 bits, the standard library encodes.
    """
    try:
        return orjson.dumps(content)
    except TypeError:
        return FALLBACK_PREFIX + _encode(content).encode("utf-8", "surrogatepass")


def read_content(kept: bytes) -> dict[str, Any]:
    """The content that `content_bytes` kept, the same to every character, in the same order."""
    content: dict[str, Any]
    if kept.startswith(FALLBACK_PREFIX):
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
    kept: dict[str, Any] = {"failure": [failure.code, failure.detail, failure.permanent, failure.attempts, *instants]}
    if failure.redirects:
        kept["redirects"] = failure.redirects
    return content_bytes(kept)


def read_failure(kept: bytes | None) -> Failure | None:
    """The failure that `failure_bytes` kept; `UNREADABLE` where it is damaged.

    An exception would break the claim of this record and of all others with it: nothing would be collected any more.
    """
    if kept is None:
        return None
    try:
        content = read_content(kept)
        code, detail, permanent, attempts, at, retry_at = content["failure"]
        redirects = tuple(content.get("redirects", ()))
        return Failure(code, detail, permanent, attempts, from_millis(at), from_millis(retry_at), redirects)
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return UNREADABLE


def spent(record: Record, *, now: datetime, retry_at: datetime) -> Failure:
    """The failure of a record whose last attempt never ended: its worker died of it, or hung."""
    detail = f"Gave up after {record.attempt} attempts: each worker crashed or timed out."
    return Failure("timeout", detail, False, record.attempt, now, retry_at)


def newest_hours(groups: Iterable[Sequence[Any]], hours: int) -> dict[datetime, dict[str, int]]:
    """The counts by level of the first hours of groups of an hour in milliseconds, a level and a count, in their order."""
    found: dict[datetime, dict[str, int]] = {}
    for hour, level, count in groups:
        found.setdefault(instant_of(hour), {})[read_text(level) or ""] = count
    return dict(islice(found.items(), hours))
