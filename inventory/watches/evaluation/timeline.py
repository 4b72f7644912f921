"""What one target stated at each of its collections and changes of labels, the oldest first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property

from inventory.observations.model import FAILURE, TAG, Observation
from inventory.watches.evaluation.field_history import FieldHistory, field_history
from inventory.watches.matching import Stated
from inventory.watches.model import Collection


class Kind(Enum):
    """What a point in time is: a collection that stored a snapshot, one that failed, or a change of labels."""

    STORED = "stored"
    FAILED = "failed"
    LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Point:
    """An instant at which a target may have begun to state something else."""

    at: datetime
    kind: Kind


class Timeline:
    """The points of one target, what it stated at each, and which are new. The number -1 is the state before all of them.

    `intervals` has all that held when the first of the `collections` began, or later. Where one begins or ends there was a
    collection, so one that nobody remembered is a point, too. The last `new` collections are new, labels that changed at
    `labels_from` or later, and all points at `new_from` or later.
    """

    def __init__(
        self,
        collections: Sequence[Collection],
        intervals: Sequence[Observation],
        *,
        new: int,
        first_collected_at: datetime | None,
        labels_from: datetime | None = None,
        new_from: datetime | None = None,
    ) -> None:
        self._intervals = intervals
        self._first_collected_at = first_collected_at
        self._listed = sorted({each.at for each in collections})
        self._edges = _edges(intervals)
        new_at = {each.at for each in collections[max(0, len(collections) - new) :]}
        if labels_from is not None:
            labels = _edges(each for each in intervals if each.field == TAG)
            new_at.update(at for at in labels if at >= labels_from)
        begins = [each for each in (*self._listed[:1], labels_from, new_from) if each is not None]
        listed = {each.at: Kind.FAILED if each.failed else Kind.STORED for each in collections}
        kinds = self._kinds(listed, min(begins, default=None))
        self._instants = sorted(kinds)
        self.points = [Point(at, kinds[at]) for at in self._instants]
        self.new = [
            number for number, at in enumerate(self._instants) if at in new_at or (new_from is not None and at >= new_from)
        ]
        self.ever_failed = any(each.failed for each in collections) or any(each.field == FAILURE for each in intervals)
        self._versions = self._numbered()
        self.versions = sorted({-1, *self._versions}) if self.points else []
        self._states: dict[int, Stated] = {}
        self._histories: dict[str, FieldHistory] = {}

    def window(self, number: int, look_back: int) -> int:
        """The first point that the judgement of one depends on: so many collections before it."""
        before = bisect_right(self._listed, self.points[number].at) - 1 - look_back
        return bisect_left(self._instants, self._listed[before]) if before >= 0 else 0

    def first_from(self, instant: datetime) -> int:
        """The first point at an instant or later."""
        return bisect_left(self._instants, instant)

    def version(self, number: int) -> int:
        """The first point from which on the target stated the same as at this one."""
        return self._versions[number] if number >= 0 else -1

    def stated(self, number: int) -> Stated:
        """What the target stated at a point."""
        version = self.version(number)
        if version not in self._states:
            self._states[version] = self._state(version)
        return self._states[version]

    def collected(self, number: int) -> datetime | None:
        """When the target was collected last, up to a point."""
        for each in range(number, -1, -1):
            if self.points[each].kind is not Kind.LABELS:
                return self.points[each].at
        return None

    @cached_property
    def stored(self) -> Sequence[int]:
        """The points at which snapshots were stored."""
        return [number for number, each in enumerate(self.points) if each.kind is Kind.STORED]

    @property
    def may_tell_changes(self) -> bool:
        """Whether a snapshot is known besides the first one of the target, which changes nothing."""
        return len(self.stored) > 1 or (bool(self.stored) and self.is_known_before(0))

    def is_known_before(self, position: int) -> bool:
        """Whether a snapshot was stored before that of this position in `stored`."""
        first = self._first_collected_at
        return position > 0 or (first is not None and first < self.points[self.stored[position]].at)

    @cached_property
    def changed(self) -> Sequence[Set[str]]:
        """The fields that began or ceased to state something, for each position in `stored`."""
        positions = {self.points[number].at: position for position, number in enumerate(self.stored)}
        changed: list[set[str]] = [set() for _ in self.stored]
        for each in self._intervals:
            for instant in (each.first_seen, each.gone):
                if instant in positions and each.field not in (TAG, FAILURE):
                    changed[positions[instant]].add(each.field)
        return changed

    def history(self, field: str) -> FieldHistory:
        """What was shown of a field in each of `stored`."""
        if field not in self._histories:
            instants = [self._instants[number] for number in self.stored]
            self._histories[field] = field_history(field, self._by_field.get(field, ()), instants)
        return self._histories[field]

    def labels_changed(self, number: int) -> tuple[Sequence[str], Sequence[str]]:
        """The labels that were taken at a point, and those that were given; none of a target that was not known before."""
        at = self.points[number].at
        if all(each.first_seen >= at for each in self._intervals):
            return (), ()
        labels = self._by_field.get(TAG, ())
        return (
            sorted(each.value for each in labels if each.gone == at),
            sorted(each.value for each in labels if each.first_seen == at),
        )

    def last_seen(self, field: str, number: int) -> datetime | None:
        """When a collection before a point last showed a value of a field that is gone by then."""
        at = self.points[number].at
        seen = [
            each.last_seen
            for each in self._by_field.get(field, ())
            if each.last_seen is not None and each.gone is not None and each.gone <= at
        ]
        return max(seen, default=None)

    def _kinds(self, kinds: dict[datetime, Kind], begin: datetime | None) -> Mapping[datetime, Kind]:
        """What each instant is: those that are listed, and those from `begin` on at which something began or ended."""
        others = set() if begin is None else {at for at in self._edges if at >= begin}.difference(kinds)
        if not others:  # nearly always
            return kinds
        failures = {each.first_seen for each in self._intervals if each.field == FAILURE}
        unlisted = others & _edges(each for each in self._intervals if each.field != TAG)
        labels = dict.fromkeys(others - unlisted, Kind.LABELS)
        return {**kinds, **labels, **{at: Kind.FAILED if at in failures else Kind.STORED for at in unlisted}}

    def _numbered(self) -> Sequence[int]:
        versions, version = [], -1
        for number, each in enumerate(self.points):
            version = number if each.at in self._edges else version
            versions.append(version)
        return versions

    def _state(self, version: int) -> Stated:
        """The values by field, from a point on or, at -1, before the first one."""
        if not self.points:
            return {}
        at = self._instants[max(version, 0)]
        if version >= 0:
            held = [each for each in self._intervals if each.first_seen <= at and (each.gone is None or each.gone > at)]
        else:
            held = [each for each in self._intervals if each.first_seen < at and (each.gone is None or each.gone >= at)]
        stated: dict[str, list[str]] = defaultdict(list)
        for each in held:
            stated[each.field].append(each.value)
        return dict(stated)

    @cached_property
    def _by_field(self) -> Mapping[str, Sequence[Observation]]:
        fields: dict[str, list[Observation]] = defaultdict(list)
        for each in self._intervals:
            fields[each.field].append(each)
        return fields


def _edges(intervals: Iterable[Observation]) -> set[datetime]:
    """When these begin and end."""
    edges = set()
    for each in intervals:
        edges.add(each.first_seen)
        if each.gone is not None:
            edges.add(each.gone)
    return edges
