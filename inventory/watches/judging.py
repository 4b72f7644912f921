"""How one watch judges the collections of one target."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from inventory.observations.fields import FIXED
from inventory.observations.model import FAILURE, TAG, ordinal_of
from inventory.observations.volatility import is_wholly_volatile
from inventory.watches.confirming import Confirming
from inventory.watches.field_changes import CONFIRMED, confirmed
from inventory.watches.kept_values import kept_values
from inventory.watches.model import MORE_CHANGES, Finding, On
from inventory.watches.parsing import ParsedWatch
from inventory.watches.timeline import Kind, Timeline

NOT_AFTER = "tls.not_after"
DAY = 86_400
MAX_CHANGES = 200
"""Changes of one collection that are told each: what strangers name, such as cookies, has no bound."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Whether something waits for its confirmation, and whether a collection soon is likely to confirm it."""

    at_all: bool
    briefly: bool


class Judge:
    """One watch and one target.

    What the new points show is told of those from `since` on, if what they confirm began at `begun_since` or later. A
    certificate that ends soon is told at the first point from `expiring_since` on, whenever that began.
    """

    def __init__(
        self,
        parsed: ParsedWatch,
        timeline: Timeline,
        record_id: str,
        *,
        since: datetime,
        begun_since: datetime | None,
        expiring_since: datetime,
    ) -> None:
        self._parsed, self._watch, self.timeline = parsed, parsed.watch, timeline
        self._record_id = record_id
        self._since, self._begun_since = since, begun_since
        self._expiring_from = timeline.first_from(expiring_since)
        self._matched: dict[int, bool] = {}
        self._on = parsed.on
        numbers = range(-1, len(timeline.points)) if parsed.timed and timeline.points else timeline.versions
        self._ever_matched = any(map(self._matches, numbers))  # most of many watches find nothing because of this

    def findings(self) -> Iterator[Finding]:
        """What the new points show that is to be told."""
        if not self._ever_matched:
            return
        for number in self.timeline.new:
            point = self.timeline.points[number]
            if point.at < self._since:
                continue
            if On.CHANGES in self._on:
                yield from self._changes(number)
            if On.ENTERS in self._on or On.LEAVES in self._on:
                yield from self._crossings(number)
            if point.kind is not Kind.LABELS:
                if self.timeline.ever_failed and (On.FAILS in self._on or On.RECOVERS in self._on):
                    yield from self._ends_of_failing(number)
                if On.EXPIRES in self._on:
                    yield from self._expirations(number)

    @property
    def matches_now(self) -> bool:
        """Whether the query holds for the target at the last point."""
        return self._matches(len(self.timeline.points) - 1)

    @property
    def is_first(self) -> bool:
        """Whether nothing was known of the target before its one point."""
        return len(self.timeline.points) == 1 and not self.timeline.stated(-1)

    @property
    def waits(self) -> Waits:
        """What waits for its confirmation after the last point."""
        last = len(self.timeline.points) - 1
        if not self._ever_matched:
            return Waits(at_all=False, briefly=False)
        at_all = False
        for each in self._unconfirmed(last):
            if each.is_waiting and self._is_meant(each, last):
                at_all = True
                if each.is_first_try:
                    return Waits(at_all=True, briefly=True)
        return Waits(at_all=at_all, briefly=False)

    def _unconfirmed(self, last: int) -> Iterator[Confirming[bool] | Confirming[frozenset[str]]]:
        """All that may wait after the last point."""
        if On.ENTERS in self._on or On.LEAVES in self._on:
            yield self._crossing(last)
        if On.FAILS in self._on or On.RECOVERS in self._on:
            yield self._failing(last)
        if On.EXPIRES in self._on and self._watch.persist > 1:
            yield from (self._expiring(value, last)[0] for value in self._not_after(last))
        if On.CHANGES in self._on and self.timeline.stored and self.timeline.may_tell_changes:
            position = len(self.timeline.stored) - 1
            lengths = range(1, max(self._watch.persist, CONFIRMED))
            yield from (self._confirmed(field, position) for field in self._changed(position, lengths))

    def _matches(self, number: int) -> bool:
        key = number if self._parsed.timed else self.timeline.version(number)
        if key not in self._matched:
            at = self.timeline.points[max(number, 0)].at
            self._matched[key] = self._parsed.holds(self.timeline.stated(number), at.timestamp())
        return self._matched[key]

    def _is_told(self, confirming: Confirming[bool] | Confirming[frozenset[str]]) -> bool:
        """Whether the latest collection confirmed something that began since the watch tells."""
        if confirming.replaced is None:
            return False
        return self._begun_since is None or self.timeline.points[confirming.began].at >= self._begun_since

    def _is_meant(self, confirming: Confirming[bool] | Confirming[frozenset[str]], number: int) -> bool:
        """Whether the query holds at a point, or held when the old values were shown last."""
        return self._matches(number) or self._matches(confirming.last)

    def _changes(self, number: int) -> Iterator[Finding]:
        if self._parsed.tells(TAG):
            yield from self._label_changes(number)
        is_stored = self.timeline.points[number].kind is Kind.STORED
        if is_stored and self.timeline.may_tell_changes:
            position = bisect_left(self.timeline.stored, number)
            lengths = {self._watch.persist, max(self._watch.persist, CONFIRMED)}
            changes = (self._change(field, position, number) for field in self._changed(position, lengths))
            found = filter(None, changes)
            yield from islice(found, MAX_CHANGES)
            if next(found, None) is not None:
                more = f"more than {MAX_CHANGES} changes of one collection"
                yield self._finding(On.CHANGES, number, None, field=MORE_CHANGES, new=(more,))

    def _change(self, field: str, position: int, number: int) -> Finding | None:
        confirming = self._confirmed(field, position)
        old, new = confirming.replaced, confirming.established
        if old is None or new is None or not self._is_told(confirming) or not self._is_meant(confirming, number):
            return None
        history, at = self.timeline.history(field), self.timeline.points[number].at
        finding = self._finding(
            On.CHANGES,
            number,
            confirming.last,
            field=field,
            old=history.values(old - new, at),
            new=history.values(new - old, at),
        )
        return finding if finding.before else replace(finding, before=self.timeline.last_seen(field, number))

    def _label_changes(self, number: int) -> Iterator[Finding]:
        old, new = self.timeline.labels_changed(number)
        if (old or new) and (self._matches(number) or self._matches(number - 1)):
            yield self._finding(On.CHANGES, number, None, field=TAG, old=old, new=new)

    def _changed(self, position: int, lengths: Iterable[int]) -> Sequence[str]:
        """The fields that have shown what they show since so many snapshots, those that strangers name last.

        What the first snapshot of a target shows changes nothing, and would be all of its fields.
        """
        changed = self.timeline.changed
        begins = [position + 1 - length for length in lengths if length <= position + 1]
        began = [changed[begin] for begin in begins if self.timeline.is_known_before(begin)]
        fields = {field for each in began for field in each if self._parsed.tells(field) and not is_wholly_volatile(field)}
        return sorted(fields, key=lambda field: (field not in FIXED, field))

    def _confirmed(self, field: str, position: int) -> Confirming[frozenset[str]]:
        return confirmed(self.timeline, field, position, self._watch.persist, self._parsed.look_back)

    def _crossings(self, number: int) -> Iterator[Finding]:
        crossing = self._crossing(number)
        on = On.ENTERS if crossing.established else On.LEAVES
        if self._is_told(crossing) and on in self._on:
            yield self._finding(on, number, crossing.last)

    def _crossing(self, number: int) -> Confirming[bool]:
        """Whether the query holds for the target, up to a point. What people say of it needs no confirmation."""
        timeline = self.timeline
        first = timeline.window(number, self._parsed.look_back)
        crossing = Confirming(self._matches(first - 1), self._watch.persist, first - 1)
        if timeline.version(number) == timeline.version(first - 1) and not self._parsed.timed:
            return crossing
        for each in range(first, number + 1):
            is_said = timeline.points[each].kind is Kind.LABELS
            (crossing.decide if is_said else crossing.show)(self._matches(each), each)
        return crossing

    def _ends_of_failing(self, number: int) -> Iterator[Finding]:
        failing = self._failing(number)
        on = On.FAILS if failing.established else On.RECOVERS
        if not self._is_told(failing) or on not in self._on or not self._is_meant(failing, number):
            return
        codes = self._codes(number if failing.established else failing.last)
        old, new = ((), codes) if failing.established else (codes, ())
        yield self._finding(on, number, failing.last, field=FAILURE, old=old, new=new)

    def _failing(self, number: int) -> Confirming[bool]:
        """Whether the target fails, up to a point."""
        points = self.timeline.points
        first = self.timeline.window(number, self._parsed.look_back)
        before = next((each for each in range(first - 1, -1, -1) if points[each].kind is not Kind.LABELS), -1)
        fails = points[before].kind is Kind.FAILED if before >= 0 else FAILURE in self.timeline.stated(-1)
        failing = Confirming(fails, self._watch.persist, before)
        for each in range(first, number + 1):
            if points[each].kind is not Kind.LABELS:
                failing.show(points[each].kind is Kind.FAILED, each)
        return failing

    def _codes(self, number: int) -> Sequence[str]:
        return sorted(self.timeline.stated(number).get(FAILURE, ()))

    def _expirations(self, number: int) -> Iterator[Finding]:
        """The certificates that expire soon, unless an earlier point told that."""
        for value in self._not_after(number):
            if self._expires(value, number) and self._expiring(value, number)[1] == number:
                yield self._finding(On.EXPIRES, number, number - 1, field=NOT_AFTER, new=(value,))

    def _expiring(self, value: str, number: int) -> tuple[Confirming[bool], int | None]:
        """Whether a certificate expires soon, up to a point, and the point that told it first."""
        first = max(self.timeline.window(number, self._parsed.look_back), self._expiring_from)
        expiring, told = Confirming(False, self._watch.persist, first - 1), None
        for each in range(first, number + 1):
            if self.timeline.points[each].kind is not Kind.LABELS:
                expiring.show(self._expires(value, each), each)
                if expiring.replaced is False and told is None:
                    told = each
        return expiring, told

    def _not_after(self, number: int) -> Sequence[str]:
        return self.timeline.stated(number).get(NOT_AFTER, ())

    def _expires(self, value: str, number: int) -> bool:
        """Whether a certificate of a target that is meant ends soon after a point."""
        point, end = self.timeline.points[number], ordinal_of(NOT_AFTER, value)
        within = self._watch.expires_within * DAY
        return (
            end is not None
            and point.kind is not Kind.LABELS
            and end - point.at.timestamp() <= within
            and value in self._not_after(number)
            and self._matches(number)
        )

    def _finding(
        self,
        on: On,
        number: int,
        before: int | None,
        *,
        field: str = "",
        old: Sequence[str] = (),
        new: Sequence[str] = (),
    ) -> Finding:
        return Finding(
            watch_id=self._watch.id,
            record_id=self._record_id,
            on=on,
            at=self.timeline.points[number].at,
            field=field,
            old=kept_values(old),
            new=kept_values(new),
            before=None if before is None else self.timeline.collected(before),
        )
