"""The activity: what became of collections in each hour of a period."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import groupby

from inventory.activity.model import HOUR, ActivityReport, HourCount, Period, summed
from inventory.activity.ports import Activity
from inventory.clock import Clock
from inventory.instants import invalid, read_instant
from inventory.records.model import RecordTotals
from inventory.records.service import RecordService

DEFAULT_HOURS = 24
LONGEST = timedelta(days=31)
COUNTED_UP_TO = 100_000
"""Records that wait, and records that failed, are counted up to here: that takes a few milliseconds."""
KEPT_FOR = 5.0
"""Seconds for which the counts of more records than that are told again: to count a million takes 30 ms."""
EARLIEST = datetime.min.replace(tzinfo=UTC)


class ActivityService:
    """What became of collections. Every method may raise `StorageUnavailable`."""

    def __init__(
        self, activity: Activity, records: RecordService, *, clock: Clock, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._activity = activity
        self._records = records
        self._clock, self._ticks = clock, ticks
        self._kept: tuple[float, RecordTotals] | None = None

    def report(self, *, since: str | None = None, until: str | None = None, source: str | None = None) -> ActivityReport:
        """The activity of the hours that the texts of `since` and `until` choose, of one source or of all.

        `InvalidRequest` if a text means nothing, or both together none or too many hours.
        """
        chosen = period(since, until, self._clock())
        counts = self._activity.counts(since=chosen.since, until=chosen.until, source=source)
        by_hour = {at: summed(some) for at, some in groupby(counts, key=lambda each: each.at)}
        sources = {name: summed(some) for name, some in groupby(sorted(counts, key=_source), key=_source)}
        return ActivityReport(
            period=chosen,
            hours=[(at, by_hour.get(at, summed(()))) for at in chosen.hours()],
            total=summed(counts),
            sources=sources,
            records=self._totals(),
        )

    def _totals(self) -> RecordTotals:
        """How many records there are; of a large inventory how many there were a moment ago."""
        now, kept = self._ticks(), self._kept
        if kept is not None and now < kept[0]:
            return kept[1]
        totals = self._records.totals(up_to=COUNTED_UP_TO)
        self._kept = (now + KEPT_FOR, totals) if totals.total > COUNTED_UP_TO else None
        return totals


def period(since: str | None, until: str | None, now: datetime) -> Period:
    """All hours that have a part between two instants, `InvalidRequest` if that is none or more than `LONGEST`.

    Without `until` the last one is the hour of `now`, and without `since` there are the `DEFAULT_HOURS` before the end.
    """
    end = now if until is None else read_instant("until", until, now)
    last = _hour_of(end)
    if until is None or end > last:
        last += HOUR
    if since is None:
        return Period(since=last - min(DEFAULT_HOURS * HOUR, last - EARLIEST), until=last)
    begin = read_instant("since", since, now)
    if begin >= (last if until is None else end):
        raise invalid("since", "It is not before `until`, which is now by default. Send an earlier instant.")
    if end - begin > LONGEST:
        raise invalid("since", f"It is more than {LONGEST.days} days before `until`. Send a later instant.")
    return Period(since=_hour_of(begin), until=last)


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _source(count: HourCount) -> str:
    return count.source
