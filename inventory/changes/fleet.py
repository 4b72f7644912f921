"""What changed in the fleet: changes of all targets, one by one and in groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import nsmallest
from time import monotonic

from inventory.changes.cursors import Cursor, read_cursor, written
from inventory.changes.groups import Group, Sample, grouped
from inventory.changes.parameters import ChangeFilter, ChangeParameters, read
from inventory.changes.ports import ChangeLog
from inventory.changes.sharing import SHARED, SharedValue, counted, shared_by
from inventory.clock import Clock
from inventory.errors import QueryTooBroad, TooManyChanges
from inventory.limits import Limits
from inventory.observations.model import TAG, Change
from inventory.records.model import Target
from inventory.records.service import RecordService
from inventory.records.snapshots import SnapshotService

MAX_GROUPED = 250_000
"""Changes that are put into groups: some 300 MB."""
PORTIONS = 10
"""In which one page is looked for at most, where volatile changes are left out; what comes then is on the next page."""
LARGEST_PORTION = 2_000
LOOK_FOR = 1.0
"""Seconds after which no further portion is looked at: each may take some, and holds a thread."""
LOOKED_AT = 200
"""Targets of a group that tell what it may share."""
SAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """One page of changes from `since` to before `until`, newest first, with their targets; and the cursor of the next."""

    since: datetime
    until: datetime
    changes: Sequence[tuple[Target, Change]]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGroup:
    """A group, what its targets share, and some of its changes."""

    group: Group
    shared: Sequence[SharedValue]
    samples: Sequence[tuple[Target, Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The largest groups of changes, how many groups there are besides, and how many changes all of them have."""

    since: datetime
    until: datetime
    groups: Sequence[ShownGroup]
    omitted: int
    changes: int


