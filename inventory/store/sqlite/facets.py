"""The commonest values of a field."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import nlargest, nsmallest

from inventory.observations.model import FacetValue
from inventory.store.codecs import from_millis
from inventory.store.sqlite import bitmaps, matching_targets
from inventory.store.sqlite.bitmaps import BYTES
from inventory.store.sqlite.changed import TEXTS
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.first_sightings import first_sightings
from inventory.store.sqlite.opening import Connection

FIELD = "SELECT no FROM fields WHERE name = ?"
COMMONEST = """
    SELECT value_no, sum({count}) AS found FROM postings WHERE field_no = :field
    GROUP BY value_no HAVING found > 0 ORDER BY found DESC, value_no LIMIT :limit"""
COUNT_ALL = f"CASE WHEN length(targets) < {BYTES} THEN length(targets) / 2 ELSE size_of(targets) END"
COUNT_FOUND = "count_found(block, targets)"
COUNT_OF_VALUES = """
    SELECT c.value, sum(count_found(p.block, p.targets)) AS found
    FROM json_each(:values) AS c CROSS JOIN postings AS p ON p.field_no = :field AND p.value_no = c.value
    GROUP BY c.value HAVING found > 0"""
LOOKED_UP = 20_000
"""Values whose targets are looked at."""
AT_ONCE = 250
"""So many of them first, and then as many as before: a limit that is soon reached saves the rest."""
OF_TARGETS = """
    SELECT p.value, coalesce(o.since, w.since) FROM json_each(:targets) AS c
    CROSS JOIN observed_targets AS w ON w.no = c.value
    CROSS JOIN json_each(values_of(:field, w.pairs)) AS p
    LEFT JOIN observations AS o ON o.field_no = :field AND o.value_no = p.value AND o.target_no = w.no
    WHERE :at IS NULL OR o.since IS NULL OR o.since <= :at"""
PAST_OF_TARGETS = """
    SELECT o.value_no, o.first FROM json_each(:targets) AS c
    CROSS JOIN past_observations AS o ON o.target_no = c.value AND o.gone > :at
    WHERE o.first <= :at AND o.field_no = :field"""

Counted = Sequence[tuple[int, int, int]]
"""Values by number, each with how many targets show it, and when the first of these did."""


def commonest(connection: Connection, query: Query, field: str, limit: int) -> Sequence[FacetValue]:
    """The commonest values of a field where the condition of a query holds."""
    found = connection.execute(FIELD, (field,)).fetchone()
    if found is None or not query.targets:
        return []
    if query.targets.bit_count() <= query.bounds.candidates:
        counted = _of_few(connection, query, found[0])[:limit]
    else:
        counts = _of_many(connection, query, found[0], limit)
        firsts = first_sightings(connection, query, found[0], list(counts))
        counted = [(number, count, firsts[number]) for number, count in counts.items()]
    texts = {row[0]: row[1:] for row in connection.execute(TEXTS, (json.dumps([number for number, *_ in counted]),))}
    return [
        FacetValue(value=texts[number][0], volatile=bool(texts[number][1]), count=count, first_seen=from_millis(first))
        for number, count, first in counted
    ]


def _of_many(connection: Connection, query: Query, field: int, limit: int) -> Mapping[int, int]:
    """The commonest values, the commonest first, each with its number of targets."""
    data = bitmaps.to_bytes(query.targets)
    data += bytes(-len(data) % BYTES)

    def count_found(block: int, packed: bytes) -> int:
        part = data[block * BYTES : (block + 1) * BYTES]
        if len(packed) > 2:
            return (bitmaps.bits_of(packed) & int.from_bytes(part, "little")).bit_count()
        offset = packed[0] | packed[1] << 8
        return part[offset >> 3] >> (offset & 7) & 1 if part else 0

    connection.functions.counts = count_found
    is_all = query.at is None and query.targets == query.known
    if query.at is None and not is_all and (found := _of_commonest(connection, field, limit)) is not None:
        return found
    statement = COMMONEST.format(count=COUNT_ALL if is_all else COUNT_FOUND)
    rows = connection.execute(statement, {"field": field, "limit": limit if query.at is None else -1})
    counts = Counter(dict(rows.fetchall()))
    if query.at is None:
        return counts
    for change, value, target in matching_targets.corrections(connection, field, query.at):
        counts[value] += change * (data[target >> 3] >> (target & 7) & 1 if target >> 3 < len(data) else 0)
    best = nsmallest(limit, ((-count, value) for value, count in counts.items() if count))
    return {value: -count for count, value in best}


def _of_commonest(connection: Connection, field: int, limit: int) -> Mapping[int, int] | None:
    """The commonest values, found among those that most targets show at all; None if these are not enough to tell."""
    best: list[tuple[int, int]] = []
    values = connection.execute(COMMONEST.format(count=COUNT_ALL), {"field": field, "limit": LOOKED_UP}).fetchall()
    start, end = 0, AT_ONCE
    while start < len(values):
        if len(best) == limit and best[-1] > (values[start][1], -values[start][0]):
            break
        some = json.dumps([value for value, _ in values[start:end]])
        counts = connection.execute(COUNT_OF_VALUES, {"field": field, "values": some})
        best = nlargest(limit, [*best, *((count, -value) for value, count in counts)])
        start, end = end, 2 * end
    else:
        if len(values) == LOOKED_UP:
            return None
    return {-value: count for count, value in best}


def _of_few(connection: Connection, query: Query, field: int) -> Counted:
    given = {"targets": json.dumps(list(bitmaps.numbers(query.targets))), "field": field, "at": query.at}
    found = connection.execute(OF_TARGETS, given).fetchall()
    if query.at is not None:
        found += connection.execute(PAST_OF_TARGETS, given)
    counts = Counter(number for number, _ in found)
    firsts: dict[int, int] = {}
    for number, first in found:
        firsts[number] = min(first, firsts.get(number, first))
    return [(number, count, firsts[number]) for number, count in counts.most_common()]
