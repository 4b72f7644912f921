"""Looking at outcomes that no watch has seen, some targets at a time: what watches find in them is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from inventory import faults
from inventory.clock import Clock
from inventory.notifier import Notifier
from inventory.observations.model import Observation
from inventory.watches.evaluation.evaluate import evaluate, intervals_since
from inventory.watches.model import Looked, Unseen
from inventory.watches.parsing import ParsedWatch
from inventory.watches.ports import ObservedTargets, Outcomes
from inventory.watches.rounds.active import ActiveWatches

AT_ONCE = 200
"""Targets that are looked at at once."""
LOOK_FOR = 1.0
"""Seconds after which it looks at no further ones: those of many watches may take long."""
KEPT_AT_ONCE = 5_000
"""Findings and schedules that are kept at once, so that others need not wait to write for long. One target may have more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Looks at targets with new outcomes. Any number of copies may work at once: each outcome counts once."""

    outcomes: Outcomes
    observed: ObservedTargets
    watches: ActiveWatches
    notifier: Notifier | None
    clock: Clock
    ticks: Callable[[], float] = time.monotonic

    def look(self, *, limit: int = AT_ONCE) -> int:
        """Look at up to `limit` targets for about `LOOK_FOR` seconds, those that wait for the longest first; at how many."""
        unseen = self.outcomes.unseen(limit=limit)
        if not unseen:
            return 0
        watches = self.watches.parsed()  # read after the outcomes: none of these is before a watch that is missing here
        intervals = self.observed.intervals({each.record.id: intervals_since(each, watches) for each in unseen})
        ends, looked_at = self.ticks() + LOOK_FOR, 0
        looked = (self._looked(each, intervals, watches) for each in unseen)
        for some in _portions(looked, lambda: self.ticks() >= ends):
            self.outcomes.seen(some, now=self.clock())
            looked_at += len(some)
            if self.ticks() >= ends:
                break
        return looked_at

    def _looked(
        self, unseen: Unseen, intervals: Mapping[str, Sequence[Observation]], watches: Sequence[ParsedWatch]
    ) -> Looked:
        """What the watches make of a target."""
        held = intervals.get(unseen.record.id, ())
        try:
            found = evaluate(unseen, held, watches, now=self.clock())
        except Exception:  # noqa: BLE001 - each watch by itself meets it again, where it is logged and counted
            return self._looked_by_each(unseen, held, watches)
        return Looked(unseen=unseen, findings=found.findings, memberships=found.memberships)

    def _looked_by_each(self, unseen: Unseen, held: Sequence[Observation], watches: Sequence[ParsedWatch]) -> Looked:
        """The same, one watch after the other: one that cannot look, whatever is wrong, keeps no other from it."""
        found, broken = [], False
        for watch in watches:
            try:
                found.append(evaluate(unseen, held, [watch], now=self.clock()))
            except Exception as error:  # noqa: BLE001 - the edge of one unit of work: logged, counted, and looked at again
                if not broken:
                    names = {"record_id": unseen.record.id, "watch_id": watch.watch.id}
                    faults.note(self.notifier, error, "watch_record", **names)
                broken = True
        return Looked(
            unseen=unseen,
            findings=[one for each in found for one in each.findings],
            memberships=[one for each in found for one in each.memberships],
            broken=broken,
        )


def _portions(looked: Iterable[Looked], is_over: Callable[[], bool]) -> Iterator[Sequence[Looked]]:
    """The same in parts, each as soon as it has enough to be kept, or time is over."""
    some, size = list[Looked](), 0
    for each in looked:
        some.append(each)
        size += len(each.findings) + len(each.memberships)
        if size >= KEPT_AT_ONCE or is_over():
            yield some
            some, size = [], 0
    if some:
        yield some
