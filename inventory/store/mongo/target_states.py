"""The observations of given records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import TypeAlias

from pymongo.database import Database

from inventory.observations.model import Matcher, Observation
from inventory.store.codecs import from_millis
from inventory.store.intervals import MAX_CLOSED_IN_HISTORY, OBSERVATION_ORDER, Interval
from inventory.store.mongo.connection import Document
from inventory.store.mongo.leaves import field_numbers
from inventory.store.mongo.numbers import Numbers
from inventory.store.mongo.observed import read
from inventory.store.pairs import Pair

RECORDS_AT_ONCE = 10_000

Value: TypeAlias = tuple[str, str]
"""A field and one of its values."""


def of_records(
    database: Database[Document], numbers: Numbers, record_ids: Sequence[str], fields: Sequence[Matcher], at: int | None
) -> Mapping[str, Sequence[Observation]]:
    """The state of these records, of the fields that are named."""
    chosen = frozenset().union(*(field_numbers(database, each) for each in fields))
    held: dict[str, list[Interval[Pair]]] = {}
    for document in database["observed_targets"].find({"_id": {"$in": list(record_ids)}}):
        observed = read(document)
        if at is None or observed.known_from <= at:
            held[document["_id"]] = [each for each in observed.held(at) if each.key[0] in chosen]
    named = _named(database, numbers, [each for some in held.values() for each in some])
    return {
        record_id: sorted(
            (named[each] for each in some if each in named),
            key=attrgetter(*OBSERVATION_ORDER),
        )
        for record_id, some in held.items()
    }


def values(
    database: Database[Document], numbers: Numbers, record_ids: Collection[str], fields: Collection[str]
) -> Mapping[str, Sequence[tuple[str, str]]]:
    """What these records show now of these fields."""
    names = {each["no"]: each["_id"] for each in database["fields"].find({"_id": {"$in": list(fields)}}, {"no": 1})}
    chosen = {"since": 1, "pairs": 1}
    found = database["observed_targets"].find({"_id": {"$in": list(record_ids)}}, chosen)
    shown = {each["_id"]: [pair for pair in read(each).current if pair[0] in names] for each in found}
    texts = numbers.texts(database, {value for pairs in shown.values() for _, value in pairs})
    return {
        record_id: [(names[field], texts[value].value) for field, value in pairs if value in texts]
        for record_id, pairs in shown.items()
    }


def counts(
    database: Database[Document], numbers: Numbers, groups: Sequence[tuple[Collection[str], Collection[Value]]]
) -> Sequence[Mapping[Value, int]]:
    """For each group of records and values, how many of its records show each of its values now."""
    counted = [dict.fromkeys(wanted, 0) for _, wanted in groups]
    groups_of: dict[str, list[dict[Value, int]]] = defaultdict(list)
    for (record_ids, _), of_group in zip(groups, counted, strict=True):
        for record_id in record_ids:
            groups_of[record_id].append(of_group)
    fields, ids = {field for _, wanted in groups for field, _ in wanted}, iter(groups_of)
    while some := list(islice(ids, RECORDS_AT_ONCE)):
        for record_id, shown in values(database, numbers, some, fields).items():
            for of_group in groups_of[record_id]:
                for each in of_group.keys() & shown:
                    of_group[each] += 1
    return counted


def history(database: Database[Document], numbers: Numbers, record_id: str) -> Sequence[Observation]:
    """All current observations of the fields that changed lately or are volatile, and the latest closed ones."""
    document = database["observed_targets"].find_one({"_id": record_id})
    if document is None:
        return []
    observed = read(document)
    closed = sorted(observed.past, key=lambda each: each.gone or 0)[-MAX_CLOSED_IN_HISTORY:]
    texts = numbers.texts(database, {value for _, value in observed.current})
    fields = {each.key[0] for each in closed}
    fields |= {field for field, value in observed.current if value in texts and texts[value].volatile}
    intervals = [*(each for each in observed.held(None) if each.key[0] in fields), *closed]
    return list(_named(database, numbers, intervals).values())


def intervals(
    database: Database[Document], numbers: Numbers, since: Mapping[str, int]
) -> Mapping[str, Sequence[Observation]]:
    """The observations of each of these records that held at its instant or later."""
    held: dict[str, list[Interval[Pair]]] = {}
    for document in database["observed_targets"].find({"_id": {"$in": list(since)}}):
        instant = since[document["_id"]]
        all_of_them = read(document).intervals()
        held[document["_id"]] = [each for each in all_of_them if each.gone is None or each.gone > instant]
    named = _named(database, numbers, {each for some in held.values() for each in some})
    return {
        record_id: sorted((named[each] for each in some if each in named), key=attrgetter(*OBSERVATION_ORDER))
        for record_id, some in held.items()
    }


def _named(
    database: Database[Document], numbers: Numbers, intervals: Iterable[Interval[Pair]]
) -> Mapping[Interval[Pair], Observation]:
    wanted = list(intervals)
    texts = numbers.texts(database, {each.key[1] for each in wanted})
    names = numbers.names(database, {each.key[0] for each in wanted})
    return {
        each: Observation(
            field=names[each.key[0]],
            value=texts[each.key[1]].value,
            volatile=texts[each.key[1]].volatile,
            first_seen=from_millis(each.first),
            last_seen=None if each.last is None else from_millis(each.last),
            gone=None if each.gone is None else from_millis(each.gone),
        )
        for each in wanted
        if each.key[1] in texts
    }
