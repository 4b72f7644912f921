"""All changes of a time at once, the same ones together.

They are read out of the indexes of ends alone, and each target is looked at once, however many of its fields changed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TypeAlias

from inventory.errors import QueryTooBroad
from inventory.observations.model import Matcher, Place, SameChange
from inventory.store.codecs import from_millis
from inventory.store.sqlite.changed import FIELD_NAMES, TEXTS, numbers_of
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.connections import Row
from inventory.store.sqlite.opening import Connection

ENDS = """
    SELECT o.target_no, o.{instant}, o.field_no, o.value_no FROM {table}
    WHERE o.{instant} >= :since AND o.{instant} < :until
    AND (:fields IS NULL OR o.field_no IN (SELECT value FROM json_each(:fields)))"""
STREAMS = (
    (ENDS.format(instant="gone", table="past_observations AS o INDEXED BY past_observations_gone"), -1),
    (ENDS.format(instant="first", table="past_observations AS o INDEXED BY past_observations_first"), 1),
    (ENDS.format(instant="since", table="observations AS o INDEXED BY observations_since"), 1),
)
"""Where intervals end and begin, with a sign for each."""
TARGETS = """
    SELECT t.no, t.record_id, t.since, r.first_collected_at FROM json_each(?) AS c
    CROSS JOIN observed_targets AS t ON t.no = c.value CROSS JOIN records AS r ON r.id = t.record_id"""
MAX_ENDS = 8
"""For each change that is asked for. A field has one value that goes and one that comes, as a rule."""
FEW_ENDS = 100_000
"""That may be looked at anyway."""
ROWS = 20_000
"""That are read before their targets are looked at."""

Ends: TypeAlias = dict[tuple[int, int, int], list[int]]
"""The numbers of values by those of a target, of an instant and of a field; negative ones of values that went."""
Known: TypeAlias = dict[int, tuple[str, int, int | None] | None]
"""The targets by number: their records, and the instants when they began; None where the condition does not hold."""


def all_of(
    connection: Connection, query: Query, fields: Sequence[Matcher], *, since: int, until: int, limit: int
) -> Sequence[SameChange]:
    """The changes from `since` to before `until`; `QueryTooBroad` if there are more than `limit`."""
    given = {"since": since, "until": until, "fields": numbers_of(connection, fields)}
    ends: Ends = {}
    known: Known = {}
    number = 0
    query.read_more()
    for statement, sign in STREAMS:
        rows = connection.execute(statement, given)
        while some := rows.fetchmany(ROWS):
            _look_at(connection, query, {row[0] for row in some}, known)
            number += _add(ends, some, known, sign)
            if len(ends) > limit or number > max(FEW_ENDS, MAX_ENDS * limit):
                raise QueryTooBroad
    return _in_texts(connection, _same(ends, known))


def _look_at(connection: Connection, query: Query, numbers: Set[int], known: Known) -> None:
    """Find out about targets that are not known yet."""
    unknown = numbers - known.keys()
    known.update(dict.fromkeys(unknown))
    chosen = json.dumps(sorted(query.among(unknown)))
    known.update((row[0], row[1:]) for row in connection.execute(TARGETS, (chosen,)))


def _add(ends: Ends, rows: Iterable[Row], known: Known, sign: int) -> int:
    """Add ends of intervals to those of their changes, but for what was known of a target first; how many."""
    number = 0
    for target, at, field, value in rows:
        found = known[target]
        if found is not None and (sign < 0 or at not in found):
            ends.setdefault((target, at, field), []).append(sign * value)
            number += 1
    return number


def _same(ends: Ends, known: Known) -> Mapping[tuple[int, ...], Sequence[Place]]:
    """The places of the same changes, by the numbers of a field and of the values that went and came."""
    same: dict[tuple[int, ...], list[Place]] = defaultdict(list)
    places: dict[tuple[int, int], Place] = {}
    for (target, at, field), numbers in ends.items():
        place = places.get((target, at))
        if place is None:
            found = known[target]
            assert found is not None
            place = places[target, at] = (found[0], from_millis(at))
        if len(numbers) > 1:
            numbers.sort()
        same[field, *numbers].append(place)
    return same


def _in_texts(connection: Connection, same: Mapping[tuple[int, ...], Sequence[Place]]) -> Sequence[SameChange]:
    numbers = json.dumps(sorted({abs(number) for _, *ends in same for number in ends}))
    rows = connection.execute(TEXTS, (numbers,)).fetchall()
    texts = {number: text for number, text, _ in rows}
    texts |= {-number: text for number, text in texts.items()}
    volatile = {sign * number for number, _, is_volatile in rows if is_volatile for sign in (1, -1)}
    names = dict(connection.execute(FIELD_NAMES, (json.dumps(sorted({values[0] for values in same})),)))
    return [
        SameChange(
            field=names[field],
            old=sorted([texts[number] for number in ends if number < 0]),
            new=sorted([texts[number] for number in ends if number > 0]),
            volatile=not volatile.isdisjoint(ends),
            places=places,
        )
        for (field, *ends), places in same.items()
    ]
