"""Which numbers of fields and values a condition on a field means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

import pymongo
from pymongo.database import Database
from pymongo.errors import PyMongoError

from inventory.observations.model import Between, End, Exists, Has, Matcher, Pattern, Word, folded
from inventory.store.matching import LAST, storable
from inventory.store.mongo.connection import Document
from inventory.store.mongo.numbers import Text, text
from inventory.store.mongo.observed import COLUMNS
from inventory.store.mongo.query_bounds import Bounds

SHOWN = {"no": 1, "field": 1, "folded": 1, "value": 1, "number": 1}

Test: TypeAlias = Callable[[Text], bool]
"""Whether a value satisfies a condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A condition in numbers: any of `values`, or any value of `fields`, if it passes a `test`.

    `fields` are for what more values satisfy than are worth listing. `columns` are the numbers that are known of the latest
    snapshot alone, each with what it must be.
    """

    values: Set[int] = frozenset()
    fields: Set[int] = frozenset()
    test: Test | None = None
    columns: Mapping[str, Document] = field(default_factory=dict)


def resolve(database: Database[Document], condition: Exists | Has | Between, bounds: Bounds) -> Leaf:
    """The numbers that a condition on a field means."""
    fields = field_numbers(database, condition.field)
    columns = _columns(condition)
    test: Test | None = None
    match condition:
        case Exists():
            found = _values(database, fields, {})
        case Has(value=value):
            found, test = _texts(database, fields, value), partial(_means, value)
        case Between(low=low, high=high):
            found, test = _values(database, fields, {"number": _range(low, high)}), partial(_lies_between, low, high)
    numbers = _listed(found, condition, bounds)
    if numbers is None:
        return Leaf(fields=fields, test=test, columns=columns)
    return Leaf(values=numbers, columns=columns)


def field_numbers(database: Database[Document], named: Matcher) -> Set[int]:
    """The numbers of the fields that are named."""
    if not storable(named):
        return frozenset()
    start = folded(named.text if isinstance(named, Word) else named.prefix)
    chosen = start if isinstance(named, Word) else {"$gte": start, "$lte": start + LAST}
    return frozenset(each["no"] for each in database["fields"].find({"folded": chosen}) if named.matches(each["_id"]))


def _listed(found: Iterable[Document], condition: Exists | Has | Between, bounds: Bounds) -> Set[int] | None:
    """The numbers of these values; None if there are too many, or if finding those of a pattern takes too long."""
    is_pattern = isinstance(condition, Has) and isinstance(condition.value, Pattern)
    try:
        with pymongo.timeout(bounds.values_seconds) if is_pattern else nullcontext():
            numbers = frozenset(each["no"] for each in islice(found, bounds.values + 1))
    except PyMongoError as error:
        if is_pattern and error.timeout:
            return None
        raise
    return None if len(numbers) > bounds.values else numbers


def _values(database: Database[Document], fields: Set[int], chosen: Document) -> Iterator[Document]:
    if fields:
        yield from database["field_values"].find({"field": {"$in": sorted(fields)}} | chosen, SHOWN)


def _texts(database: Database[Document], fields: Set[int], value: Matcher) -> Iterator[Document]:
    if not storable(value):
        return
    if isinstance(value, Word):
        found = _values(database, fields, {"folded": folded(value.text)})
    else:
        first, literal = folded(value.prefix), folded(max(value.literals, key=len, default=""))
        chosen: dict[str, Any] = {"$gte": first, "$lte": first + LAST} if first else {}
        if literal not in first:
            chosen["$regex"] = re.escape(literal).replace("\0", r"\x00")
        found = _values(database, fields, {"folded": chosen} if chosen else {})
    yield from (each for each in found if value.matches(text(each).value))


def _means(value: Matcher, text: Text) -> bool:
    return value.matches(text.value)


def _range(low: End | None, high: End | None) -> Document:
    chosen = {("$gte" if low.included else "$gt"): low.value} if low else {}
    return chosen | ({("$lte" if high.included else "$lt"): high.value} if high else {})


def _lies_between(low: End | None, high: End | None, text: Text) -> bool:
    return text.number is not None and fits(text.number, _range(low, high))


def fits(number: float | None, chosen: Document) -> bool:
    """Whether a number is what a query asks for."""
    if number is None:
        return False
    holds = {
        "$ne": lambda end: number != end,
        "$gte": lambda end: number >= end,
        "$gt": lambda end: number > end,
        "$lte": lambda end: number <= end,
        "$lt": lambda end: number < end,
    }
    return all(holds[operator](end) for operator, end in chosen.items())


def _columns(condition: Exists | Has | Between) -> Mapping[str, Document]:
    if isinstance(condition, Has):
        return {}
    chosen = {"$ne": None} if isinstance(condition, Exists) else _range(condition.low, condition.high)
    return {column: chosen for name, column in COLUMNS.items() if condition.field.matches(name)}