class FleetChanges:
    """What changed in the fleet. Every method may raise `StorageUnavailable`, and `TooManyChanges` before it takes long."""

    def __init__(
        self,
        log: ChangeLog,
        records: RecordService,
        snapshots: SnapshotService,
        *,
        clock: Clock,
        ticks: Callable[[], float] = monotonic,
        max_grouped: int = MAX_GROUPED,
    ) -> None:
        self._log = log
        self._records, self._snapshots = records, snapshots
        self._clock, self._ticks = clock, ticks
        self._max_grouped = max_grouped

    def page(
        self, parameters: ChangeParameters, *, limit: int, cursor: str | None, limits: Limits | None = None
    ) -> ChangePage:
        """Up to `limit` changes of targets within limits, those after a cursor; `InvalidRequest` on a parameter.

        A page may have fewer, although another one comes.
        """
        now = self._clock()
        wanted, after = read(parameters, now, limits), read_cursor(cursor, parameters)
        if after is not None:
            wanted = replace(wanted, since=after.since)
        with _in_time():
            found, last = self._found(wanted, parameters.volatile, limit, None if after is None else after.position)
        targets = self._targets({change.record_id for change in found})
        known = [(targets[each.record_id], each) for each in found if each.record_id in targets]
        return ChangePage(
            since=wanted.since,
            until=min(wanted.until, now),
            changes=self._with_before(known),
            next_cursor=None if last is None else written(_cursor(wanted.since, last), parameters),
        )

    def groups(self, parameters: ChangeParameters, *, limit: int, limits: Limits | None = None) -> Groups:
        """The `limit` largest groups among targets within limits; `InvalidRequest` if a parameter is not valid."""
        now = self._clock()
        wanted = read(parameters, now, limits)
        with _in_time():
            changes = self._log.same_changes(
                wanted.condition, fields=wanted.fields, since=wanted.since, until=wanted.until, limit=self._max_grouped
            )
            chosen = [each for each in changes if parameters.volatile or not each.volatile]
            groups = grouped(chosen)
            return Groups(
                since=wanted.since,
                until=min(wanted.until, now),
                groups=self._shown(groups[:limit]),
                omitted=max(0, len(groups) - limit),
                changes=sum(len(each.occurrences) for each in chosen),
            )

    def _found(
        self, wanted: ChangeFilter, volatile: bool, limit: int, after: tuple[datetime, str, str] | None
    ) -> tuple[Sequence[Change], Change | None]:
        """The changes of a page, and the one after which the next page begins; None if this is the last page."""
        found: list[Change] = []
        portion, until = limit + 1, self._ticks() + LOOK_FOR
        for _ in range(PORTIONS):
            more = self._log.changes(
                wanted.condition, fields=wanted.fields, since=wanted.since, until=wanted.until, limit=portion, after=after
            )
            found += [each for each in more if volatile or not each.volatile]
            if len(found) > limit:
                return found[:limit], found[limit - 1]
            if len(more) < portion:
                return found, None
            after, portion = (more[-1].at, more[-1].record_id, more[-1].field), min(2 * portion, LARGEST_PORTION)
            if self._ticks() > until:
                break
        return found, more[-1]

    def _with_before(self, changes: Sequence[tuple[Target, Change]]) -> Sequence[tuple[Target, Change]]:
        """Changes with the collection before: where values only came, that of the snapshot before, if it is kept.

        No collection found a change of labels, so none was before it.
        """
        moments = {(target.id, each.at) for target, each in changes if each.before is None and each.field != TAG}
        snapshots = self._snapshots.collected_before(moments) if moments else {}

        def before(target: Target, change: Change) -> datetime | None:
            if change.field == TAG:
                return None
            return change.before if change.before is not None else snapshots.get((target.id, change.at))

        return [(target, replace(change, before=before(target, change))) for target, change in changes]

    def _shown(self, groups: Sequence[Group]) -> Sequence[ShownGroup]:
        shared = self._shared([group.targets for group in groups])
        samples = [group.samples(SAMPLES) for group in groups]
        targets = self._targets({each.occurrence[0] for of_group in samples for each in of_group})
        return [
            ShownGroup(
                group=group,
                shared=of_group,
                samples=[(targets[each.occurrence[0]], each) for each in some if each.occurrence[0] in targets],
            )
            for group, of_group, some in zip(groups, shared, samples, strict=True)
        ]

    def _shared(self, groups: Sequence[Set[str]]) -> Sequence[Sequence[SharedValue]]:
        """What the targets of each group share.

        Ids are random, so the least ones are a fair sample. What is not in a quarter of it is not in half of the group, but
        once in a hundred million groups. The rest is counted.
        """
        looked_at = [frozenset(nsmallest(LOOKED_AT, group)) for group in groups]
        values = self._log.values(frozenset().union(*looked_at), SHARED)
        counts = [counted(some, values) for some in looked_at]
        large = [number for number, group in enumerate(groups) if len(group) > LOOKED_AT]
        common = {n: [value for value, count in counts[n].items() if 4 * count >= LOOKED_AT] for n in large}
        asked = [number for number in large if common[number]]
        exact = self._log.counts([(groups[number], common[number]) for number in asked]) if asked else []
        for number, found in zip(asked, exact, strict=True):
            counts[number] = found
        return [shared_by(len(group), of_group) for group, of_group in zip(groups, counts, strict=True)]

    def _targets(self, record_ids: Set[str]) -> Mapping[str, Target]:
        """Those of the records that still exist."""
        found: dict[str, Target] = {}
        for ids in _portions(record_ids, 1_000):
            found |= {record_id: record.target for record_id, record in self._records.find_all(ids).items()}
        return found


def _portions(record_ids: Set[str], size: int) -> Iterator[Sequence[str]]:
    ids = sorted(record_ids)
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _cursor(since: datetime, last: Change) -> Cursor:
    return Cursor(since=since, at=last.at, record_id=last.record_id, field=last.field)


@contextmanager
def _in_time() -> Iterator[None]:
    """Say how to ask for less where there are too many changes, or where looking at them took too long."""
    try:
        yield
    except QueryTooBroad as error:
        raise TooManyChanges from error
