"""Enrolling: the targets that match a new or changed watch get schedules, some at a time.

Those that begin to match later get theirs when watches look at them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from inventory import faults
from inventory.clock import Clock
from inventory.errors import QueryTooBroad, StorageUnavailable
from inventory.notifier import Notifier
from inventory.observations.model import Everything, FoundTarget, Observation
from inventory.observations.queries.field_lists import read_fields
from inventory.watches.due_times import next_due
from inventory.watches.matching import Stated
from inventory.watches.model import Schedule
from inventory.watches.parsing import ParsedWatch, condition_of
from inventory.watches.ports import ObservedTargets, Schedules
from inventory.watches.rounds.active import ActiveWatches

PAGE = 500
"""Targets that are enrolled at once."""
BACKLOG = 100
"""So many unindexed records are a store to be indexed."""
TRY_AGAIN_AFTER = timedelta(minutes=10)
ALL_FIELDS = read_fields("show", "*")


@dataclass(slots=True, kw_only=True)
class Enroller:
    """Goes on with the enrolment of watches, where it stands. Any number of copies may work at once; each for one thread."""

    schedules: Schedules
    observed: ObservedTargets
    watches: ActiveWatches
    notifier: Notifier | None
    clock: Clock
    _unindexed: Set[str] | None = field(default=None, init=False)
    _broken: dict[str, datetime] = field(default_factory=dict, init=False)

    def enrol_some(self, *, limit: int = PAGE) -> int:
        """Enrol the targets of the next page of the oldest watch whose enrolment is not over; how many were looked at.

        None while a search may miss records of before the watch, because a store of an older version is being indexed.
        One that cannot be enrolled, whatever is wrong, keeps no other waiting: it is tried again after `TRY_AGAIN_AFTER`.
        """
        now = self.clock()
        waiting = [each for each in self.watches.parsed() if each.watch.every is not None and not each.watch.enrolled]
        if not waiting:
            self._unindexed = None
        for each in waiting:
            if now < self._broken.get(each.watch.id, now) <= now + TRY_AGAIN_AFTER:
                continue
            try:
                if each.watch.enrolled_up_to is None and not self._is_indexed():
                    return 0
                return self._enrol_page(each, each.watch.every or 0, limit)
            except StorageUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - the edge of one unit of work: logged, counted, and tried again
                self._broken[each.watch.id] = now + TRY_AGAIN_AFTER
                faults.note(self.notifier, error, "enrol_watch", watch_id=each.watch.id)
        return 0

    def _is_indexed(self) -> bool:
        """Whether nothing is unindexed but what was settled since this was asked before: watches look at that anyway."""
        before, self._unindexed = self._unindexed, set(self.observed.unindexed(limit=BACKLOG))
        if len(self._unindexed) >= BACKLOG:
            return False
        return not self._unindexed or (before is not None and not self._unindexed & before)

    def _enrol_page(self, parsed: ParsedWatch, every: int, limit: int) -> int:
        watch, now = parsed.watch, self.clock()
        condition = condition_of(watch, now=now)
        try:
            page = matching = self.observed.search(condition, at=None, limit=limit, after=watch.enrolled_up_to)
        except QueryTooBroad:  # it was not when the watch was made: now each target is looked at
            page = self.observed.search(Everything(), at=None, limit=limit, after=watch.enrolled_up_to)
            matching = self._matching(parsed, page)
        schedules = [
            Schedule(watch.id, each.record_id, next_due(each.record_id, every, after=now), watch.version)
            for each in matching
        ]
        up_to = (page[-1].at, page[-1].record_id) if len(page) == limit else None
        self.schedules.enrol(watch, schedules, up_to=up_to)
        return max(1, len(page))

    def _matching(self, parsed: ParsedWatch, page: Sequence[FoundTarget]) -> Sequence[FoundTarget]:
        now = self.clock().timestamp()
        shown: Mapping[str, Sequence[Observation]] = {}
        if page:
            shown = self.observed.shown([each.record_id for each in page], ALL_FIELDS, at=None)
        return [each for each in page if parsed.holds(_stated(shown.get(each.record_id, ())), now)]


def _stated(observations: Sequence[Observation]) -> Stated:
    stated: dict[str, list[str]] = defaultdict(list)
    for each in observations:
        stated[each.field].append(each.value)
    return stated
