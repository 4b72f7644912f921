"""How many collections ended in each hour, and how.

A collection is counted once, when its outcome takes effect: as stored, or as failed by the code of its failure. An attempt
that fails and is tried again counts nothing, nor does a pause that a host asked for. What is deleted later stays counted.
Products are not counted: feeds give them by the page, and no record of them is ever due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from inventory.records.model import RecordTotals

HOUR = timedelta(hours=1)
STORED = ""
"""The code of a collection that did not fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourCount:
    """How many collections of a source ended in one way in the hour that begins at `at`, by the code of their failure."""

    at: datetime
    source: str
    code: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How many collections were stored, and how many failed, by the code of their failure, the commonest first."""

    stored: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """All that failed."""
        return sum(self.failures.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole hours from `since` to before `until`."""

    since: datetime
    until: datetime

    def hours(self) -> Sequence[datetime]:
        """When each of them begins."""
        return [self.since + number * HOUR for number in range((self.until - self.since) // HOUR)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityReport:
    """What ended in each hour of a period, in all of it, and of each source; and how many records there are now."""

    period: Period
    hours: Sequence[tuple[datetime, Ended]]
    total: Ended
    sources: Mapping[str, Ended]
    records: RecordTotals


def summed(counts: Iterable[HourCount]) -> Ended:
    """What these say together."""
    by_code = Counter[str]()
    for each in counts:
        by_code[each.code] += each.count
    stored = by_code.pop(STORED, 0)
    return Ended(stored=stored, failures=dict(sorted(by_code.items(), key=lambda item: (-item[1], item[0]))))
