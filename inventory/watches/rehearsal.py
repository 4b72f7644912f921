"""What a watch would have told of a time that is over: targets are chosen, and their collections are looked at again."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inventory.clock import MILLISECOND, Clock
from inventory.limits import Limits
from inventory.listing import Key
from inventory.observations.model import FAILURE, TAG, Condition, Observation
from inventory.records.model import Record
from inventory.records.service import RecordService
from inventory.records.snapshots import SnapshotService
from inventory.watches.evaluation.evaluate import replay
from inventory.watches.grouping import grouped
from inventory.watches.model import Collection, Finding, Group, Watch, message_due_at
from inventory.watches.parsing import ParsedWatch, condition_of
from inventory.watches.payload import MAX_GROUPS
from inventory.watches.ports import ObservedTargets

MAX_TARGETS = 2_000
"""Targets that one rehearsal looks at."""
LOOK_FOR = 5.0
"""Seconds after which it looks at no further ones."""
AT_ONCE = 100
"""Targets that are read at once."""
MAX_COLLECTIONS = 200
"""Collections of one target that are looked at, the latest ones."""
MAX_FINDINGS = 50_000
"""With so many it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a watch would have told between two instants: `findings` in so many `messages`.

    `targets` were looked at; not `complete`: there are more, or some have collections that were not looked at. `groups` are
    the largest ones, and `omitted` is how many there are besides. `keys` has the URLs of records in their samples.
    """

    since: datetime
    until: datetime
    complete: bool
    targets: int
    findings: int
    messages: int
    groups: Sequence[Group]
    omitted: int
    keys: Mapping[str, str]


class Rehearser:
    """Rehearses watches on targets that match now, or did when the time began."""

    def __init__(
        self,
        observed: ObservedTargets,
        records: RecordService,
        snapshots: SnapshotService,
        *,
        clock: Clock,
        slot: Callable[[], AbstractContextManager[None]] = nullcontext,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._observed, self._records, self._snapshots = observed, records, snapshots
        self._clock, self._slot, self._ticks = clock, slot, ticks

    def try_query(self, watch: ParsedWatch) -> None:
        """`QueryTooBroad` if the targets of a watch cannot be searched for; `TooManyRequests` while too many search."""
        condition = condition_of(watch.watch, now=self._clock())
        with self._slot():
            self._observed.search(condition, at=None, limit=1, after=None)

    def rehearse(self, watch: ParsedWatch, *, days: int) -> Rehearsal:
        """What it would have told of the last days; `QueryTooBroad` if its targets cannot be searched for."""
        until = self._clock()
        since = until - timedelta(days=days)
        keys: dict[str, str] = {}
        found: list[Finding] = []
        complete = self._look(watch, since, keys, found)
        groups = grouped(found)
        shown = groups[:MAX_GROUPS]
        samples = {each.record_id for group in shown for each in group.samples}
        return Rehearsal(
            since=since,
            until=until,
            complete=complete,
            targets=len(keys),
            findings=len(found),
            messages=message_count(watch.watch, [each.at for each in found]),
            groups=shown,
            omitted=len(groups) - len(shown),
            keys={record_id: keys[record_id] for record_id in samples},
        )

    def _look(self, watch: ParsedWatch, since: datetime, keys: dict[str, str], found: list[Finding]) -> bool:
        """Add the targets with their URLs, and what is found in them; whether these are all."""
        end = self._ticks() + LOOK_FOR
        complete, looked_at = True, set[str]()
        for some in self._portions(condition_of(watch.watch, now=self._clock()), since):
            new = [each for each in some if each not in looked_at]
            if len(looked_at) + len(new) > MAX_TARGETS or len(found) > MAX_FINDINGS or self._ticks() >= end:
                return False
            looked_at.update(new)
            records = self._records.find_all(new)
            collected = self._snapshots.collected_at(records, limit=MAX_COLLECTIONS)
            snapshots = {each: _needed(collected.get(each, ()), watch.look_back, since) for each in records}
            complete = complete and all(len(each) < MAX_COLLECTIONS or each[0] <= since for each in snapshots.values())
            keys.update({record_id: records[record_id].target.key for record_id in snapshots})
            begins = {record_id: min([since, *each]) - MILLISECOND for record_id, each in snapshots.items()}
            intervals = self._observed.intervals(begins)
            for record_id, stored in snapshots.items():
                record, held = records[record_id], intervals.get(record_id, ())
                if not _is_within(watch.watch.limits, record, held):
                    continue
                collections = _collections(record, stored, held, begins[record_id])
                found += replay(watch, record, collections, held, since=since)
        return complete

    def _portions(self, condition: Condition, since: datetime) -> Iterator[Sequence[str]]:
        """The ids of targets that match now, those that were collected last first, and of those that matched then."""
        for at in (None, since):
            after: Key | None = None
            while found := self._observed.search(condition, at=at, limit=AT_ONCE, after=after):
                yield [each.record_id for each in found]
                if len(found) < AT_ONCE:
                    break
                after = (found[-1].at, found[-1].record_id)


def message_count(watch: Watch, found_at: Sequence[datetime]) -> int:
    """In how many messages a watch tells what it finds at these instants."""
    count, ends = 0, None
    for at in sorted(found_at):
        if ends is not None and at <= ends:
            continue
        count += 1
        due_at = message_due_at(replace(watch, last_message_at=ends), at)
        ends = due_at
    return count


def _needed(collected: Sequence[datetime], look_back: int, since: datetime) -> Sequence[datetime]:
    """The collections since an instant, and so many before it."""
    return collected[max(0, bisect_left(collected, since) - look_back) :]


def _is_within(limits: Limits | None, record: Record, held: Sequence[Observation]) -> bool:
    """Whether a target is within limits now. It may have been when the time began, and its labels may have changed since."""
    labels = [each.value for each in held if each.field == TAG and each.gone is None]
    return limits is None or limits.admit(record.target.host, labels)


def _collections(
    record: Record, stored: Sequence[datetime], intervals: Sequence[Observation], begin: datetime
) -> Sequence[Collection]:
    """The collections of a target. Of the same failures in a row only the first and the last are known."""
    failures = [each for each in intervals if each.field == FAILURE]
    failed = {at for each in failures for at in (each.first_seen, each.last_seen) if at is not None and at >= begin}
    if record.failure is not None:
        failed.add(record.failure.at)
    collections = [Collection(at) for at in stored] + [Collection(at, failed=True) for at in failed.difference(stored)]
    return sorted(collections, key=lambda each: each.at)
