"""When the first of the targets that a condition holds for showed a value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from inventory.store.sqlite import bitmaps, matching_targets
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.query_bounds import check_time

VALUES_AT_ONCE = 50
"""Whose targets are in memory."""
MAX_ONE_BY_ONE = 1_000
"""Targets that are looked up one by one."""
MAX_AT_ONCE = 10_000

FIRST_OF = """
    SELECT v.key, (SELECT min(since) FROM json_each(v.value) AS c CROSS JOIN observed_targets AS t ON t.no = c.value)
    FROM json_each(?) AS v"""
OLDEST = "SELECT no, since FROM observed_targets INDEXED BY observed_targets_since ORDER BY since"


def first_sightings(connection: Connection, query: Query, field: int, values: Sequence[int]) -> Mapping[int, int]:
    """The instant for each value, in milliseconds."""
    firsts: dict[int, int] = {}
    remaining = iter(values)
    while some := list(islice(remaining, VALUES_AT_ONCE)):
        firsts |= _of_some(connection, query, field, some)
    return firsts


def _of_some(connection: Connection, query: Query, field: int, values: Sequence[int]) -> Mapping[int, int]:
    """What came after its target was known has an instant of its own; of all else it is that of the target."""
    firsts: dict[int, int] = {}
    waiting: dict[int, int] = {}
    shown = matching_targets.of_values(connection, field, values, query.at)
    among = {value: targets & query.targets for value, targets in shown.items()}
    for value, (later, first) in matching_targets.later(connection, field, among, query.at).items():
        if first is not None:
            firsts[value] = first
        if others := among[value] & ~later:
            waiting[value] = others
    few = {value: targets for value, targets in waiting.items() if targets.bit_count() <= MAX_ONE_BY_ONE}
    many = {value: targets for value, targets in waiting.items() if value not in few}
    for value, first in [*_of_few(connection, few), *_of_oldest(connection, many)]:
        firsts[value] = min(first, firsts.get(value, first))
    return firsts


def _of_few(connection: Connection, waiting: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """The instant of the oldest target of each value."""
    targets = {value: list(bitmaps.numbers(each)) for value, each in waiting.items()}
    for value, first in connection.execute(FIRST_OF, (json.dumps(targets),)):
        yield int(value), first


def _of_oldest(connection: Connection, waiting: dict[int, int]) -> Iterator[tuple[int, int]]:
    """The instant of the oldest target of each value, by a look at targets in the order in which they became known."""
    rows, size = connection.execute(OLDEST), MAX_ONE_BY_ONE
    while waiting and (some := rows.fetchmany(size)):
        check_time(connection)
        numbers = bitmaps.of_numbers((number for number, _ in some), max(number for number, _ in some))
        for value, targets in list(waiting.items()):
            if both := targets & numbers:
                yield value, next(since for number, since in some if both >> number & 1)
                del waiting[value]
        size = min(2 * size, MAX_AT_ONCE)
