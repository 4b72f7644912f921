"""Collecting for watches: what their schedules say is due is accepted, and is due again a period later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inventory.clock import MILLISECOND, Clock
from inventory.records.model import Record, State
from inventory.records.service import RecordService
from inventory.watches.due_times import next_due
from inventory.watches.evaluation.evaluate import CONFIRM_AFTER
from inventory.watches.model import Schedule, Watch
from inventory.watches.ports import Schedules
from inventory.watches.rounds.active import ActiveWatches

AT_ONCE = 1_000
"""Schedules that are looked at together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCollections:
    """Accepts what is due for watches.

    Any number of copies may work at once. A crash after the acceptance costs nothing: what is pending is accepted once.
    """

    schedules: Schedules
    records: RecordService
    watches: ActiveWatches
    clock: Clock

    def accept_some(self, *, limit: int = AT_ONCE) -> int:
        """Accept the collections of up to `limit` schedules that are due; how many schedules were looked at."""
        now = self.clock()
        due = self.schedules.due(now=now, limit=limit)
        if not due:
            return 0
        watches = self.watches.by_id()
        records = self.records.find_all(list({each.record_id for each in due}))
        current = [each for each in due if _is_current(each, watches.get(each.watch_id)) and each.record_id in records]
        wanted = {
            each.record_id: watches[each.watch_id].owner
            for each in current
            if is_wanted(each, records[each.record_id], _every(each, watches), now)
        }
        if wanted:
            seen = [(records[record_id].target, records[record_id]) for record_id in wanted]
            self.records.accept_all(seen, now=now, owners=list(wanted.values()))
        self.schedules.advance([_next(each, _every(each, watches), now) for each in current])
        self.schedules.remove(_others(due, current))
        return len(due)


def is_wanted(schedule: Schedule, record: Record, every: int, now: datetime) -> bool:
    """Whether a target is to be collected for a schedule that is due: not if it was collected just now, or will be.

    Another watch may have done so within half of the period, or of the wait for a confirmation.
    """
    if record.state in (State.PENDING, State.RUNNING):
        return False
    wait = timedelta(seconds=every)
    if next_due(record.id, every, after=schedule.due_at - MILLISECOND) != schedule.due_at:  # something is to be confirmed
        wait = min(wait, CONFIRM_AFTER)
    failed_at = None if record.failure is None else record.failure.at
    collected = [each for each in (record.collected_at, failed_at) if each is not None]
    return not any(now - wait / 2 < each <= now for each in collected)


def _is_current(schedule: Schedule, watch: Watch | None) -> bool:
    return watch is not None and watch.version == schedule.version and watch.every is not None


def _every(schedule: Schedule, watches: Mapping[str, Watch]) -> int:
    return watches[schedule.watch_id].every or 0


def _next(schedule: Schedule, every: int, now: datetime) -> Schedule:
    return replace(schedule, due_at=next_due(schedule.record_id, every, after=now))


def _others(all_of_them: Iterable[Schedule], some: Sequence[Schedule]) -> Sequence[Schedule]:
    known = set(some)
    return [each for each in all_of_them if each not in known]
