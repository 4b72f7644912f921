"""What an upstream says about when to call it again."""

from __future__ import annotations

from datetime import datetime

from inventory.http_client import cookie_dates
from inventory.http_client.head import Head

COME_BACK_IN = 5.0
LONGEST_PAUSE = 3_600.0
"""Seconds: the pause after a 429 or 503 that names none, and the longest that is kept to."""


def come_back_in(head: Head, now: datetime) -> float | None:
    """Seconds after which a target that was answered 429 or 503 is to be tried again: `Retry-After` in seconds or as an
    HTTP date (RFC 9110, section 10.2.3); None for any other answer."""
    if head.status not in {429, 503}:
        return None
    asked = COME_BACK_IN
    for value in head.values("retry-after")[:1]:
        asked = float(value[:10]) if value.isascii() and value.isdigit() else _seconds_until(value, now)
    return min(max(asked, 0.0), LONGEST_PAUSE)


def host_pause(head: Head, now: datetime) -> float | None:
    """Seconds for which the whole host is to be left alone; None when nothing says so.

    A 429 says it by itself. A 503 may be about one page only, unless it says when to come again.
    """
    if head.status == 503 and not head.values("retry-after"):
        return None
    return come_back_in(head, now)


def _seconds_until(text: str, now: datetime) -> float:
    """Until an HTTP date, whose three forms are dates of cookies as well; the usual pause if it is none."""
    told = cookie_dates.parse(text)
    return COME_BACK_IN if told is None else (told - now).total_seconds()
