"""Timestamps of 1 to 14 digits, or 17 to the millisecond, and the instants that they mean: pure."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from inventory.clock import MILLISECOND

_DIGITS = re.compile(r"\d{1,14}|\d{17}", re.ASCII)
SECOND = timedelta(seconds=1)
LATEST = datetime.max.replace(tzinfo=UTC, microsecond=0) - SECOND
FIELDS = ((4, 1, 9999), (2, 1, 12), (2, 1, 31), (2, 0, 23), (2, 0, 59), (2, 0, 59))
"""Digits, the smallest and the largest value of year, month, day, hour, minute and second."""
TO_THE_MILLISECOND = 17


def begins(text: str) -> datetime | None:
    """The first instant whose timestamp begins with these digits; None if there is none."""
    return _bound(text, last=False)


def ends(text: str) -> datetime | None:
    """The end of the last second, or millisecond, whose timestamp begins with these digits; None if there is none."""
    bound = _bound(text, last=True)
    if bound is None:
        return None
    return min(bound, LATEST) + (MILLISECOND if len(text) == TO_THE_MILLISECOND else SECOND)


def timestamp(instant: datetime) -> str:
    """An instant in UTC to the second, as 14 digits."""
    return f"{instant.year:04}{instant:%m%d%H%M%S}"


def _bound(text: str, *, last: bool) -> datetime | None:
    if not _DIGITS.fullmatch(text):
        return None
    values: list[int] = []
    left = text
    for width, smallest, largest in FIELDS:
        given, left = left[:width], left[width:]
        limit = monthrange(values[0], values[1])[1] if len(values) == 2 else largest
        fitting = _fitting(given, width, smallest, limit)
        if not fitting:
            return None
        values.append(fitting[-1 if last else 0])
    return datetime(*values, tzinfo=UTC) + int(left or 0) * MILLISECOND  # type: ignore[arg-type, misc]


def _fitting(given: str, width: int, smallest: int, largest: int) -> range:
    """The values of a field that begin with the digits given."""
    unit = 10 ** (width - len(given))
    first = int(given or 0) * unit
    return range(max(first, smallest), min(first + unit - 1, largest) + 1)
