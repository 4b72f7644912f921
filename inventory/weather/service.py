"""The current weather of cities: from the inventory while it is fresh, else collected while the caller waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from inventory.errors import CollectionFailed, NotInInventory, TooManyRequests, UnknownCity
from inventory.history.model import LookupOutcome
from inventory.history.service import HistoryService
from inventory.records.inline import InlineCollector
from inventory.records.lookup import LookupResult, collection_failed, is_stale
from inventory.records.model import Record, RecordFilter, RecordWithSnapshot, Status, Target
from inventory.records.service import RecordService
from inventory.weather.providers import UNKNOWN_CITY

SOURCE = "weather"
JITTER = 0.1
"""The share by which weather stays fresh for longer or shorter than `fresh_for`: what was collected together must not expire
together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Cities by status, those refreshed last with whether each is stale, and those that failed last."""

    counts: Mapping[Status, int]
    refreshed: Sequence[tuple[RecordWithSnapshot, bool]]
    failed: Sequence[Record]


class WeatherService:
    """The weather in cities. Every method may raise `StorageUnavailable`.

    Weather is stale when it is older than `fresh_for`. A caller waits up to `wait_for` seconds for another caller's
    collection.
    """

    def __init__(
        self,
        records: RecordService,
        inline: InlineCollector,
        history: HistoryService,
        *,
        fresh_for: timedelta,
        wait_for: float,
    ) -> None:
        self._records = records
        self._inline = inline
        self._history = history
        self._fresh_for = fresh_for
        self._wait_for = wait_for

    def current(self, city: str) -> LookupResult:
        """The weather in a city now, or the latest stored one as `stale` if no newer one can be had.

        Raises `InvalidRequest`, `UnknownCity`, `CollectionFailed`, `NotInInventory` (deleted while it was collected), and
        `TooManyRequests` (more callers wait for it than may).
        """
        target = self._records.target(SOURCE, city)
        try:
            result, outcome = self._current(target)
        except CollectionFailed as error:
            if error.failure["code"] != UNKNOWN_CITY:
                self._history.note(target, LookupOutcome.FAILED)
                raise
            self._history.note(target, LookupOutcome.UNKNOWN)
            raise _unknown(target) from error
        self._history.note(target, outcome)
        return result

    def stored(self, city: str) -> LookupResult:
        """The weather that is stored of a city, however old; nothing is collected, and no history is kept of it.

        Raises `InvalidRequest`, `NotInInventory`, and `UnknownCity` or `CollectionFailed` while such a failure stands.
        """
        target = self._records.target(SOURCE, city)
        found = self._records.find(target)
        if found is not None and found.snapshot is not None:
            return LookupResult(found=found, stale=self._is_stale(found.record))
        if found is None or not self._is_failed(found.record):
            raise NotInInventory(f"Nothing is known of the weather in {target.key}.")
        error = collection_failed(target, found.record.failure)
        raise _unknown(target) if error.failure["code"] == UNKNOWN_CITY else error

    def summary(self, top: int) -> Summary:
        """All cities, with the `top` latest of each listing."""
        return Summary(
            counts=self._records.tally(SOURCE),
            refreshed=[(each, self._is_stale(each.record)) for each in self._records.refreshed(SOURCE, limit=top)],
            failed=self._records.listing(RecordFilter(SOURCE, Status.FAILED), limit=top, after=None),
        )

    def _current(self, target: Target) -> tuple[LookupResult, LookupOutcome]:
        found = self._records.find(target)
        if found is None or found.snapshot is None:
            return self._collected(target, None if found is None else found.record), LookupOutcome.MISS
        result = LookupResult(found=found, stale=self._is_stale(found.record))
        if not result.stale:
            return result, LookupOutcome.HIT
        if not self._failure_stands(found.record):
            result = self._refreshed(target, result)
        return result, LookupOutcome.STALE if result.stale else LookupOutcome.MISS

    def _collected(self, target: Target, record: Record | None) -> LookupResult:
        """The weather of a city that has none yet. A caller that asks while it is being collected waits for it too."""
        if record is not None and self._is_failed(record):
            raise collection_failed(target, record.failure)
        result = self._inline.collect_missing(target, seen=record)
        if not result.ready:
            result = self._records.wait(result, self._wait_for)
        if not result.ready:
            raise TooManyRequests(f"The weather in {target.key} is being collected. Ask again in a moment.")
        return result

    def _refreshed(self, target: Target, stale: LookupResult) -> LookupResult:
        """Newer weather; the stale one while another caller collects it, and when that fails or it is deleted meanwhile."""
        try:
            result = self._inline.collect_missing(target, seen=stale.record)
        except (CollectionFailed, NotInInventory):
            return stale
        return result if result.ready else stale

    def _is_failed(self, record: Record) -> bool:
        return record.status is Status.FAILED and self._failure_stands(record)

    def _failure_stands(self, record: Record) -> bool:
        return record.failure is not None and record.failure.stands(self._records.clock())

    def _is_stale(self, record: Record) -> bool:
        return is_stale(record, fresh_for=jittered(self._fresh_for, record), now=self._records.clock())


def jittered(fresh_for: timedelta, record: Record) -> timedelta:
    """How long the latest snapshot of a record stays fresh: always the same for one snapshot, and random among several."""
    assert record.snapshot_id is not None
    share = int(record.snapshot_id[:8], 16) / 0xFFFFFFFF
    return fresh_for * (1 - JITTER + 2 * JITTER * share)


def _unknown(target: Target) -> UnknownCity:
    advice = "Check the name and its country." if "," in target.key else "Write the state or country, if any, after a comma."
    return UnknownCity(f"No city named {target.key!r} was found. {advice}")
