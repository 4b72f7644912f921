"""What is established of one target for one watch, up to any of its points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import inf
from typing import TypeAlias

from inventory.observations.fields import FIXED
from inventory.observations.model import FAILURE, ordinal_of
from inventory.observations.volatility import is_wholly_volatile
from inventory.watches.evaluation.confirming import Confirming
from inventory.watches.evaluation.field_changes import confirmed
from inventory.watches.evaluation.timeline import Kind, Timeline
from inventory.watches.parsing import ParsedWatch

NOT_AFTER = "tls.not_after"
DAY = 86_400

AnyConfirming: TypeAlias = Confirming[bool] | Confirming[frozenset[str]]


class Established:
    """Follows the collections of a target, as far back as its watch looks. Points are named by their numbers."""

    def __init__(self, parsed: ParsedWatch, timeline: Timeline, *, expiring_since: datetime) -> None:
        self._parsed, self._timeline, self._persist = parsed, timeline, parsed.watch.persist
        self._expiring_from = timeline.first_from(expiring_since)
        self._matched: dict[int, bool] = {}
        self._soon_from: dict[str, float] = {}
        numbers = range(-1, len(timeline.points)) if parsed.timed and timeline.points else timeline.versions
        self.ever_matches = any(map(self.matches, numbers))

    def matches(self, number: int) -> bool:
        """Whether the query holds for the target at a point."""
        key = number if self._parsed.timed else self._timeline.version(number)
        if key not in self._matched:
            at = self._timeline.points[max(number, 0)].at
            self._matched[key] = self._parsed.holds(self._timeline.stated(number), at.timestamp())
        return self._matched[key]

    def is_meant(self, number: int, before: int) -> bool:
        """Whether the query holds at a point, or held at one before; the limits of the watch have to hold now."""
        return self.matches(number) or (self._is_within(number) and self.matches(before))

    def _is_within(self, number: int) -> bool:
        at = self._timeline.points[max(number, 0)].at
        return self._parsed.is_within(self._timeline.stated(number), at.timestamp())

    def changed(self, position: int, lengths: Iterable[int]) -> Sequence[str]:
        """The fields that have shown what they show since so many snapshots, those that strangers name last.

        What the first snapshot of a target shows changes nothing, and would be all of its fields.
        """
        changed = self._timeline.changed
        begins = [position + 1 - length for length in lengths if length <= position + 1]
        began = [changed[begin] for begin in begins if self._timeline.is_known_before(begin)]
        fields = {field for each in began for field in each if self._parsed.tells(field) and not is_wholly_volatile(field)}
        return sorted(fields, key=lambda field: (field not in FIXED, field))

    def field(self, field: str, position: int) -> Confirming[frozenset[str]]:
        """What a field shows, up to a position among the snapshots."""
        return confirmed(self._timeline, field, position, self._persist, self._parsed.look_back)

    def crossing(self, number: int) -> Confirming[bool]:
        """Whether the query holds for the target. What people say of it needs no confirmation."""
        timeline = self._timeline
        first = timeline.window(number, self._parsed.look_back)
        crossing = Confirming(self.matches(first - 1), self._persist, first - 1)
        if timeline.version(number) == timeline.version(first - 1) and not self._parsed.timed:
            return crossing
        for each in range(first, number + 1):
            is_said = timeline.points[each].kind is Kind.LABELS
            (crossing.decide if is_said else crossing.show)(self.matches(each), each)
        return crossing

    def failing(self, number: int) -> Confirming[bool]:
        """Whether the target fails."""
        points = self._timeline.points
        first = self._timeline.window(number, self._parsed.look_back)
        before = next((each for each in range(first - 1, -1, -1) if points[each].kind is not Kind.LABELS), -1)
        fails = points[before].kind is Kind.FAILED if before >= 0 else FAILURE in self._timeline.stated(-1)
        failing = Confirming(fails, self._persist, before)
        for each in range(first, number + 1):
            if points[each].kind is not Kind.LABELS:
                failing.show(points[each].kind is Kind.FAILED, each)
        return failing

    def expiring(self, value: str, number: int) -> tuple[Confirming[bool], int | None]:
        """Whether a certificate expires soon, and the point that told it first."""
        first = max(self._timeline.window(number, self._parsed.look_back), self._expiring_from)
        expiring, told = Confirming(False, self._persist, first - 1), None
        for each in range(first, number + 1):
            if self._timeline.points[each].kind is not Kind.LABELS:
                expiring.show(self.expires(value, each), each)
                if expiring.replaced is False and told is None:
                    told = each
        return expiring, told

    def expires(self, value: str, number: int) -> bool:
        """Whether a certificate of a target that is meant ends soon after a point."""
        if value not in self._soon_from:
            end = ordinal_of(NOT_AFTER, value)
            self._soon_from[value] = inf if end is None else end - self._parsed.watch.expires_within * DAY
        return (
            value in self.not_after(number)
            and self._soon_from[value] <= self._timeline.points[number].at.timestamp()
            and self.matches(number)
        )

    def not_after(self, number: int) -> Sequence[str]:
        """When the certificates end that the target shows."""
        return self._timeline.stated(number).get(NOT_AFTER, ())
