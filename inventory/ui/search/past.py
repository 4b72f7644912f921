"""The days of the inventory's past, for the slider of the search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from inventory.instants import instant_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The days whose first instants can be asked about: `count` of them from `first` to `last`, which is today in UTC."""

    first: date
    last: date

    @property
    def count(self) -> int:
        """How many days these are."""
        return (self.last - self.first).days + 1

    def position(self, at: str | None) -> int:
        """Where on the slider an instant is; now is after the last day."""
        instant = None if at is None else instant_of(at)
        return self.count if instant is None else min(max((instant.date() - self.first).days, 0), self.count)


def past_of(known_since: str | None, now: datetime) -> Past | None:
    """The past since an instant; None if no day has begun since then."""
    since = None if known_since is None else instant_of(known_since)
    if since is None:
        return None
    first, last = (since + timedelta(days=1, microseconds=-1)).date(), now.astimezone(UTC).date()
    return Past(first=first, last=last) if first <= last else None
