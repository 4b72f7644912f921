"""Instants as digits, which is how addresses of mementos name them, and as `Accept-Datetime` has them: pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from inventory.clock import MILLISECOND
from inventory.errors import InvalidDatetime

_STAMP = re.compile(r"(\d{14})(\d{3})?(?:~([0-9a-f]{32})\.(\d{1,3}))?", re.ASCII)
SECOND = timedelta(seconds=1)
LATEST = datetime.max.replace(tzinfo=UTC) - SECOND
EXAMPLE = "`Sat, 31 Jan 2026 12:00:00 GMT`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What the address of a memento names: the instants from `first` on and before `end`.

    `snapshot_id` and `hop` name the response to one request of a collection, after a redirect; hops are counted from 0.
    """

    first: datetime
    end: datetime
    snapshot_id: str | None = None
    hop: int = 0

    @property
    def is_a_second(self) -> bool:
        """Whether it names an instant by the second alone, so that it is no address of a memento, but leads to one."""
        return self.snapshot_id is None and self.end - self.first == SECOND

    def holds(self, instant: datetime) -> bool:
        """Whether it means this instant."""
        return self.first <= instant < self.end


def stamp_of(instant: datetime) -> str:
    """An instant in UTC to the millisecond, as 17 digits."""
    return f"{second_of(instant)}{instant.microsecond // 1000:03}"


def second_of(instant: datetime) -> str:
    """The second of an instant, as 14 digits, which lead to what was current then."""
    return f"{instant:%Y%m%d%H%M%S}"


def hop_stamp(instant: datetime, snapshot_id: str, hop: int) -> str:
    """The same of a hop of a snapshot."""
    return f"{stamp_of(instant)}~{snapshot_id}.{hop}"


def read_stamp(text: str) -> Stamp | None:
    """What a stamp names: a millisecond, or with 14 digits a second. None if it is no stamp."""
    found = _STAMP.fullmatch(text)
    if found is None:
        return None
    try:
        second = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        first = second + int(found[2] or 0) * MILLISECOND
        return Stamp(
            first=first,
            end=first + (SECOND if found[2] is None else MILLISECOND),
            snapshot_id=found[3],
            hop=int(found[4] or 0),
        )
    except (ValueError, OverflowError):
        return None


def read_datetime(text: str) -> datetime:
    """The instant of an `Accept-Datetime` (RFC 7089, section 2.1.1); `InvalidDatetime` if it is none."""
    try:
        found = parsedate_to_datetime(text)
        instant = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        return min(instant, LATEST)
    except (ValueError, OverflowError):
        raise InvalidDatetime(f"Accept-Datetime is not a date: {text[:100]!r}. Send one as {EXAMPLE}.") from None
