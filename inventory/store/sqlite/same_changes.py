"""All changes of a time at once, the same ones together.

They are read out of the indexes of ends alone, and each target is looked at once, however many of its fields changed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from inventory.errors import QueryTooBroad
from inventory.observations.model import Matcher, Place, SameChange
from inventory.store.codecs import from_millis
from inventory.store.pairs import unpack
from inventory.store.sqlite.changed import FIELD_NAMES, TEXTS
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.leaves import field_numbers
from inventory.store.sqlite.opening import Connection

ENDS = """
    SELECT o.target_no, o.{instant}, o.field_no, o.value_no FROM {table}
    WHERE o.{instant} >= :since AND o.{instant} < :until
    AND (:fields IS NULL OR o.field_no IN (SELECT value FROM json_each(:fields)))"""
GONE = ENDS.format(instant="gone", table="past_observations AS o INDEXED BY past_observations_gone")
CAME = (
    ENDS.format(instant="first", table="past_observations AS o INDEXED BY past_observations_first"),
    ENDS.format(instant="since", table="observations AS o INDEXED BY observations_since"),
)
TARGETS = """
    SELECT t.no, t.record_id, t.since, r.first_collected_at FROM json_each(:targets) AS c
    CROSS JOIN observed_targets AS t ON t.no = c.value CROSS JOIN records AS r ON r.id = t.record_id
    WHERE {holds}"""
FIELDS = "SELECT f.name, f.no FROM json_each(?) AS c CROSS JOIN fields AS f ON f.name = c.value"
PAIRS = """
    SELECT r.id, t.pairs FROM json_each(?) AS c CROSS JOIN records AS r ON r.id = c.value
    CROSS JOIN observed_targets AS t ON t.no = r.target_no"""
MAX_ENDS = 8
"""For each change that is asked for. A field has one value that goes and one that comes, as a rule."""

Values: TypeAlias = tuple[int, ...]
Ends: TypeAlias = dict[tuple[int, int, int], list[int]]
"""The numbers of values, by those of a target, of an instant and of a field."""


def all_of(
    connection: Connection, query: Query, fields: Sequence[Matcher], *, since: int, until: int, limit: int
) -> Sequence[SameChange]:
    """The changes from `since` to before `until`; `QueryTooBroad` if there are more than `limit`."""
    chosen = None
    if fields:
        chosen = json.dumps(sorted(frozenset().union(*(field_numbers(connection, each) for each in fields))))
    given = {"since": since, "until": until, "fields": chosen}
    gone, came = _ends(connection, (GONE,), given, limit), _ends(connection, CAME, given, limit)
    targets = _targets(connection, query, {target for target, _, _ in chain(gone, came)})
    found: dict[tuple[int, Values, Values], list[Place]] = defaultdict(list)
    places: dict[tuple[int, int], Place] = {}
    for (target, at, field), old, new in _joined(gone, came):
        record_id, *beginnings = targets.get(target, ("",))
        shown = () if at in beginnings else new
        if record_id and (old or shown):
            place = places.get((target, at)) or places.setdefault((target, at), (record_id, from_millis(at)))
            found[field, old, shown].append(place)
    if sum(map(len, found.values())) > limit:
        raise QueryTooBroad
    return _in_texts(connection, found)


def values(
    connection: Connection, record_ids: Collection[str], fields: Collection[str]
) -> Mapping[str, Sequence[tuple[str, str]]]:
    """What these records show now of these fields."""
    names = {number: name for name, number in connection.execute(FIELDS, (json.dumps(list(fields)),))}
    shown = {
        record_id: [pair for pair in unpack(packed) if pair[0] in names]
        for record_id, packed in connection.execute(PAIRS, (json.dumps(list(record_ids)),))
    }
    numbers = sorted({value for pairs in shown.values() for _, value in pairs})
    texts = {row[0]: row[1] for row in connection.execute(TEXTS, (json.dumps(numbers),))}
    return {record_id: [(names[field], texts[value]) for field, value in pairs] for record_id, pairs in shown.items()}


def _ends(connection: Connection, statements: Sequence[str], given: dict[str, Any], limit: int) -> Ends:
    ends: Ends = {}
    number = 0
    for statement in statements:
        for target, at, field, value in connection.execute(statement, given):
            ends.setdefault((target, at, field), []).append(value)
            number += 1
            if len(ends) > limit or number > MAX_ENDS * limit:
                raise QueryTooBroad
    return ends


def _targets(connection: Connection, query: Query, numbers: Collection[int]) -> Mapping[int, tuple[str, int, int | None]]:
    """The targets that the condition holds for, by number: their records, and the instants when they began."""
    given = {"targets": json.dumps(sorted(numbers))}
    return {row[0]: row[1:] for row in connection.execute(TARGETS.format(holds=query.holds), given)}


def _joined(gone: Ends, came: Ends) -> Iterator[tuple[tuple[int, int, int], Values, Values]]:
    for at, old in gone.items():
        yield at, _sorted(old), _sorted(came.get(at, ()))
    for at, new in came.items():
        if at not in gone:
            yield at, (), _sorted(new)


def _sorted(numbers: Sequence[int]) -> Values:
    return tuple(numbers if len(numbers) < 2 else sorted(numbers))


def _in_texts(connection: Connection, found: Mapping[tuple[int, Values, Values], Sequence[Place]]) -> Sequence[SameChange]:
    numbers = json.dumps(sorted({number for _, old, new in found for number in (*old, *new)}))
    texts = {row[0]: row[1:] for row in connection.execute(TEXTS, (numbers,))}
    names = dict(connection.execute(FIELD_NAMES, (json.dumps(sorted({field for field, _, _ in found})),)))
    return [
        SameChange(
            field=names[field],
            old=sorted(texts[number][0] for number in old),
            new=sorted(texts[number][0] for number in new),
            volatile=any(texts[number][1] for number in (*old, *new)),
            places=places,
        )
        for (field, old, new), places in found.items()
    ]
