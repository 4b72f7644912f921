"""What changed: the ends of intervals, newest first. Ends of one field of a target at one instant are one change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter

from inventory.observations.model import Change, Matcher
from inventory.store.codecs import LARGEST, from_millis, to_millis
from inventory.store.sqlite import ends
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.connections import Row
from inventory.store.sqlite.opening import Connection

ENDS = """
    SELECT o.{instant}, t.record_id, f.name, {sign} * o.value_no, {last} FROM {{table}}
    CROSS JOIN observed_targets AS t ON t.no = o.target_no CROSS JOIN records AS r ON r.id = t.record_id
    CROSS JOIN fields AS f ON f.no = o.field_no
    WHERE o.{instant} >= :since AND o.{instant} < :until
    AND (o.field_no IN (SELECT value FROM json_each(:fields))) <> :left_out AND {chosen} AND {{holds}}
    AND (o.{instant} < :instant OR t.record_id < :id OR (t.record_id = :id AND f.name < :field))
    ORDER BY o.{instant} DESC, t.record_id DESC, f.name DESC"""
CAME = "o.{instant} <> t.since AND o.{instant} IS NOT r.first_collected_at"
# The index has all that chooses a row, but not when it was seen last: that is read of those that are chosen.
LAST = """
    SELECT p.last FROM past_observations AS p WHERE p.field_no = o.field_no AND p.value_no = o.value_no
    AND p.target_no = o.target_no AND p.first = o.first"""
STREAMS = {
    "gone": ENDS.format(instant="gone", sign="-1", last=f"({LAST})", chosen="TRUE"),
    **{
        each: ENDS.format(instant=each, sign="1", last="NULL", chosen=CAME.format(instant=each))
        for each in ("first", "since")
    },
}
"""Where intervals end and begin. They are read in order: of many targets only those of one instant are sorted."""
TEXTS = """
    SELECT v.no, coalesce(v.value, v.folded), v.volatile FROM json_each(?) AS c
    CROSS JOIN field_values AS v ON v.no = c.value"""
FIELD_NAMES = "SELECT f.no, f.name FROM json_each(?) AS c CROSS JOIN fields AS f ON f.no = c.value"

POSITION = itemgetter(0, 1, 2)
"""The instant, the id of the record, and the name of the field of an end."""


def newest(
    connection: Connection,
    query: Query,
    fields: Sequence[Matcher],
    *,
    since: int,
    until: int,
    limit: int,
    after: tuple[datetime, str, str] | None,
) -> Sequence[Change]:
    """The changes from `since` to before `until`, after a position."""
    instant, record_id, field = (LARGEST, "", "") if after is None else (to_millis(after[0]), after[1], after[2])
    last = min(until, instant + 1) if after else until
    tables, given = ends.tables(connection, query, fields, since, last)
    given |= {"instant": instant, "id": record_id, "field": field}
    holds, held = ("TRUE", {}) if ends.are_few(query) else query.holds
    given |= held
    streams = [
        connection.execute(statement.format(holds=holds, table=tables[column]), given)
        for column, statement in STREAMS.items()
    ]
    positions = groupby(merge(*streams, key=POSITION, reverse=True), POSITION)
    found = [list(rows) for _, rows in islice(positions, limit)]
    for stream in streams:
        stream.close()
    return _changes(connection, found)


def _changes(connection: Connection, found: Sequence[Sequence[Row]]) -> Sequence[Change]:
    numbers = sorted({abs(number) for rows in found for _, _, _, number, _ in rows})
    texts = {row[0]: row[1:3] for row in connection.execute(TEXTS, (json.dumps(numbers),))}
    return [
        Change(
            record_id=rows[0][1],
            field=rows[0][2],
            at=from_millis(rows[0][0]),
            before=_latest(last for *_, last in rows),
            old=sorted([texts[-number][0] for _, _, _, number, _ in rows if number < 0]),
            new=sorted([texts[number][0] for _, _, _, number, _ in rows if number > 0]),
            volatile=any(texts[abs(number)][1] for _, _, _, number, _ in rows),
        )
        for rows in found
    ]


def _latest(seen: Iterable[int | None]) -> datetime | None:
    latest = max((each for each in seen if each is not None), default=None)
    return None if latest is None else from_millis(latest)
