"""How long an upstream asks for a pause."""

from __future__ import annotations

from datetime import datetime

from inventory.http_client import cookie_dates
from inventory.http_client.head import Head

DEFAULT_PAUSE = 5.0
MAX_PAUSE = 3_600.0
"""Seconds: the pause after a 429 or 503 that names none, and the longest that is respected."""


def target_pause(head: Head, now: datetime) -> float | None:
    """Seconds until a target that responded with 429 or 503 may be tried again; None for any other status.

    `Retry-After` is in seconds or an HTTP date (RFC 9110, section 10.2.3).
    """
    if head.status not in {429, 503}:
        return None
    pause = DEFAULT_PAUSE
    for value in head.values("retry-after")[:1]:
        digits = value.isascii() and value.isdigit()
        pause = float(value.lstrip("0")[:10] or 0) if digits else _seconds_until(value, now)
    return min(max(pause, 0.0), MAX_PAUSE)


def host_pause(head: Head, now: datetime) -> float | None:
    """Seconds for which the whole host is not to be called, or None.

    A 429 is about the host. A 503 without `Retry-After` may be about one page only.
    """
    if head.status == 503 and not head.values("retry-after"):
        return None
    return target_pause(head, now)


def _seconds_until(text: str, now: datetime) -> float:
    """Until an HTTP date, each form of which is a cookie date too; the default if it is none."""
    date = cookie_dates.parse(text)
    return DEFAULT_PAUSE if date is None else (date - now).total_seconds()
