"""What changed: the ends of intervals, newest first. Ends of one field of a target at one instant are one change.

Targets are found by the instants of their changes, in spans of time that have few of them. If a single instant has more,
these are read in the order of their ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pymongo.database import Database

from inventory.observations.model import VERDICTS, Change, Matcher
from inventory.store.codecs import from_millis, to_millis
from inventory.store.mongo.conditions import Query
from inventory.store.mongo.connection import Document
from inventory.store.mongo.leaves import field_numbers
from inventory.store.mongo.numbers import Numbers
from inventory.store.mongo.observed import changes, read

SHOWN = dict.fromkeys(("pairs", "opened", "past", "since", "first_collected_at"), 1)
NEWEST_FIRST = [("_id", -1)]
LAST_ID = "g"
"""After all ids of records, which are hexadecimal."""
NARROWER, WIDER = 8, 4

Position = tuple[int, str, str]
"""The instant, the id of the record, and the name of the field of a change."""


@dataclass(slots=True)
class Ends:
    """The numbers of the values that went and came, and when those that went were last seen."""

    old: list[int] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    last: int | None = None


def newest(
    query: Query,
    numbers: Numbers,
    fields: Sequence[Matcher],
    *,
    since: int,
    until: int,
    limit: int,
    after: tuple[datetime, str, str] | None,
) -> Sequence[Change]:
    """The changes from `since` to before `until`, after a position."""
    database = query.timed.database
    chosen = chosen_fields(database, fields)
    position = None if after is None else (to_millis(after[0]), after[1], after[2])
    if position is not None:
        until = min(until, position[0] + 1)
    found: dict[Position, Ends] = {}
    for documents, begin, end in spans(query, since, until):
        ends = ends_of(documents, chosen, begin, end)
        names = numbers.names(database, {number for _, _, number in ends})
        of_span = {(at, record_id, names[number]): each for (at, record_id, number), each in ends.items()}
        found |= {at: of_span[at] for at in sorted(of_span, reverse=True) if position is None or at < position}
        if len(found) >= limit:
            break
    return _changes(query, numbers, list(found.items())[:limit])


def spans(query: Query, since: int, until: int) -> Iterator[tuple[Sequence[Document], int, int]]:
    """Targets that changed in spans of time, the latest first, each with the span from an instant to before another."""
    width, most = max(1, until - since), query.bounds.changed
    while since < until:
        query.timed.check()
        begin = max(since, until - width)
        documents = _changed(query, begin, until, LAST_ID, most + 1)
        if len(documents) > most and until - begin > 1:
            width = max(1, (until - begin) // NARROWER)
            continue
        yield documents[:most], begin, until
        while len(documents) > most:
            documents = _changed(query, begin, until, documents[most - 1]["_id"], most + 1)
            yield documents[:most], begin, until
        until, width = begin, width * WIDER


def chosen_fields(database: Database[Document], fields: Sequence[Matcher]) -> Callable[[int], bool]:
    """Whether the field of a number is named; if none is, whether it is listed without its name."""
    numbers = frozenset[int]().union(*(field_numbers(database, each) for each in fields or VERDICTS))
    return numbers.__contains__ if fields else lambda number: number not in numbers


def _changed(query: Query, begin: int, end: int, before: str, limit: int) -> list[Document]:
    """Up to so many targets that changed in a span, by their ids, those before one."""
    chosen = {"changed": {"$elemMatch": {"$gte": begin, "$lt": end}}, "_id": {"$lt": before}}
    order = NEWEST_FIRST if end - begin == 1 else ()
    return query.found(chosen, SHOWN, limit=limit, order=order)


def ends_of(
    documents: Sequence[Document], chosen: Callable[[int], bool], begin: int, end: int
) -> dict[tuple[int, str, int], Ends]:
    """The ends of intervals in a span, by instant, record and field."""
    ends: dict[tuple[int, str, int], Ends] = defaultdict(Ends)
    for document in documents:
        for at, interval, came in changes(read(document), document["first_collected_at"]):
            number, value = interval.key
            if begin <= at < end and chosen(number):
                each = ends[at, document["_id"], number]
                (each.new if came else each.old).append(value)
                if not came and interval.last is not None:
                    each.last = max(interval.last, each.last or interval.last)
    return ends


def _changes(query: Query, numbers: Numbers, found: Sequence[tuple[Position, Ends]]) -> Sequence[Change]:
    texts = numbers.texts(query.timed.database, {number for _, ends in found for number in (*ends.old, *ends.new)})
    return [
        Change(
            record_id=record_id,
            field=name,
            at=from_millis(at),
            before=None if ends.last is None else from_millis(ends.last),
            old=sorted(texts[number].value for number in ends.old if number in texts),
            new=sorted(texts[number].value for number in ends.new if number in texts),
            volatile=any(texts[number].volatile for number in (*ends.old, *ends.new) if number in texts),
        )
        for (at, record_id, name), ends in found
    ]
