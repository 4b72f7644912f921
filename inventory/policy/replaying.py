"""What a policy would have found in a time that is over, in the snapshots that are kept of it. Nothing is collected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from inventory.clock import MILLISECOND
from inventory.instants import invalid, read_instant
from inventory.listing import Key
from inventory.observations.model import TAG, Word
from inventory.policy.judgement import Judge
from inventory.policy.model import Rule, State, TargetStatus, Verdict
from inventory.policy.ports import ObservedTargets
from inventory.policy.service import PolicyService
from inventory.records.model import Record, Snapshot
from inventory.records.snapshots import SnapshotService

AT_ONCE = 25
MAX_SNAPSHOTS = 200
"""Of one target, the latest ones."""
MAX_PERIODS = 50
"""Of one rule at one target that are told, the latest ones; all are counted."""
_TAGS = (Word(TAG, exact=True),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time in which a rule failed: from the collection that showed it first to the first one that did not, if any."""

    began: datetime
    ended: datetime | None
    snapshot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHistory:
    """When a rule failed at a target; `flaps` is how often it began or ended."""

    rule: Rule
    flaps: int
    periods: Sequence[Period]

    @property
    def failing(self) -> bool:
        """Whether it failed at the end."""
        return bool(self.periods) and self.periods[-1].ended is None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHistory:
    """What rules would have found at a target, those that found something.

    `snapshots` is how many were looked at, and `unchecked` of how many it is not known whether they are clean.
    Not `complete`: there are earlier ones, which were not looked at.
    """

    record_id: str
    url: str
    snapshots: int
    unchecked: int
    complete: bool
    rules: Sequence[RuleHistory]

    @property
    def is_checked(self) -> bool:
        """Whether there are snapshots, and all of them could be checked."""
        return self.snapshots > 0 and self.unchecked == 0 and self.complete


def time_of(since: str, until: str | None, now: datetime) -> tuple[datetime, datetime]:
    """The time that two instants bound; `InvalidRequest` if they are not valid, or in the wrong order."""
    begin, end = read_instant("since", since, now), now if until is None else read_instant("until", until, now)
    if begin > end:
        raise invalid("since", "It is later than the end of the time. Send an earlier one.")
    return begin, end


class Replayer:
    """Judges the snapshots of a time, each as of its collection, with the labels of now."""

    def __init__(self, policies: PolicyService, observed: ObservedTargets, snapshots: SnapshotService) -> None:
        self._policies, self._observed, self._snapshots = policies, observed, snapshots

    def replay(
        self, judge: Judge, records: Sequence[Record], *, since: datetime, until: datetime
    ) -> Iterator[TargetHistory]:
        """The history of each record, in their order: of what was current at `since`, and collected up to `until`."""
        for start in range(0, len(records), AT_ONCE):
            some = records[start : start + AT_ONCE]
            shown = self._observed.shown([each.id for each in some], _TAGS, at=None)
            for record in some:
                tags = [each.value for each in shown.get(record.id, ())]
                snapshots, complete = self._snapshots_between(record, since, until)
                verdicts = [
                    self._policies.judge(judge, record.target, each, max(since, each.collected_at), tags)
                    for each in snapshots
                ]
                yield TargetHistory(
                    record_id=record.id,
                    url=record.target.key,
                    snapshots=len(snapshots),
                    unchecked=sum(each.status is TargetStatus.UNCHECKED for each in verdicts),
                    complete=complete,
                    rules=histories(judge, verdicts),
                )

    def _snapshots_between(self, record: Record, since: datetime, until: datetime) -> tuple[Sequence[Snapshot], bool]:
        """The snapshots of a time, the oldest first, and whether these are all."""
        found: list[Snapshot] = []
        after: Key | None = (until + MILLISECOND, "")
        while some := self._snapshots.newest(record.id, limit=AT_ONCE, after=after):
            for each in some:
                found.append(each)
                if each.collected_at <= since:
                    return found[::-1], True
                if len(found) == MAX_SNAPSHOTS:
                    return found[::-1], False
            after = (some[-1].collected_at, some[-1].id)
        return found[::-1], True


def histories(judge: Judge, verdicts: Sequence[Verdict]) -> Sequence[RuleHistory]:
    """When rules failed, of the verdicts on the snapshots of a target, the oldest first; those that failed at all.

    What is waived, not known or not in scope does not fail.
    """
    found: list[RuleHistory] = []
    for rule in judge.policy.rules:
        periods = _periods(rule, verdicts) if rule.finding else []
        if periods:
            open_at_first = bool(verdicts) and periods[0].began == verdicts[0].collected_at
            ends = sum(each.ended is not None for each in periods)
            flaps = len(periods) - open_at_first + ends
            found.append(RuleHistory(rule=rule, flaps=flaps, periods=periods[-MAX_PERIODS:]))
    return found


def _periods(rule: Rule, verdicts: Sequence[Verdict]) -> list[Period]:
    periods: list[Period] = []
    for verdict in verdicts:
        at = verdict.collected_at
        if verdict.judgement is None or at is None:
            continue
        fails = verdict.judgement.states[rule.id] is State.FAILS
        is_open = bool(periods) and periods[-1].ended is None
        if fails and not is_open:
            periods.append(Period(began=at, ended=None, snapshot_id=verdict.snapshot_id or ""))
        elif is_open and not fails:
            periods[-1] = replace(periods[-1], ended=at)
    return periods
