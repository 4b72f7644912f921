"""Where the ends of intervals are read: in the order of their instants, or those of a few targets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from typing import Any

from inventory.observations.model import VERDICTS, Matcher
from inventory.store.pairs import unpack
from inventory.store.sqlite import bitmaps
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.leaves import field_numbers
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.value_tests import LISTS

IN_ORDER = {
    "gone": "past_observations AS o INDEXED BY past_observations_gone",
    "first": "past_observations AS o INDEXED BY past_observations_first",
    "since": "observations AS o INDEXED BY observations_since",
}
_PAST_OF_TARGETS = """
    json_each(:targets) AS c CROSS JOIN past_observations AS o INDEXED BY past_observations_of_target
    ON o.target_no = c.value AND o.gone >= :since"""
OF_TARGETS = {
    "gone": _PAST_OF_TARGETS,
    "first": _PAST_OF_TARGETS,
    "since": """
    json_each(:shown) AS c CROSS JOIN observations AS o
    ON o.field_no = c.value ->> 0 AND o.value_no = c.value ->> 1 AND o.target_no = c.value ->> 2""",
}


def tables(
    connection: Connection, query: Query, fields: Sequence[Matcher], since: int, until: int
) -> tuple[Mapping[str, str], dict[str, Any]]:
    """The tables by the column of the instant, with what is given to their statements.

    `fields` are the numbers of the fields that are named; if `left_out`, of those that are not to be listed.
    """
    left_out, numbers = not fields, _numbers_of(connection, fields or VERDICTS)
    given = {"since": since, "until": until, "fields": json.dumps(sorted(numbers)), "left_out": left_out}
    query.read_more()
    if not are_few(query):
        return IN_ORDER, given
    targets = json.dumps(list(bitmaps.numbers(query.targets)))
    shown = [
        (*pair, target)
        for target, packed in connection.execute(LISTS, (targets,))
        for pair in unpack(packed)
        if (pair[0] in numbers) is not left_out
    ]
    return OF_TARGETS, given | {"targets": targets, "shown": json.dumps(sorted(shown))}


def are_few(query: Query) -> bool:
    """Whether the targets of a query are known, and few."""
    return query.is_exact and query.targets.bit_count() <= query.bounds.few


def _numbers_of(connection: Connection, fields: Sequence[Matcher]) -> Set[int]:
    return frozenset().union(*(field_numbers(connection, each) for each in fields))
