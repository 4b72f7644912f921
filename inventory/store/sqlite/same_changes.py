"""All changes of a time at once, the same ones together.

They are read out of the indexes of ends alone, and each target is looked at once, however many of its fields changed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import TypeAlias

from inventory.errors import QueryTooBroad
from inventory.observations.model import FAILURE, TAG, Matcher, Occurrence, SameChange
from inventory.store.codecs import LARGEST, from_millis
from inventory.store.sqlite import ends
from inventory.store.sqlite.changed import FIELD_NAMES, TEXTS
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.connections import Row
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.query_bounds import check_time

ENDS = """
    SELECT o.target_no, o.{instant}, o.field_no, o.value_no FROM {table}
    WHERE o.{instant} >= :since AND o.{instant} < :until
    AND (o.field_no IN (SELECT value FROM json_each(:fields))) <> :left_out"""
SIGNS = {"gone": -1, "first": 1, "since": 1}
"""Whether a value came (1) or went (-1) at the instant in a column."""
TARGETS = """
    SELECT t.no, t.record_id, t.since FROM json_each(?) AS c CROSS JOIN observed_targets AS t ON t.no = c.value"""
FIRST_SNAPSHOTS = """
    SELECT t.no, r.first_collected_at FROM json_each(?) AS c CROSS JOIN observed_targets AS t ON t.no = c.value
    CROSS JOIN records AS r ON r.id = t.record_id"""
FIELD_NUMBERS = "SELECT no FROM fields WHERE name IN (?, ?)"
MAX_ENDS = 8
"""For each change that is asked for. A field has one value that goes and one that comes, as a rule."""
ENDS_IN_ANY_CASE = 100_000
"""That may be looked at anyway."""
ROWS = 20_000
"""That are read before their targets are looked at."""

Ends: TypeAlias = dict[tuple[int, int, int], tuple[int, ...]]
"""The numbers of values by those of a target, of an instant and of a field; negative ones of values that went."""


def all_of(
    connection: Connection, query: Query, fields: Sequence[Matcher], *, since: int, until: int, limit: int
) -> Sequence[SameChange]:
    """The changes from `since` to before `until`; `QueryTooBroad` if there are more than `limit`."""
    # What was found is given up before its texts are read.
    return _in_texts(connection, _same(_found(connection, query, fields, since, until, limit)))


def _found(connection: Connection, query: Query, fields: Sequence[Matcher], since: int, until: int, limit: int) -> _Found:
    tables, given = ends.tables(connection, query, fields, since, until)
    found = _Found(connection, query)
    for column, sign in SIGNS.items():
        rows = connection.execute(ENDS.format(instant=column, table=tables[column]), given)
        while some := rows.fetchmany(ROWS):
            check_time(connection)
            found.add(some, sign)
            if len(found.ends) > limit or found.number > max(ENDS_IN_ANY_CASE, MAX_ENDS * limit):
                raise QueryTooBroad
    return found


class _Found:
    """The ends of intervals, but for those of what was known of a target first, and the targets that they are of."""

    def __init__(self, connection: Connection, query: Query) -> None:
        self._connection, self._query = connection, query
        self.ends: Ends = {}
        self.number = 0
        self.targets: dict[int, tuple[str, int] | None] = {}
        """Their records, and since when they are known; None where the condition does not hold."""
        self._snapshots: dict[int, int] = {}
        """An instant at which each of some targets had a snapshot before: another one is not its first."""
        self._first: dict[int, int | None] = {}
        self._without_snapshot = {row[0] for row in connection.execute(FIELD_NUMBERS, (FAILURE, TAG))}

    def add(self, rows: Sequence[Row], sign: int) -> None:
        """Add ends: of what went (-1), all of these first, or of what came (1)."""
        self._look_at({row[0] for row in rows})
        if sign > 0:
            self._look_for_first_snapshots(rows)
        ends, targets, number = self.ends, self.targets, 0
        for target, at, field, value in rows:
            found = targets[target]
            if found is None or (sign > 0 and (at == found[1] or at == self._first.get(target))):
                continue
            key, number = (target, at, field), number + 1
            ends[key] = (*ends.get(key, ()), sign * value)
            if sign < 0 and field not in self._without_snapshot:
                self._snapshots.setdefault(target, at)
        self.number += number

    def _look_at(self, numbers: Set[int]) -> None:
        unknown = numbers - self.targets.keys()
        self.targets.update(dict.fromkeys(unknown))
        chosen = json.dumps(sorted(self._query.among(unknown)))
        self.targets.update((row[0], row[1:]) for row in self._connection.execute(TARGETS, (chosen,)))

    def _look_for_first_snapshots(self, rows: Iterable[Row]) -> None:
        """Of targets that nothing went of until something came: their records are all over the store."""
        earlier, targets = self._snapshots.get, self.targets
        numbers = {row[0] for row in rows if earlier(row[0], LARGEST) > row[1] and targets[row[0]] is not None}
        chosen = json.dumps(sorted(numbers - self._first.keys()))
        self._first.update(self._connection.execute(FIRST_SNAPSHOTS, (chosen,)))


def _same(found: _Found) -> Mapping[tuple[int, ...], Sequence[Occurrence]]:
    """The occurrences of the same changes, by the numbers of a field and of the values that went and came."""
    same: dict[tuple[int, ...], list[Occurrence]] = defaultdict(list)
    occurrences: dict[tuple[int, int], Occurrence] = {}
    for (target, at, field), numbers in found.ends.items():
        occurrence = occurrences.get((target, at))
        if occurrence is None:
            of = found.targets[target]
            assert of is not None
            occurrence = occurrences[target, at] = (of[0], from_millis(at))
        same[field, *(numbers if len(numbers) == 1 else sorted(numbers))].append(occurrence)
    return same


def _in_texts(connection: Connection, same: Mapping[tuple[int, ...], Sequence[Occurrence]]) -> Sequence[SameChange]:
    numbers = json.dumps(sorted({abs(number) for _, *ends in same for number in ends}))
    rows = connection.execute(TEXTS, (numbers,)).fetchall()
    texts = {number: text for number, text, _ in rows}
    volatile = {sign * number for number, _, is_volatile in rows if is_volatile for sign in (1, -1)}
    names = dict(connection.execute(FIELD_NAMES, (json.dumps(sorted({values[0] for values in same})),)))
    changes = [
        SameChange(
            field=names[field],
            old=[texts[-number] for number in ends if number < 0],
            new=[texts[number] for number in ends if number > 0],
            volatile=not volatile.isdisjoint(ends),
            occurrences=occurrences,
        )
        for (field, *ends), occurrences in same.items()
    ]
    return [_in_order(each) if len(each.old) > 1 or len(each.new) > 1 else each for each in changes]


def _in_order(change: SameChange) -> SameChange:
    return replace(change, old=sorted(change.old), new=sorted(change.new))
