"""The commonest values of a field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from inventory.observations.model import FacetValue
from inventory.store.codecs import from_millis
from inventory.store.mongo.conditions import Query
from inventory.store.mongo.connection import Document
from inventory.store.mongo.numbers import Numbers
from inventory.store.mongo.observed import read

CHECKED_TOGETHER = 1_000
"""Targets between two looks at the time."""


def commonest(query: Query, numbers: Numbers, name: str, limit: int) -> Sequence[FacetValue]:
    """The commonest values of a field where the condition of a query holds, counted target by target.

    Of each little is read. A pipeline would take every value of every target apart, and FerretDB 1 has no least of a group.
    """
    database = query.timed.database
    found = database["fields"].find_one({"_id": name}, {"no": 1})
    if found is None:
        return []
    counts: Counter[int] = Counter()
    firsts: dict[int, int] = {}
    for number, first in _shown(query, found["no"]):
        counts[number] += 1
        firsts[number] = min(first, firsts.get(number, first))
    chosen = sorted(counts, key=lambda number: (-counts[number], number))[:limit]
    texts = numbers.texts(database, chosen)
    return [
        FacetValue(
            value=texts[number].value,
            volatile=texts[number].volatile,
            count=counts[number],
            first_seen=from_millis(firsts[number]),
        )
        for number in chosen
        if number in texts
    ]


def _shown(query: Query, field: int) -> Iterator[tuple[int, int]]:
    """The values of a field of each target, with their first instants."""
    has_field: Document = {"fields": field}
    shown = {"pairs": 1, "opened": 1, "since": 1}
    if query.at is not None:
        has_field, shown = {"$or": [has_field, {"past.f": field}]}, shown | {"past": 1}
    elif (values := _values(query, field)) is not None:
        yield from _shown_now(query, has_field, values)
        return
    for document in _each(query, has_field, shown):
        yield from ((each.key[1], each.first) for each in read(document).held(query.at) if each.key[0] == field)


def _shown_now(query: Query, has_field: Document, values: frozenset[int]) -> Iterator[tuple[int, int]]:
    """The same of a field that has few values, which saves to unpack the pairs."""
    for document in _each(query, has_field, {"values": 1, "opened": 1, "since": 1}):
        shown = values.intersection(document["values"])
        since: int = document["since"]
        opened: dict[int, int] = {each["v"]: each["first"] for each in document["opened"]}
        yield from ((value, opened.get(value, since)) for value in shown)


def _values(query: Query, field: int) -> frozenset[int] | None:
    """The numbers of the values of a field; None if these are many."""
    found = query.timed.database["field_values"].find({"field": field}, {"no": 1}).limit(query.bounds.values + 1)
    values = frozenset(each["no"] for each in found)
    return None if len(values) > query.bounds.values else values


def _each(query: Query, has_field: Document, shown: Document) -> Iterator[Document]:
    for number, document in enumerate(query.each(has_field, shown)):
        if number % CHECKED_TOGETHER == 0:
            query.timed.check()
        yield document
