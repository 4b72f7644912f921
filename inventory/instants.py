"""Instants as callers give them: RFC 3339, a day, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from inventory.clock import truncated
from inventory.errors import InvalidRequest
from inventory.records.model import CLOCKS_DIFFER

MAX_CHARACTERS = 100
EXAMPLES = (
    "RFC 3339, such as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00 (in a URL, a plus is %2B);"
    " a day; or how long ago: 30m, 12h, 7d"
)

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)?)?", re.ASCII)
_AGO = re.compile(r"(\d{1,9})([smhdw])", re.ASCII | re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def instant_of(text: str) -> datetime | None:
    """The instant of an RFC 3339 text, in whole milliseconds; None if it is none.

    A day is its first instant, and an instant without an offset is in UTC.
    """
    if not _INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text.upper())
        return truncated(instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def read_instant(name: str, text: str, now: datetime) -> datetime:
    """The instant that the text of a parameter means, also one such as `7d`: so long before now.

    `InvalidRequest` if it means none, or the future by more than clocks differ.
    """
    instant = instant_meant(text, now)
    if instant is None:
        raise invalid(name, f"{text[:MAX_CHARACTERS]!r} is not an instant. Send {EXAMPLES}.")
    if instant > now + CLOCKS_DIFFER:
        raise in_the_future(name, text)
    return instant


def instant_meant(text: str, now: datetime) -> datetime | None:
    """The instant that a text means, also one such as `7d`: so long before now; None if it means none."""
    return _ago(text, now) if _AGO.fullmatch(text) else instant_of(text)


def in_the_future(name: str, text: str) -> InvalidRequest:
    """The error of an instant that is later than now."""
    return invalid(name, f"{text} is in the future. Send an earlier instant, or leave `{name}` out.")


def invalid(name: str, detail: str) -> InvalidRequest:
    """The error of a parameter."""
    return InvalidRequest(f"`{name}` is not valid: {detail}", {name: [detail]})


def _ago(text: str, now: datetime) -> datetime | None:
    """So long before now; None if that is before the year 1."""
    try:
        return truncated(now - timedelta(**{_UNITS[text[-1].lower()]: int(text[:-1])}))
    except OverflowError:
        return None
