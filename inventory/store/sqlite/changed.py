"""What changed: the ends of intervals, newest first. Ends of one field of a target at one instant are one change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from inventory.observations.model import Change, Matcher
from inventory.store.codecs import LARGEST, from_millis, to_millis
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.connections import Row
from inventory.store.sqlite.leaves import field_numbers
from inventory.store.sqlite.opening import Connection

ENDS = """
    SELECT o.{instant}, t.record_id, f.name, {sign} * o.value_no, {last} FROM {table}
    CROSS JOIN observed_targets AS t ON t.no = o.target_no CROSS JOIN records AS r ON r.id = t.record_id
    CROSS JOIN fields AS f ON f.no = o.field_no
    WHERE o.{instant} >= :since AND o.{instant} < :until AND {chosen} AND {{holds}}
    AND (:fields IS NULL OR o.field_no IN (SELECT value FROM json_each(:fields)))
    AND (o.{instant} < :instant OR t.record_id < :id OR (t.record_id = :id AND f.name < :field))
    ORDER BY o.{instant} DESC, t.record_id DESC, f.name DESC"""
CAME = "o.{instant} <> t.since AND o.{instant} IS NOT r.first_collected_at"
STREAMS = (
    ENDS.format(
        instant="gone",
        sign="-1",
        last="o.last",
        chosen="TRUE",
        table="past_observations AS o INDEXED BY past_observations_gone",
    ),
    ENDS.format(
        instant="first",
        sign="1",
        last="NULL",
        chosen=CAME.format(instant="first"),
        table="past_observations AS o INDEXED BY past_observations_first",
    ),
    ENDS.format(
        instant="since",
        sign="1",
        last="NULL",
        chosen=CAME.format(instant="since"),
        table="observations AS o INDEXED BY observations_since",
    ),
)
"""Where intervals end and begin. They are read in order: only the ends of one instant are sorted."""
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
    given: dict[str, Any] = {
        "since": since,
        "until": min(until, instant + 1) if after else until,
        "fields": numbers_of(connection, fields),
        "instant": instant,
        "id": record_id,
        "field": field,
    }
    streams = [connection.execute(each.format(holds=query.holds), given) for each in STREAMS]
    ends = groupby(merge(*streams, key=POSITION, reverse=True), POSITION)
    found = [list(rows) for _, rows in islice(ends, limit)]
    for stream in streams:
        stream.close()
    return _changes(connection, found)


def numbers_of(connection: Connection, fields: Sequence[Matcher]) -> str | None:
    """The numbers of the fields that are named, as JSON; None if none is, which means all."""
    if not fields:
        return None
    return json.dumps(sorted(frozenset().union(*(field_numbers(connection, each) for each in fields))))


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
