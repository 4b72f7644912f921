"""What `from` and `to` of a diff may be: the id of a snapshot, or an instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from inventory.clock import truncated
from inventory.errors import InvalidRequest

Moment = str | datetime
"""An id, or an instant in UTC."""

MAX_CHARACTERS = 100
_ID = re.compile(r"[0-9a-fA-F]{32}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)?)?", re.ASCII)


def read_moment(name: str, text: str | None, now: datetime) -> Moment | None:
    """What the text of a parameter means, None if it was not given; `InvalidRequest` if it means nothing, or the future.

    A day is its first instant, and an instant without an offset is in UTC.
    """
    if text is None:
        return None
    if _ID.fullmatch(text):
        return text.lower()
    instant = _instant(text)
    if instant is None:
        raise invalid(
            name,
            f"{text[:MAX_CHARACTERS]!r} is neither the id of a snapshot (32 hexadecimal digits) nor an instant. Send RFC"
            " 3339, such as 2026-01-31T12:00:00.123Z or 2026-01-31T13:00:00.123%2B01:00: a plus is %2B in a query.",
        )
    if instant > now:
        raise invalid(name, f"{text} is in the future. Send an earlier instant, or leave `{name}` out.")
    return instant


def invalid(name: str, detail: str) -> InvalidRequest:
    """The error of a parameter."""
    return InvalidRequest(f"`{name}` is not valid: {detail}", {name: [detail]})


def _instant(text: str) -> datetime | None:
    if not _INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text.upper())
        return truncated(instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC))
    except (ValueError, OverflowError):
        return None
