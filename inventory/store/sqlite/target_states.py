"""The observations of given records."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias

from inventory.observations.model import Matcher, Observation, folded
from inventory.store.codecs import from_millis
from inventory.store.intervals import MAX_CLOSED_IN_HISTORY, OBSERVATION_ORDER
from inventory.store.pairs import unpack
from inventory.store.sqlite import bitmaps
from inventory.store.sqlite.changed import TEXTS
from inventory.store.sqlite.connections import Row
from inventory.store.sqlite.leaves import field_numbers
from inventory.store.sqlite.opening import Connection

TARGETS = """
    SELECT r.id, t.no, t.since, t.pairs FROM json_each(?) AS c CROSS JOIN records AS r ON r.id = c.value
    CROSS JOIN observed_targets AS t ON t.no = r.target_no"""
CURRENT = """
    SELECT p.value ->> 0, f.name, coalesce(v.value, v.folded), v.volatile, o.since, NULL, NULL FROM json_each(:shown) AS p
    CROSS JOIN fields AS f ON f.no = p.value ->> 1 CROSS JOIN field_values AS v ON v.no = p.value ->> 2
    LEFT JOIN observations AS o ON o.field_no = f.no AND o.value_no = v.no AND o.target_no = p.value ->> 0"""
PAST = """
    SELECT o.target_no, f.name, coalesce(v.value, v.folded), v.volatile, o.first, o.last, o.gone
    FROM json_each(:targets) AS c CROSS JOIN past_observations AS o INDEXED BY past_observations_of_target
    ON o.target_no = c.value CROSS JOIN field_values AS v ON v.no = o.value_no CROSS JOIN fields AS f ON f.no = o.field_no"""
PAST_AT = f"{PAST} WHERE o.gone > :at AND o.first <= :at"
FIELDS_CHANGED = "SELECT DISTINCT field_no FROM (SELECT field_no FROM past_observations WHERE target_no = ? {latest})"
LATEST = f"ORDER BY gone DESC LIMIT {MAX_CLOSED_IN_HISTORY}"
VOLATILE = """
    SELECT DISTINCT v.field_no FROM json_each(?) AS p CROSS JOIN field_values AS v ON v.no = p.value ->> 1
    WHERE v.volatile"""
FIELDS = "SELECT f.name, f.no FROM json_each(?) AS c CROSS JOIN fields AS f ON f.name = c.value"
PAIRS = """
    SELECT r.id, t.pairs FROM json_each(?) AS c CROSS JOIN records AS r ON r.id = c.value
    CROSS JOIN observed_targets AS t ON t.no = r.target_no"""
NUMBERS = """
    SELECT r.id, r.target_no FROM json_each(?) AS c CROSS JOIN records AS r ON r.id = c.value
    WHERE r.target_no IS NOT NULL"""
SHOWING = """
    WITH wanted (number, field, value, folded) AS (VALUES {wanted})
    SELECT w.number, p.block, p.targets FROM wanted AS w CROSS JOIN fields AS f ON f.name = w.field
    CROSS JOIN field_values AS v ON v.field_no = f.no AND v.folded = w.folded AND coalesce(v.value, v.folded) = w.value
    CROSS JOIN postings AS p ON p.field_no = f.no AND p.value_no = v.no"""
RECORDS_AT_ONCE, VALUES_AT_ONCE = 100_000, 5_000

Value: TypeAlias = tuple[str, str]
"""A field and one of its values."""


def of_records(
    connection: Connection, record_ids: Sequence[str], fields: Sequence[Matcher], at: int | None
) -> Mapping[str, Sequence[Observation]]:
    """The state of these records, of the fields that are named."""
    chosen: Set[int] = frozenset().union(*(field_numbers(connection, each) for each in fields))
    rows = connection.execute(TARGETS, (json.dumps(record_ids),)).fetchall()
    known = [row for row in rows if at is None or row[2] <= at]
    found = _current(connection, known, chosen, at)
    if at is not None:
        since = {target: first for _, target, first, _ in known}
        for target, *row in connection.execute(PAST_AT, {"targets": json.dumps(list(since)), "at": at}):
            if _is_named(row[0], fields):
                found[target].append(_observation(row, since[target]))
    return {row[0]: sorted(found[row[1]], key=attrgetter(*OBSERVATION_ORDER)) for row in known}


def values(
    connection: Connection, record_ids: Collection[str], fields: Collection[str]
) -> Mapping[str, Sequence[tuple[str, str]]]:
    """What these records show now of these fields."""
    names = {number: name for name, number in connection.execute(FIELDS, (json.dumps(list(fields)),))}
    rows = connection.execute(PAIRS, (json.dumps(list(record_ids)),))
    shown = {record_id: [pair for pair in unpack(packed) if pair[0] in names] for record_id, packed in rows}
    distinct = {pair for pairs in shown.values() for pair in pairs}
    texts = {row[0]: row[1] for row in connection.execute(TEXTS, (json.dumps(sorted({value for _, value in distinct})),))}
    named = {(field, value): (names[field], texts[value]) for field, value in distinct}
    return {record_id: [named[pair] for pair in pairs] for record_id, pairs in shown.items()}


def counts(
    connection: Connection, groups: Sequence[tuple[Collection[str], Collection[Value]]]
) -> Sequence[Mapping[Value, int]]:
    """For each group of records and values, how many of its records show each of its values now."""
    numbers = _numbers(connection, frozenset[str]().union(*(record_ids for record_ids, _ in groups)))
    below = max(numbers.values(), default=0)
    targets = [bitmaps.of_numbers((numbers[each] for each in ids if each in numbers), below) for ids, _ in groups]
    counted = [dict.fromkeys(wanted, 0) for _, wanted in groups]
    for value, showing in _showing(connection, sorted({value for _, wanted in groups for value in wanted})):
        for of_group, members in zip(counted, targets, strict=True):
            if value in of_group:
                of_group[value] = (members & showing).bit_count()
    return counted


def _numbers(connection: Connection, record_ids: Collection[str]) -> Mapping[str, int]:
    """The numbers of those of the records that have been observed."""
    numbers: dict[str, int] = {}
    ids = iter(sorted(record_ids))
    while some := list(islice(ids, RECORDS_AT_ONCE)):
        numbers |= connection.execute(NUMBERS, (json.dumps(some),))
    return numbers


def _showing(connection: Connection, values: Sequence[Value]) -> Iterator[tuple[Value, int]]:
    """Those of the values that are shown, each with its targets."""
    for start in range(0, len(values), VALUES_AT_ONCE):
        some = values[start : start + VALUES_AT_ONCE]
        wanted = ", ".join(f"({number}, ?, ?, ?)" for number in range(len(some)))
        given = [text for field, value in some for text in (field, value, folded(value))]
        for number, rows in groupby(connection.execute(SHOWING.format(wanted=wanted), given), itemgetter(0)):
            found: dict[int, bytearray] = {}
            bitmaps.add(found, (row[1:] for row in rows))
            yield some[number], bitmaps.joined(found)


def history(connection: Connection, record_id: str) -> Sequence[Observation]:
    """All current observations of the fields that changed lately or are volatile, and the latest closed ones."""
    found = connection.execute(TARGETS, (json.dumps([record_id]),)).fetchall()
    if not found:
        return []
    [(_, target, since, packed)] = found
    changed = connection.execute(FIELDS_CHANGED.format(latest=LATEST), (target,)).fetchall()
    volatile = connection.execute(VOLATILE, (json.dumps(unpack(packed)),)).fetchall()
    fields = {row[0] for row in [*changed, *volatile]}
    past = connection.execute(f"{PAST} {LATEST}", {"targets": json.dumps([target])})
    return [*_current(connection, found, fields, None)[target], *(_observation(row, since) for _, *row in past)]


def _current(
    connection: Connection, targets: Sequence[Row], fields: Set[int], at: int | None
) -> dict[int, list[Observation]]:
    """What these rows of `TARGETS` show of fields, by the numbers of targets: one statement, however many they are."""
    since: dict[int, int] = {target: first for _, target, first, _ in targets}
    shown = [(target, *pair) for _, target, _, packed in targets for pair in unpack(packed) if pair[0] in fields]
    found: dict[int, list[Observation]] = {target: [] for target in since}
    for target, *row in connection.execute(CURRENT, {"shown": json.dumps(shown)}):
        if at is None or (row[3] or since[target]) <= at:
            found[target].append(_observation(row, since[target]))
    return found


def _observation(row: Sequence[Any], since: int) -> Observation:
    field, value, volatile, first, last, gone = row
    return Observation(
        field=field,
        value=value,
        volatile=bool(volatile),
        first_seen=from_millis(since if first is None else first),
        last_seen=None if last is None else from_millis(last),
        gone=None if gone is None else from_millis(gone),
    )


def _is_named(field: str, fields: Sequence[Matcher]) -> bool:
    return any(each.matches(field) for each in fields)
