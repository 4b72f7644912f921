"""The document of what was observed of one target, as values, and how an outcome changes it: pure.

    _id                 the record's id; `accepted_at` tells its record from a deleted one of the same id
    version             another number after each change; `fence` is that of the latest outcome in it
    since, known_from   when the target became known, and from when on all of its past is kept
    pairs               the current pairs of a field and a value (`store.pairs`): the fewest bytes
    values, fields      the numbers of these values, for their index, and of these fields
    opened              of the values that came later than `since`, when they did
    past                the intervals that are closed, each with the numbers of value and field
    changed             the instants of changes, for its index
    position            when the record was collected last, or else accepted first: the order of answers
    body_size, elapsed_ms, first_collected_at   as those of the record's snapshots

Instants are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from inventory.observations.model import LATEST_ONLY, Statement
from inventory.store.intervals import Interval
from inventory.store.mongo.documents import Document
from inventory.store.pairs import Pair, pack, unpack

MAX_CLOSED = 10_000
"""Closed intervals that are kept of one target: a document has room for so many, and each change writes it as a whole."""
COLUMNS = dict(zip(LATEST_ONLY, ("body_size", "elapsed_ms"), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was observed of one target: its current pairs with their first instants, and its closed intervals."""

    since: int
    known_from: int
    current: Mapping[Pair, int]
    past: Sequence[Interval[Pair]] = ()

    def held(self, at: int | None) -> Iterator[Interval[Pair]]:
        """The state at an instant, or now."""
        for pair, first in self.current.items():
            if at is None or first <= at:
                yield Interval(pair, first)
        if at is not None:
            yield from (each for each in self.past if each.first <= at and each.gone is not None and at < each.gone)

    def intervals(self) -> list[Interval[Pair]]:
        """All there are."""
        return [*(Interval(pair, first) for pair, first in self.current.items()), *self.past]


def first_seen(pairs: Iterable[Pair], at: int) -> Observed:
    """What is known of a target that these pairs are the first to be said of."""
    return Observed(since=at, known_from=at, current=dict.fromkeys(pairs, at))


def changed_to(before: Observed, shown: Set[Pair], at: int, last: Callable[[Pair], int | None]) -> Observed:
    """The same after an instant from which on these pairs hold; `last` is when another collection saw one that went."""
    if shown == before.current.keys():
        return before
    closed = [
        Interval(pair, first, max(first, last(pair) or first), at)
        for pair, first in before.current.items()
        if pair not in shown
    ]
    current = {pair: before.current.get(pair, at) for pair in shown}
    return _of(min(before.since, at), current, [*before.past, *closed], before)


def of_intervals(intervals: Sequence[Interval[Pair]], before: Observed | None) -> Observed | None:
    """What these intervals say; None if there are none."""
    if not intervals:
        return None
    current = {each.key: each.first for each in intervals if each.gone is None}
    past = [each for each in intervals if each.gone is not None]
    return _of(min(each.first for each in intervals), current, past, before)


def _of(since: int, current: Mapping[Pair, int], past: Iterable[Interval[Pair]], before: Observed | None) -> Observed:
    """Of two intervals of a pair from the same instant on, the later one counts."""
    kept = {(each.key, each.first): each for each in past}
    closed = sorted(kept.values(), key=lambda each: (each.gone or 0, each.key))
    given_up, closed = closed[:-MAX_CLOSED], closed[-MAX_CLOSED:]
    known_from = since
    if before is not None and before.known_from > before.since:
        known_from = max(since, before.known_from)
    if given_up:
        known_from = max(known_from, given_up[-1].gone or since)
    return Observed(since=since, known_from=known_from, current=current, past=closed)


def read(document: Mapping[str, Any]) -> Observed:
    """What a document says, as far as it was read: of `known_from`, `opened` and `past` nothing is said without them."""
    since = document["since"]
    opened = {each["v"]: each["first"] for each in document.get("opened", ())}
    return Observed(
        since=since,
        known_from=document.get("known_from", since),
        current={pair: opened.get(pair[1], since) for pair in unpack(document["pairs"])},
        past=[
            Interval((each["f"], each["v"]), each["first"], each["last"], each["gone"]) for each in document.get("past", ())
        ],
    )


def written(observed: Observed, first_collected_at: int | None) -> Document:
    """The part of a document that says the same."""
    first = sorted(observed.current.items())
    return {
        "since": observed.since,
        "known_from": observed.known_from,
        "pairs": pack(observed.current),
        "values": sorted(value for _, value in observed.current),
        "fields": sorted({field for field, _ in observed.current}),
        "opened": [{"v": pair[1], "first": instant} for pair, instant in first if instant != observed.since],
        "past": [
            {"v": each.key[1], "f": each.key[0], "first": each.first, "last": each.last, "gone": each.gone}
            for each in observed.past
        ],
        "changed": sorted({instant for instant, *_ in changes(observed, first_collected_at)}),
    }


def changes(observed: Observed, first_collected_at: int | None) -> Iterator[tuple[int, Interval[Pair], bool]]:
    """The ends of intervals that are changes: the instant, the interval, and whether it came then.

    What is known of a target first is no change, and neither is what its first snapshot shows.
    """
    for each in observed.intervals():
        if each.gone is not None:
            yield each.gone, each, False
        if each.first not in (observed.since, first_collected_at):
            yield each.first, each, True


def latest_only(statements: Iterable[Statement]) -> Document:
    """The numbers that are known of the latest snapshot alone."""
    found = {each.field: float(each.value) for each in statements if each.field in LATEST_ONLY}
    return {column: found.get(name) for name, column in COLUMNS.items()}
