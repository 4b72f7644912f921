"""How one watch judges the new collections of one target."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from inventory.observations.model import FAILURE, TAG
from inventory.watches.evaluation.established import NOT_AFTER, AnyConfirming, Established
from inventory.watches.evaluation.field_changes import CONFIRMED
from inventory.watches.evaluation.kept_values import kept_values
from inventory.watches.evaluation.timeline import Kind, Timeline
from inventory.watches.model import MORE_CHANGES, Finding, On
from inventory.watches.parsing import ParsedWatch

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
        self._parsed, self._watch, self._on, self.timeline = parsed, parsed.watch, parsed.on, timeline
        self._record_id, self._since, self._begun_since = record_id, since, begun_since
        self._established = Established(parsed, timeline, expiring_since=expiring_since)

    def findings(self) -> Iterator[Finding]:
        """What the new points show that is to be told."""
        if not self._established.ever_matches:  # of many watches most find nothing because of this
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
        return self._established.matches(len(self.timeline.points) - 1)

    @property
    def is_first(self) -> bool:
        """Whether nothing was known of the target before its one point."""
        return len(self.timeline.points) == 1 and not self.timeline.stated(-1)

    @property
    def waits(self) -> Waits:
        """What waits for its confirmation after the last point."""
        last = len(self.timeline.points) - 1
        at_all = False
        for each in self._unconfirmed(last) if self._established.ever_matches else ():
            if each.is_waiting and self._established.is_meant(last, each.last):
                at_all = True
                if each.is_first_try:
                    return Waits(at_all=True, briefly=True)
        return Waits(at_all=at_all, briefly=False)

    def _unconfirmed(self, last: int) -> Iterator[AnyConfirming]:
        """All that may wait after the last point."""
        established = self._established
        if On.ENTERS in self._on or On.LEAVES in self._on:
            yield established.crossing(last)
        if On.FAILS in self._on or On.RECOVERS in self._on:
            yield established.failing(last)
        if On.EXPIRES in self._on and self._watch.persist > 1:
            expiring = (each for each in established.not_after(last) if established.expires(each, last))
            yield from (established.expiring(each, last)[0] for each in expiring)
        if On.CHANGES in self._on and self.timeline.stored and self.timeline.may_tell_changes:
            position = len(self.timeline.stored) - 1
            lengths = range(1, max(self._watch.persist, CONFIRMED))
            yield from (established.field(field, position) for field in established.changed(position, lengths))

    def _is_told(self, confirming: AnyConfirming) -> bool:
        """Whether the latest collection confirmed something that began since the watch tells."""
        if confirming.replaced is None:
            return False
        return self._begun_since is None or self.timeline.points[confirming.began].at >= self._begun_since

    def _changes(self, number: int) -> Iterator[Finding]:
        if self._parsed.tells(TAG):
            yield from self._label_changes(number)
        is_stored = self.timeline.points[number].kind is Kind.STORED
        if is_stored and self.timeline.may_tell_changes:
            position = bisect_left(self.timeline.stored, number)
            lengths = {self._watch.persist, max(self._watch.persist, CONFIRMED)}
            fields = self._established.changed(position, lengths)
            found = filter(None, (self._change(field, position, number) for field in fields))
            yield from islice(found, MAX_CHANGES)
            if next(found, None) is not None:
                more = f"more than {MAX_CHANGES} changes of one collection"
                yield self._finding(On.CHANGES, number, None, field=MORE_CHANGES, new=(more,))

    def _change(self, field: str, position: int, number: int) -> Finding | None:
        confirming = self._established.field(field, position)
        old, new = confirming.replaced, confirming.established
        if old is None or new is None or not self._is_told(confirming):
            return None
        if not self._established.is_meant(number, confirming.last):
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
        if (old or new) and self._established.is_meant(number, number - 1):
            yield self._finding(On.CHANGES, number, None, field=TAG, old=old, new=new)

    def _crossings(self, number: int) -> Iterator[Finding]:
        crossing = self._established.crossing(number)
        on = On.ENTERS if crossing.established else On.LEAVES
        if self._is_told(crossing) and on in self._on:
            yield self._finding(on, number, crossing.last)

    def _ends_of_failing(self, number: int) -> Iterator[Finding]:
        failing = self._established.failing(number)
        on = On.FAILS if failing.established else On.RECOVERS
        if not self._is_told(failing) or on not in self._on or not self._established.is_meant(number, failing.last):
            return
        codes = self._codes(number if failing.established else failing.last)
        old, new = ((), codes) if failing.established else (codes, ())
        yield self._finding(on, number, failing.last, field=FAILURE, old=old, new=new)

    def _codes(self, number: int) -> Sequence[str]:
        return sorted(self.timeline.stated(number).get(FAILURE, ()))

    def _expirations(self, number: int) -> Iterator[Finding]:
        """The certificates that expire soon, unless an earlier point told that."""
        established = self._established
        for value in established.not_after(number):
            if established.expires(value, number) and established.expiring(value, number)[1] == number:
                yield self._finding(On.EXPIRES, number, number - 1, field=NOT_AFTER, new=(value,))

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
