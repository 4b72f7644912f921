"""The commonest values of a field."""
# ruff: noqa: S608 - nothing but our own conditions and numbers is put into a statement

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from inventory.observations.model import FacetValue
from inventory.store.codecs import from_millis
from inventory.store.pairs import unpack
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.opening import Connection

FIELD = "SELECT no FROM fields WHERE name = ?"
NOW = "SELECT value_no, target_no AS no, since AS first FROM observations WHERE field_no = {field}{value}"
THEN = f"""
    {NOW} AND (since IS NULL OR since <= {{at}})
    UNION ALL SELECT value_no, target_no AS no, first FROM past_observations
    WHERE field_no = {{field}}{{value}} AND first <= {{at}} AND gone > {{at}}"""
COMMONEST = """
    SELECT t.value_no, count(*) FROM ({rows}) AS t WHERE {holds} GROUP BY t.value_no ORDER BY 2 DESC, 1 LIMIT :limit"""
FIRST = """
    SELECT min(coalesce(t.first, w.since)) FROM ({rows}) AS t CROSS JOIN observed_targets AS w ON w.no = t.no
    WHERE {holds}"""
HOLDING = "SELECT t.no FROM (SELECT value AS no FROM json_each(?)) AS t WHERE {holds}"
OF_TARGETS = """
    SELECT o.value_no, coalesce(o.since, w.since) FROM json_each(:targets) AS c
    CROSS JOIN observed_targets AS w ON w.no = c.value
    CROSS JOIN json_each(values_of(:field, w.pairs)) AS p
    CROSS JOIN observations AS o ON o.field_no = :field AND o.value_no = p.value AND o.target_no = w.no
    WHERE :at IS NULL OR o.since IS NULL OR o.since <= :at"""
PAST_OF_TARGETS = """
    SELECT o.value_no, o.first FROM json_each(:targets) AS c
    CROSS JOIN past_observations AS o ON o.target_no = c.value AND o.gone > :at
    WHERE o.first <= :at AND o.field_no = :field"""
VALUE = "SELECT coalesce(value, folded), volatile FROM field_values WHERE no = ?"

Counted = Sequence[tuple[int, int, int]]
"""Values by number, each with how many targets show it, and when the first of these did."""


def commonest(connection: Connection, query: Query, field: str, limit: int) -> Sequence[FacetValue]:
    """The commonest values of a field where the condition of a query holds."""
    found = connection.execute(FIELD, (field,)).fetchone()
    if found is None:
        return []
    candidates = query.candidates()
    if candidates is None:
        counted = _of_all(connection, query, found[0], limit)
    else:
        few = connection.execute(HOLDING.format(holds=query.known_and_holds), (json.dumps(sorted(candidates)),))
        counted = _of_few(connection, query, found[0], [row[0] for row in few])[:limit]
    values = []
    for number, count, first in counted:
        value, volatile = connection.execute(VALUE, (number,)).fetchone()
        values.append(FacetValue(value=value, volatile=bool(volatile), count=count, first_seen=from_millis(first)))
    return values


def _of_all(connection: Connection, query: Query, field: int, limit: int) -> Counted:
    """Of the values that many targets may show, the first sighting is looked for only where it is asked for."""
    form, holds = NOW if query.at is None else THEN, query.known_and_holds
    rows = form.format(field=field, value="", at=query.at)
    counted = []
    for number, count in connection.execute(COMMONEST.format(rows=rows, holds=holds), {"limit": limit}).fetchall():
        rows = form.format(field=field, value=f" AND value_no = {number}", at=query.at)
        first = connection.execute(FIRST.format(rows=rows, holds=holds)).fetchone()[0]
        counted.append((number, count, first))
    return counted


def _of_few(connection: Connection, query: Query, field: int, targets: Sequence[int]) -> Counted:
    connection.create_function("values_of", 2, _values_of, deterministic=True)
    given = {"targets": json.dumps(targets), "field": field, "at": query.at}
    found = connection.execute(OF_TARGETS, given).fetchall()
    if query.at is not None:
        found += connection.execute(PAST_OF_TARGETS, given)
    counts = Counter(number for number, _ in found)
    firsts: dict[int, int] = {}
    for number, first in found:
        firsts[number] = min(first, firsts.get(number, first))
    return [(number, count, firsts[number]) for number, count in counts.most_common()]


def _values_of(field: int, packed: bytes) -> str:
    return json.dumps([value for number, value in unpack(packed) if number == field])
