"""The current weather of cities: answered from the inventory while it is fresh, collected inline when it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from inventory.errors import CollectionFailed, NotInInventory, TooManyRequests, UnknownCity
from inventory.history.model import LookupOutcome
from inventory.history.service import HistoryService
from inventory.records.model import Record, RecordFilter, RecordWithSnapshot, Status, Target
from inventory.records.service import LookupResult, RecordService
from inventory.weather.source import UNKNOWN_CITY

SOURCE = "weather"
JITTER = 0.1
"""The share by which records stay fresh for longer or shorter than asked, so that those of one moment do not all expire in
another one."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Cities by status; those refreshed last, and whether each is stale; those that failed last."""

    counts: Mapping[Status, int]
    refreshed: Sequence[tuple[RecordWithSnapshot, bool]]
    failed: Sequence[Record]


class WeatherService:
    """Every method may raise `StorageUnavailable`. `fresh_for` is how long weather is news, `patience` in seconds."""

    def __init__(self, records: RecordService, history: HistoryService, *, fresh_for: timedelta, patience: float) -> None:
        self._records = records
        self._history = history
        self._fresh_for = fresh_for
        self._patience = patience

    def current(self, city: str) -> LookupResult:
        """The weather in a city now, or the last that is known as `stale` if no newer can be had.

        Raises `InvalidRequest`, `UnknownCity`, `CollectionFailed`, `NotInInventory` when it was deleted while it was
        collected, and `TooManyRequests` when it is being collected for more callers than may wait.
        """
        target = self._records.target(SOURCE, city)
        try:
            answer, outcome = self._current(target)
        except CollectionFailed as error:
            if error.failure["code"] != UNKNOWN_CITY:
                self._history.note(target, LookupOutcome.FAILED)
                raise
            self._history.note(target, LookupOutcome.UNKNOWN)
            raise _unknown(target) from error
        self._history.note(target, outcome)
        return answer

    def known(self, city: str) -> LookupResult:
        """The weather that is known of a city, however old, without an effect: nothing is collected or noted.

        Raises `InvalidRequest`, `NotInInventory`, and `UnknownCity` or `CollectionFailed` while such a failure stands.
        """
        target = self._records.target(SOURCE, city)
        known = self._records.known(target)
        if known is not None and known.snapshot is not None:
            return LookupResult(known, stale=self._is_stale(known.record))
        if known is None or not self._is_failed(known.record):
            raise NotInInventory(f"Nothing is known of the weather in {target.key}.")
        error = self._records.failed(known.record)
        raise _unknown(target) if error.failure["code"] == UNKNOWN_CITY else error

    def summary(self, top: int) -> Summary:
        """What is known of all cities, with the `top` latest of each listing."""
        return Summary(
            self._records.tally(SOURCE),
            [(known, self._is_stale(known.record)) for known in self._records.refreshed(SOURCE, limit=top)],
            self._records.listing(RecordFilter(SOURCE, Status.FAILED), limit=top, after=None),
        )

    def _current(self, target: Target) -> tuple[LookupResult, LookupOutcome]:
        known = self._records.known(target)
        if known is None or known.snapshot is None:
            return self._collected(target, known), LookupOutcome.MISS
        answer = LookupResult(known, stale=self._is_stale(known.record))
        if not answer.stale:
            return answer, LookupOutcome.HIT
        if not self._failure_stands(known.record):
            answer = self._refreshed(target, answer)
        return answer, LookupOutcome.STALE if answer.stale else LookupOutcome.MISS

    def _collected(self, target: Target, known: RecordWithSnapshot | None) -> LookupResult:
        """The weather of a city that has none yet. Who asks while it is being collected waits for it too."""
        record = None if known is None else known.record
        if record is not None and self._is_failed(record):
            raise self._records.failed(record)
        answer = self._records.collect_missing(target, seen=record)
        if not answer.ready:
            answer = self._records.wait(answer, self._patience)
        if not answer.ready:
            raise TooManyRequests(f"The weather in {target.key} is being collected. Ask again in a moment.")
        return answer

    def _refreshed(self, target: Target, stale: LookupResult) -> LookupResult:
        """Newer weather; the stale one while somebody else collects it, and when that fails or was for nothing."""
        try:
            answer = self._records.collect_missing(target, seen=stale.record)
        except (CollectionFailed, NotInInventory):
            return stale
        return answer if answer.ready else stale

    def _is_failed(self, record: Record) -> bool:
        return record.status is Status.FAILED and self._failure_stands(record)

    def _failure_stands(self, record: Record) -> bool:
        return record.failure is not None and record.failure.stands(self._records.clock())

    def _is_stale(self, record: Record) -> bool:
        """Whether the latest snapshot is too old, by a limit that differs a little from one to the next."""
        assert record.collected_at is not None and record.snapshot_id is not None  # noqa: PT018 - they come together
        share = int(record.snapshot_id[:8], 16) / 0xFFFFFFFF  # random, but always the same for this snapshot
        limit = self._fresh_for * (1 - JITTER + 2 * JITTER * share)
        return self._records.clock() - record.collected_at > limit


def _unknown(target: Target) -> UnknownCity:
    return UnknownCity(f"No place is known by the name {target.key!r}. Check it, and its country.")
