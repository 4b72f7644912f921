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
    asked = asked_pause(head, now)
    return DEFAULT_PAUSE if asked is None else min(asked, MAX_PAUSE)


def asked_pause(head: Head, now: datetime) -> float | None:
    """The seconds, 0 or more, that a response of any status asks for; None if it names none that can be read."""
    for value in head.values("retry-after")[:1]:
        if value.isascii() and value.isdigit():
            return float(value.lstrip("0")[:10] or 0)
        date = cookie_dates.parse(value)  # each form of an HTTP date is a cookie date too
        return None if date is None else max((date - now).total_seconds(), 0.0)
    return None


def host_pause(head: Head, now: datetime) -> float | None:
    """Seconds for which the whole host is not to be called, or None.

    A 429 is about the host. A 503 without `Retry-After` may be about one page only.
    """
    if head.status == 503 and not head.values("retry-after"):
        return None
    return target_pause(head, now)
