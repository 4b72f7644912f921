"""Walks through the index of captures, a step at a time, from a position on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import groupby
from operator import attrgetter

from inventory.cdx.model import AFTER_ANY_ID, Capture, Position, Span, UrlRecord
from inventory.cdx.ports import Captures
from inventory.clock import MILLISECOND
from inventory.listing import Key
from inventory.records.model import CLOCKS_DIFFER, Record, Snapshot

LAST = datetime.max.replace(tzinfo=UTC)
RECORDS_AT_ONCE = 200
SNAPSHOTS_AT_ONCE = 20
"""Snapshots that are in memory at once, of all records of one key: a large one takes some megabytes."""

Sift = Callable[[Sequence[Record]], Sequence[Record]]
"""Leaves of some records those that the caller may read."""


@dataclass(frozen=True, slots=True)
class Step:
    """Positions up to which all has been looked at, and the capture at the last one, if there is one."""

    positions: tuple[Position | None, ...]
    capture: Capture | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Which captures are walked through: those of some spans of keys, from an instant on and before another."""

    captures: Captures
    sift: Sift
    spans: Sequence[Span]
    since: datetime
    until: datetime
    backwards: bool = False

    def steps(self, after: Position | None) -> Iterator[Step]:
        """The steps after a position, or all; captures of one key are in the order of time, whatever their records are."""
        for urlkey, group in groupby(self._records(after), key=attrgetter("urlkey")):
            found = list(group)
            seen = after.seen if after is not None and after.urlkey == urlkey else None
            for snapshot, record in self._merged(self._readable(found), seen):
                position = Position(urlkey, record.id, (snapshot.collected_at, snapshot.id))
                yield Step((position,), Capture(urlkey, record.target, snapshot))
            yield Step((Position(urlkey, found[-1].record.id, None),), None)

    def _records(self, after: Position | None) -> Iterator[UrlRecord]:
        for span in reversed(self.spans) if self.backwards else self.spans:
            low, high = (span.first, ""), (span.end, "")
            if after is not None:  # a key that was looked at in part is looked at again, with all its records
                is_over = after.seen is None
                bound = after.urlkey, AFTER_ANY_ID if is_over is not self.backwards else ""
                low, high = (low, min(high, bound)) if self.backwards else (max(low, bound), high)
            while low < high:
                found = self.captures.records(low, high, limit=RECORDS_AT_ONCE, backwards=self.backwards)
                yield from found
                if len(found) < RECORDS_AT_ONCE:
                    break
                last = found[-1].urlkey, found[-1].record.id
                low, high = (low, last) if self.backwards else (last, high)

    def _readable(self, found: Sequence[UrlRecord]) -> Sequence[Record]:
        """Those with captures in these times that the caller may read."""
        some = [each.record for each in found if self._may_have_some(each.record)]
        parts = (some[start : start + RECORDS_AT_ONCE] for start in range(0, len(some), RECORDS_AT_ONCE))
        return [record for part in parts for record in self.sift(part)]

    def _may_have_some(self, record: Record) -> bool:
        if record.snapshot_id is None or record.first_collected_at is None or record.collected_at is None:
            return False
        begins_late = record.first_collected_at - CLOCKS_DIFFER >= self.until
        return not begins_late and record.collected_at + CLOCKS_DIFFER >= self.since

    def _merged(self, records: Sequence[Record], seen: Key | None) -> Iterator[tuple[Snapshot, Record]]:
        low, high = (self.since, ""), (self.until, "")
        if seen is not None:
            low, high = (low, min(high, seen)) if self.backwards else (max(low, seen), high)
        at_once = max(1, SNAPSHOTS_AT_ONCE // max(1, len(records)))
        streams = [self._snapshots(each, low, high, at_once) for each in records]
        return merge(*streams, key=_key_of, reverse=self.backwards)

    def _snapshots(self, record: Record, low: Key, high: Key, at_once: int) -> Iterator[tuple[Snapshot, Record]]:
        while low < high:
            found = self.captures.snapshots(record, low, high, limit=at_once, backwards=self.backwards)
            yield from ((each, record) for each in found)
            if len(found) < at_once:
                return
            last = found[-1].collected_at, found[-1].id
            low, high = (low, last) if self.backwards else (last, high)


def nearest(older: Walk, newer: Walk, instant: datetime, after: Sequence[Position | None]) -> Iterator[Step]:
    """The captures of two walks, one back and one on from an instant, the nearest to it first; of equal ones the older."""
    positions = list(after or (None, None))
    sides = [_captures(walk, position) for walk, position in zip((older, newer), positions, strict=True)]
    heads = [next(side, None) for side in sides]
    while any(heads):
        gaps = [(abs(head[1].snapshot.collected_at - instant), n) for n, head in enumerate(heads) if head is not None]
        _, number = min(gaps)
        head = heads[number]
        assert head is not None
        positions[number] = head[0]
        yield Step(tuple(positions), head[1])
        heads[number] = next(sides[number], None)


def just_after(instant: datetime) -> datetime:
    """The next instant that stores can tell from this one; the last one has none, and stays."""
    return min(instant, LAST - MILLISECOND) + MILLISECOND


def _captures(walk: Walk, after: Position | None) -> Iterator[tuple[Position | None, Capture]]:
    for step in walk.steps(after):
        if step.capture is not None:
            yield step.positions[0], step.capture


def _key_of(found: tuple[Snapshot, Record]) -> Key:
    return found[0].collected_at, found[0].id
