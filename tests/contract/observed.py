"""Targets in a store, and beside it by the shortest way there is: what the store answers is held against that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

import pytest

from inventory.errors import QueryTooBroad
from inventory.observations.conditions import Wildcard
from inventory.observations.model import (
    FAILURE,
    LATEST_ONLY,
    TAG,
    Change,
    Condition,
    Everything,
    FacetValue,
    FoundTarget,
    PastCollection,
    Pattern,
    SameChange,
    Statement,
    Word,
    same,
)
from inventory.records.model import Common, State, Statements
from inventory.store import Store
from tests.contract.actions import accept, after, claim, failed, found, stored, target
from tests.observations.naive import matches

Pairs = set[tuple[str, str]]


def stating(shown: Pairs) -> Statements:
    """These, those of every other field in common with all targets that show the same."""
    latest = [Statement(*each) for each in sorted(shown) if each[0] in LATEST_ONLY]
    others = [Statement(*each) for each in sorted(shown) if each[0] not in LATEST_ONLY]
    common = tuple(each for each in others if len(each.field) % 2 == 0)
    return Statements([each for each in others if each not in common], _in_common(common), latest)


@lru_cache
def _in_common(statements: tuple[Statement, ...]) -> Common:
    return Common(statements)


@dataclass
class Event:
    """What was stated of a target at an instant; `lost` while the store has not been told."""

    at: datetime
    statements: Pairs
    kind: str
    lost: bool = False


@dataclass
class World:
    """A store, and the same by the shortest way there is."""

    store: Store
    seconds: int = 0
    events: dict[int, list[Event]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return after(self.seconds)

    def collect(self, n: int, statements: Iterable[tuple[str, str]], *, crash: bool = False) -> None:
        """A snapshot with these statements; a crash leaves it unindexed."""
        self.seconds += 1
        shown = set(statements) | self._url(n)
        owned = claim(self.store, accept(self.store, n, now=self.now), now=self.now)
        outcome = stored(owned, at=self.now, body=None)
        if not crash:
            outcome = replace(outcome, statements=stating(shown))
        assert self.store.records.settle([outcome]) == [True]
        self.events.setdefault(n, []).append(Event(self.now, shown, "stored", crash))

    def fail(self, n: int, code: str, *, crash: bool = False) -> None:
        self.seconds += 1
        shown = {(FAILURE, code)} | self._url(n)
        outcome = failed(claim(self.store, accept(self.store, n, now=self.now), now=self.now), code, at=self.now)
        if not crash:
            outcome = replace(outcome, statements=stating(shown))
        assert self.store.records.settle([outcome]) == [True]
        self.events.setdefault(n, []).append(Event(self.now, shown, "failed", crash))

    def tag(self, n: int, tags: Iterable[str]) -> None:
        self.seconds += 1
        names = sorted(set(tags))
        if self.store.observations.tag(target(n).id, names, now=self.now):
            self.events[n].append(Event(self.now, {(TAG, name) for name in names}, TAG))

    def add_tags(self, some: Iterable[int], tags: Iterable[str]) -> None:
        """Tags besides those that targets have; an unknown one is left out."""
        self.seconds += 1
        names = set(tags)
        self.store.observations.add_tags([target(n).id for n in some], sorted(names), now=self.now)
        for n in set(some) & self.events.keys():
            before = [event.statements for event in self.events[n] if event.kind == TAG]
            had = before[-1] if before else set()
            self.events[n].append(Event(self.now, had | {(TAG, name) for name in names}, TAG))

    def delete(self, n: int) -> None:
        assert self.store.records.delete(target(n).id) == (n in self.events)
        self.events.pop(n, None)

    def reindex(self, *, latest: int = 1_000) -> None:
        """Index what is unindexed, of all snapshots or of the latest only, and of all that were lost.

        An earlier failure that was lost stays lost.
        """
        for record_id in self.store.observations.unindexed(limit=1_000):
            n = next(n for n in self.events if target(n).id == record_id)
            seen = found(self.store, target(n))
            outcomes = [each for each in self.events[n] if each.kind != TAG]
            self.events[n] = [
                each for each in self.events[n] if not (each.lost and each.kind == "failed" and each is not outcomes[-1])
            ]
            snapshots = [each for each in outcomes if each.kind == "stored"]
            first_lost = next((number for number, each in enumerate(snapshots) if each.lost), len(snapshots))
            history = snapshots[min(first_lost, max(0, len(snapshots) - latest)) :]
            if seen.state is State.FAILED:
                history.append(outcomes[-1])
            given = [
                PastCollection(each.at, [Statement(*one) for one in each.statements], each.kind == "failed")
                for each in history
            ]
            assert self.store.observations.reindex(seen, given)
            for each in self.events[n]:
                each.lost = False
        assert self.store.observations.unindexed(limit=1) == []

    def check_intervals(self) -> None:
        """All intervals of each target that reach to an instant say what held from then on."""
        for since in (after(0), after(self.seconds // 2)):
            known = self.store.observations.intervals(
                {**dict.fromkeys((target(n).id for n in self.events), since), "?": since}
            )
            for n in self.events:
                told = known.get(target(n).id, [])
                assert [each for each in told if each.gone is not None and each.gone <= since] == []
                assert told == sorted(told, key=lambda each: (each.field, each.value, each.first_seen))
                for instant, _ in self.states(n):
                    if instant >= since:
                        state = self.state(n, instant) or set()
                        held = [
                            each for each in told if each.first_seen <= instant and (not each.gone or each.gone > instant)
                        ]
                        assert sorted((each.field, each.value) for each in held) == sorted(state)

    # What is true

    def states(self, n: int) -> Iterator[tuple[datetime, Pairs]]:
        """What held of a target from each of its events on."""
        current: Pairs = set()
        for event in self.events[n]:
            if event.kind == "stored":
                stays = {pair for pair in current if pair[0] == TAG}
            else:
                ends = TAG if event.kind == TAG else FAILURE
                stays = {pair for pair in current if pair[0] != ends}
            current = stays | {pair for pair in event.statements if pair[0] not in LATEST_ONLY}
            yield event.at, current

    def state(self, n: int, at: datetime | None) -> Pairs | None:
        """What held at an instant, or holds now; None if the target was not known."""
        held = [state for instant, state in self.states(n) if at is None or instant <= at]
        known = next((number for number, state in enumerate(held) if state), None)
        if known is None:
            return None
        latest = [event for event in self.events[n] if event.kind == "stored"] if at is None else []
        return held[-1] | {pair for pair in (latest[-1].statements if latest else ()) if pair[0] in LATEST_ONLY}

    def first_seen(self, n: int, pair: tuple[str, str], at: datetime | None) -> datetime:
        first = None
        for instant, state in self.states(n):
            if at is not None and instant > at:
                break
            first = (first or instant) if pair in state else None
        assert first is not None
        return first

    def found(self, condition: Condition, at: datetime | None) -> list[FoundTarget]:
        holding = [n for n in self.events if (state := self.state(n, at)) is not None and matches(condition, list(state))]
        targets = [FoundTarget(target(n).id, self._position(n)) for n in holding]
        return sorted(targets, key=lambda each: (each.at, each.record_id), reverse=True)

    def facet(self, condition: Condition, at: datetime | None, name: str) -> dict[str, tuple[int, datetime]]:
        ids = {each.record_id for each in self.found(condition, at)}
        chosen = [n for n in self.events if target(n).id in ids]
        shown = [(pair, n) for n in chosen for pair in self.state(n, at) or () if pair[0] == name]
        counts = Counter(pair[1] for pair, _ in shown)
        return {
            value: (count, min(self.first_seen(n, pair, at) for pair, n in shown if pair[1] == value))
            for value, count in counts.items()
        }

    def changes(self, condition: Condition, since: datetime, until: datetime) -> list[tuple[object, ...]]:
        ids = {each.record_id for each in self.found(condition, None)}
        changes = []
        for n in self.events:
            before: Pairs = set()
            collected = next((event.at for event in self.events[n] if event.kind == "stored"), None)
            base = next((instant for instant, state in self.states(n) if state), None)
            for instant, state in self.states(n):
                came = state - before if instant not in (base, collected) else set()
                gone, before = before - state, state
                if since <= instant < until and target(n).id in ids:
                    for name in {pair[0] for pair in came | gone}:
                        old, new = (sorted(value for key, value in pairs if key == name) for pairs in (gone, came))
                        changes.append((instant, target(n).id, name, old, new))
        return sorted(changes, reverse=True)

    # What the store says

    def searched(self, condition: Condition, at: datetime | None, *, page: int) -> list[FoundTarget]:
        listed: list[FoundTarget] = []
        while True:
            position = (listed[-1].at, listed[-1].record_id) if listed else None
            more = self.store.observations.search(condition, at=at, limit=page, after=position)
            listed += more
            if len(more) < page:
                return listed

    def listed_changes(self, condition: Condition, since: datetime, until: datetime, *, page: int) -> list[Change]:
        listed: list[Change] = []
        while True:
            last = (listed[-1].at, listed[-1].record_id, listed[-1].field) if listed else None
            more = self.store.observations.changes(condition, fields=[], since=since, until=until, limit=page, after=last)
            listed += more
            if len(more) < page:
                return listed

    def check(self, condition: Condition, at: datetime | None, fields: Sequence[str]) -> None:
        """The store answers as it should."""
        wanted = self.found(condition, at)
        since = self.store.observations.known_since()
        assert not wanted or (since is not None and (at is None or since <= at))
        assert since is None or self.events
        assert self.searched(condition, at, page=2) == wanted
        assert self.store.observations.count(condition, at=at) == len(wanted)
        assert self.store.observations.count(condition, at=at, up_to=1) == min(2, len(wanted))
        for name in fields:
            values = self.store.observations.facet(condition, at=at, field=name, limit=100)
            assert {each.value: (each.count, each.first_seen) for each in values} == self.facet(condition, at, name)
            assert [each.count for each in values] == sorted((each.count for each in values), reverse=True)

    def check_changes(self, condition: Condition = Everything()) -> None:  # noqa: B008 - immutable
        begin, end = after(-1), after(self.seconds + 1)
        listed = self.listed_changes(condition, begin, end, page=3)
        assert [(c.at, c.record_id, c.field, c.old, c.new) for c in listed] == self.changes(condition, begin, end)

    def check_same_changes(self, condition: Condition = Everything()) -> None:  # noqa: B008 - immutable
        """All changes at once, the same ones together, are those that are listed one by one."""
        begin, end = after(-1), after(self.seconds + 1)
        listed = self.listed_changes(condition, begin, end, page=3)
        kept = self.store.observations
        whole = kept.same_changes(condition, fields=[], since=begin, until=end, limit=len(listed))
        assert self._by_occurrence(whole) == self._by_occurrence(same(listed))
        chosen = [Pattern(("header.", Wildcard.ANY)), Word("status", exact=True)]
        some = kept.same_changes(condition, fields=chosen, since=after(2), until=after(4), limit=len(listed))
        expected = [
            each for each in listed if after(2) <= each.at < after(4) and any(field.matches(each.field) for field in chosen)
        ]
        assert self._by_occurrence(some) == self._by_occurrence(same(expected))
        if listed:
            with pytest.raises(QueryTooBroad):
                kept.same_changes(condition, fields=[], since=begin, until=end, limit=len(listed) - 1)

    def check_values(self, fields: Sequence[str]) -> None:
        """What records show now of some fields."""
        known = {target(n).id: state for n in self.events if (state := self.state(n, None)) is not None}
        found = self.store.observations.values([*known, "unknown"], fields)
        assert {record_id: sorted(pairs) for record_id, pairs in found.items()} == {
            record_id: sorted(pair for pair in state if pair[0] in fields) for record_id, state in known.items()
        }
        shown = [pair for state in known.values() for pair in state if pair[0] in fields]
        some = [*known][::2]
        of_some = [pair for record_id in some for pair in known[record_id] if pair[0] in fields]
        counts = self.store.observations.counts(
            [([*known, "unknown"], {*shown, ("status", "000")}), ([], {*shown}), (some, {*of_some}), (some, set())]
        )
        assert counts == [{**Counter(shown), ("status", "000"): 0}, dict.fromkeys(shown, 0), Counter(of_some), {}]

    @staticmethod
    def _by_occurrence(changes: Sequence[SameChange]) -> list[tuple[object, ...]]:
        return sorted((each.field, each.old, each.new, each.volatile, sorted(each.occurrences)) for each in changes)

    def _position(self, n: int) -> datetime:
        record = found(self.store, target(n))
        return record.collected_at or record.accepted_at

    def _url(self, n: int) -> Pairs:
        return {("url", target(n).key), ("host", target(n).host)}


def counted(values: Sequence[FacetValue]) -> dict[str, int]:
    return {each.value: each.count for each in values}
