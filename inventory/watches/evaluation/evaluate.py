"""What watches find in the new collections of a target: the same whether these are looked at one by one or at once.

Each new collection is judged by what the target stated at it and at those shortly before. Something is established once
`persist` collections in a row showed it alike, and a finding is that something established takes the place of another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.clock import MILLISECOND
from inventory.observations.model import Observation
from inventory.records.model import Record
from inventory.watches.due_times import next_due
from inventory.watches.evaluation.judge import Judge
from inventory.watches.evaluation.timeline import Timeline
from inventory.watches.model import Collection, Finding, Membership, Unseen
from inventory.watches.parsing import ParsedWatch

CONFIRM_AFTER = timedelta(seconds=60)
"""When a target is collected again to confirm something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What all watches find, and whether the target is to have their schedules."""

    findings: Sequence[Finding]
    memberships: Sequence[Membership]


def intervals_since(unseen: Unseen, watches: Sequence[ParsedWatch]) -> datetime:
    """From when on the intervals of a target are needed, to evaluate it: they must have held then or later."""
    begins = [each.at for each in _collections(unseen, watches)]
    if unseen.tagged_at is not None:
        begins.append(unseen.tagged_at)
    return min(begins, default=unseen.record.accepted_at) - MILLISECOND


def evaluate(
    unseen: Unseen, intervals: Sequence[Observation], watches: Sequence[ParsedWatch], *, now: datetime
) -> Evaluation:
    """What these watches find in the new collections and labels of a target. `intervals` are those of `intervals_since`."""
    timeline = Timeline(
        _collections(unseen, watches),
        intervals,
        new=unseen.new,
        labels_from=unseen.tagged_at,
        first_collected_at=unseen.record.first_collected_at,
    )
    record_id = unseen.record.id
    findings: list[Finding] = []
    memberships: list[Membership] = []
    for watch in watches:
        begun_at, changed_at = watch.watch.begun_at, watch.watch.changed_at
        judge = Judge(watch, timeline, record_id, since=begun_at, begun_since=begun_at, expiring_since=changed_at)
        findings += judge.findings()
        memberships += _membership(watch, judge, record_id, now)
    return Evaluation(findings=findings, memberships=memberships)


def replay(
    watch: ParsedWatch,
    record: Record,
    collections: Sequence[Collection],
    intervals: Sequence[Observation],
    *,
    since: datetime,
) -> Sequence[Finding]:
    """What a watch would have found in a target from an instant on, if it had been there.

    `collections` are also some from before that instant, as many as `look_back`. `intervals` are all that held a millisecond
    before the first of these, or later. A collection that is not listed is known by what began or ended in it.
    """
    timeline = Timeline(collections, intervals, new=0, first_collected_at=record.first_collected_at, new_from=since)
    return list(Judge(watch, timeline, record.id, since=since, begun_since=None, expiring_since=since).findings())


def _collections(unseen: Unseen, watches: Sequence[ParsedWatch]) -> Sequence[Collection]:
    """The new collections, and those before them that their judgement depends on."""
    look_back = max((each.look_back for each in watches), default=0)
    return unseen.collections[max(0, len(unseen.collections) - unseen.new - look_back) :]


def _membership(parsed: ParsedWatch, judge: Judge, record_id: str, now: datetime) -> Iterator[Membership]:
    every = parsed.watch.every
    if every is None or not judge.timeline.points:
        return
    matches, waits = judge.matches_now, judge.waits
    if not matches and judge.is_first:
        return  # it cannot have a schedule yet
    yield Membership(
        watch_id=parsed.watch.id,
        version=parsed.watch.version,
        matches=matches or waits.at_all,
        due_at=next_due(record_id, every, after=now) if matches or waits.at_all else None,
        sooner=now + min(CONFIRM_AFTER, timedelta(seconds=every)) if waits.briefly else None,
    )
