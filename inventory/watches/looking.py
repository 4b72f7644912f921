"""Looking at outcomes that no watch has seen, some targets at a time: what watches find in them is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory import faults
from inventory.clock import Clock
from inventory.errors import StorageUnavailable
from inventory.notifier import Notifier
from inventory.observations.model import Observation
from inventory.watches.active import ActiveWatches
from inventory.watches.evaluation import evaluate, intervals_since
from inventory.watches.model import Looked, Unseen
from inventory.watches.parsing import ParsedWatch
from inventory.watches.ports import ObservedTargets, Outcomes

AT_ONCE = 200
"""Targets that are looked at, and noted as seen, at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Looks at targets with new outcomes. Any number of copies may work at once: each outcome counts once."""

    outcomes: Outcomes
    observed: ObservedTargets
    watches: ActiveWatches
    notifier: Notifier | None
    clock: Clock

    def look(self, *, limit: int = AT_ONCE) -> int:
        """Look at up to `limit` targets, those that wait for the longest first; at how many."""
        unseen = self.outcomes.unseen(limit=limit)
        if not unseen:
            return 0
        watches = self.watches.parsed()  # read after the outcomes: none of these is before a watch that is missing here
        intervals = self.observed.intervals({each.record.id: intervals_since(each, watches) for each in unseen})
        looked = [self._looked(each, intervals, watches) for each in unseen]
        self.outcomes.seen(looked, now=self.clock())
        return len(looked)

    def _looked(
        self, unseen: Unseen, intervals: Mapping[str, Sequence[Observation]], watches: Sequence[ParsedWatch]
    ) -> Looked:
        """What the watches make of a target. One that they cannot look at, whatever is wrong, keeps no other waiting."""
        record_id = unseen.record.id
        try:
            found = evaluate(unseen, intervals.get(record_id, ()), watches, now=self.clock())
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the edge of one unit of work: logged and counted, and found nothing
            faults.note(self.notifier, error, "watch_record", record_id=record_id)
            return Looked(unseen=unseen)
        return Looked(unseen=unseen, findings=found.findings, memberships=found.memberships)
