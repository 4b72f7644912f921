"""Targets that are collected in memory, and what watches find in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from inventory.observations.model import FAILURE, TAG, Observation
from inventory.records.model import Record, State, Target
from inventory.watches.evaluation.evaluate import Evaluation, evaluate, intervals_since
from inventory.watches.model import KEPT_COLLECTIONS, Collection, Finding, On, Unseen, Watch
from inventory.watches.parsing import ParsedWatch, parsed

BEGIN = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL = "https://example.com/"
TARGET = Target("webpage", URL, "example.com")


def at(hours: float) -> datetime:
    return BEGIN + hours * HOUR


def watch(*on: str, query: str = "*", since: float = -1_000, every: int | None = None, **set_: object) -> ParsedWatch:
    """A watch that was made long before the tests begin."""
    made = Watch(
        id=str(set_.pop("id", "w")),
        name="w",
        query=query,
        every=every,
        on=[On(each) for each in on or ("changes",)],
        created_at=at(since),
        changed_at=at(since),
    )
    return parsed(replace(made, **set_))


@dataclass
class History:
    """One target: its intervals, as stores write them, and its collections, one each hour."""

    target: Target = TARGET
    hours: int = 0
    intervals: list[Observation] = field(default_factory=list)
    collections: list[Collection] = field(default_factory=list)
    forgotten: set[datetime] = field(default_factory=set)
    labels: list[datetime] = field(default_factory=list)
    first_collected_at: datetime | None = None

    @property
    def now(self) -> datetime:
        return at(self.hours)

    def collect(self, shown: Mapping[str, str | Sequence[str]] | None = None, *, volatile: Iterable[str] = ()) -> datetime:
        """A snapshot that shows these fields and the URL; the values of some are volatile."""
        self.hours += 1
        pairs = self._pairs({"url": URL, "host": "example.com"} | dict(shown or {}))
        self._show({(*pair, pair[0] in set(volatile)) for pair in pairs}, ends=lambda name: name != TAG)
        self.first_collected_at = self.first_collected_at or self.now
        self.collections.append(Collection(self.now))
        return self.now

    def forget(self) -> None:
        """All collections until now are not remembered."""
        self.forgotten.update(each.at for each in self.collections)

    def fail(self, code: str = "timeout") -> datetime:
        self.hours += 1
        pairs = self._pairs({FAILURE: code, "url": URL, "host": "example.com"})
        self._show({(*pair, False) for pair in pairs}, ends=lambda name: name == FAILURE)
        self.collections.append(Collection(self.now, failed=True))
        return self.now

    def tag(self, *labels: str) -> datetime:
        """Make these all the labels."""
        self.hours += 1
        self._show({(TAG, label, False) for label in labels}, ends=lambda name: name == TAG)
        self.labels.append(self.now)
        return self.now

    @staticmethod
    def _pairs(shown: Mapping[str, str | Sequence[str]]) -> set[tuple[str, str]]:
        return {
            (name, value) for name, values in shown.items() for value in ([values] if isinstance(values, str) else values)
        }

    def _show(self, shown: set[tuple[str, str, bool]], *, ends) -> None:
        seen = max((each.at for each in self.collections), default=None)
        current = {(each.field, each.value, each.volatile): each for each in self.intervals if each.gone is None}
        for key, each in current.items():
            if ends(key[0]) and key not in shown:
                last = self.now if key[0] == TAG else max(each.first_seen, self._last_shown(each) or seen or self.now)
                self.intervals[self.intervals.index(each)] = replace(each, last_seen=last, gone=self.now)
        self.intervals += [
            Observation(field=key[0], value=key[1], volatile=key[2], first_seen=self.now) for key in shown - current.keys()
        ]

    def _last_shown(self, each: Observation) -> datetime | None:
        failed = each.field == FAILURE
        return max((one.at for one in self.collections if one.failed == failed), default=None)

    def record(self) -> Record:
        return Record(
            target=self.target,
            state=State.STORED,
            accepted_at=BEGIN,
            requested_at=self.now,
            due_at=None,
            attempt=1,
            fence=1,
            first_collected_at=self.first_collected_at,
        )

    def unseen(self, new: int, tagged_at: datetime | None = None, *, until: datetime | None = None) -> Unseen:
        """What a store has of it after an instant, of which the last collections are new."""
        known = [each for each in self.collections if each.at not in self.forgotten]
        kept = [each for each in known if until is None or each.at <= until][-KEPT_COLLECTIONS:]
        record = self.record()
        if record.first_collected_at is not None and until is not None and record.first_collected_at > until:
            record = replace(record, first_collected_at=None)
        return Unseen(record=record, collections=kept, new=new, tagged_at=tagged_at, mark="m")

    def intervals_at(self, since: datetime, until: datetime | None) -> Sequence[Observation]:
        """Those that held at `since` or later, as they were at an instant."""
        found = []
        for each in self.intervals:
            known = each
            if until is not None and each.first_seen > until:
                continue
            if until is not None and each.gone is not None and each.gone > until:
                known = replace(each, last_seen=None, gone=None)
            if known.gone is None or known.gone > since:
                found.append(known)
        return sorted(found, key=lambda one: (one.field, one.value, one.first_seen))

    def evaluation(
        self,
        *watches: ParsedWatch,
        new: int = 1,
        tagged_at: datetime | None = None,
        until: datetime | None = None,
    ) -> Evaluation:
        """What watches find in the last collections."""
        unseen = self.unseen(new, tagged_at, until=until)
        intervals = self.intervals_at(intervals_since(unseen, watches), until)
        return evaluate(unseen, intervals, watches, now=until or self.now)

    def found(self, *watches: ParsedWatch, splits: Iterable[datetime] = ()) -> list[Finding]:
        """What they find in all of it, looked at once after each of some instants, and at the end."""
        findings: list[Finding] = []
        looked_at = at(-1)
        for until in [*sorted(splits), self.now]:
            new = [each for each in self.collections if looked_at < each.at <= until]
            labels = [each for each in self.labels if looked_at < each <= until]
            if new or labels:
                found = self.evaluation(*watches, new=len(new), tagged_at=min(labels, default=None), until=until)
                findings += found.findings
            looked_at = until
        return findings

    def each_by_itself(self, *watches: ParsedWatch) -> list[Finding]:
        """What they find, if they look after each collection and each change of labels."""
        return self.found(*watches, splits=[each.at for each in self.collections] + self.labels)
