"""The charts of what became of collections: points of one, six or 24 hours, so that a page stays small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inventory.clock import rfc3339

LARGEST_CODES = 5
"""Codes of failures that have a line of their own."""
OTHER = "other"

Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A choice of how long ago the charts begin: that many whole days with today, or with none the last 24 hours.

    `hours` are those of one point.
    """

    title: str
    days: int
    hours: int

    def since(self, now: datetime) -> str | None:
        """The `since` of an `ActivityQuery`."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return rfc3339(midnight - timedelta(days=self.days - 1)) if self.days else None


PERIODS: Mapping[str, Period] = {
    "24h": Period(title="24 hours", days=0, hours=1),
    "7d": Period(title="7 days", days=7, hours=6),
    "30d": Period(title="30 days", days=30, hours=24),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityCharts:
    """The rows of two charts: collections stored and failed, and failures by code, which are in `codes`."""

    collections: Sequence[Row]
    codes: Sequence[str]
    failures: Sequence[Row]


def charts_of(activity: Mapping[str, Any], hours: int) -> ActivityCharts:
    """The charts of an activity's document, with a point for so many hours."""
    every: Sequence[Mapping[str, Any]] = activity["hours"]
    points = [every[start : start + hours] for start in range(0, len(every), hours)]
    known = list(activity["totals"]["failures"])
    codes = known[:LARGEST_CODES]
    rest = [OTHER] if known[LARGEST_CODES:] else []
    return ActivityCharts(
        collections=[
            [some[0]["at"], sum(each["stored"] for each in some), sum(each["failed"] for each in some)] for some in points
        ],
        codes=codes + rest,
        failures=[[some[0]["at"], *_by_code(some, codes, rest)] for some in points],
    )


def failures_of_last_day(activity: Mapping[str, Any]) -> Mapping[str, int]:
    """How often collections failed in the last 24 hours of an activity, by code, the commonest first."""
    return dict(_summed(activity["hours"][-24:]).most_common())


def _by_code(some: Sequence[Mapping[str, Any]], codes: Sequence[str], rest: Sequence[str]) -> Sequence[int]:
    counts = _summed(some)
    of_codes = [counts[code] for code in codes]
    return [*of_codes, *[counts.total() - sum(of_codes)][: len(rest)]]


def _summed(hours: Sequence[Mapping[str, Any]]) -> Counter[str]:
    counts = Counter[str]()
    for hour in hours:
        counts.update(hour["failures"])
    return counts
