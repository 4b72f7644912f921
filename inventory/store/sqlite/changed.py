"""What changed: the ends of intervals, newest first. Ends of one field of a target at one instant are one change."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inventory.observations.model import Change, Matcher
from inventory.store.codecs import from_millis, to_millis
from inventory.store.sqlite.conditions import Query
from inventory.store.sqlite.leaves import field_numbers
from inventory.store.sqlite.opening import Connection

ENDS = """
    SELECT o.{instant}, t.record_id, o.field_no, o.value_no, {last} FROM {table}
    CROSS JOIN observed_targets AS t ON t.no = o.target_no CROSS JOIN records AS r ON r.id = t.record_id
    WHERE o.{instant} >= :since AND o.{instant} < :until AND {chosen} AND {{holds}}
    AND (:fields IS NULL OR o.field_no IN (SELECT value FROM json_each(:fields)))
    ORDER BY o.{instant} DESC LIMIT :limit"""
CAME = "o.{instant} <> t.since AND o.{instant} IS NOT r.first_collected_at"
STREAMS = (
    ENDS.format(
        instant="gone", last="o.last", chosen="TRUE", table="past_observations AS o INDEXED BY past_observations_gone"
    ),
    ENDS.format(
        instant="first",
        last="NULL",
        chosen=CAME.format(instant="first"),
        table="past_observations AS o INDEXED BY past_observations_first",
    ),
    ENDS.format(
        instant="since",
        last="NULL",
        chosen=f"o.since IS NOT NULL AND {CAME.format(instant='since')}",
        table="observations AS o INDEXED BY observations_since",
    ),
)
TEXTS = """
    SELECT v.no, coalesce(v.value, v.folded), v.volatile FROM json_each(?) AS c
    CROSS JOIN field_values AS v ON v.no = c.value"""
FIELD_NAMES = "SELECT f.no, f.name FROM json_each(?) AS c CROSS JOIN fields AS f ON f.no = c.value"

Place = tuple[int, str, str]
"""The instant, the id of the record, and the name of the field of a change."""


@dataclass(slots=True)
class _Ends:
    """The numbers of the values that went and came, and when those that went were last seen."""

    old: list[int] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    last: int | None = None


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
    """The changes from `since` to before `until`, after a place."""
    chosen = None
    if fields:
        chosen = json.dumps(sorted(frozenset().union(*(field_numbers(connection, each) for each in fields))))
    place = None if after is None else (to_millis(after[0]), after[1], after[2])
    if place is not None:
        until = min(until, place[0] + 1)
    found: dict[Place, _Ends] = {}
    rows = 4 * limit + 100
    while len(found) < limit and since < until:
        given = {"since": since, "until": until, "fields": chosen, "limit": rows}
        ends, covered = _ends(connection, query, given)
        wanted = {at: each for at, each in _named(connection, ends).items() if place is None or at < place}
        found |= dict(sorted(wanted.items(), reverse=True))
        until, rows = covered, rows if covered < until else 4 * rows
    return _changes(connection, list(found.items())[:limit])


def _ends(connection: Connection, query: Query, given: dict[str, Any]) -> tuple[dict[tuple[int, str, int], _Ends], int]:
    """The ends of intervals by instant, record and field, and the instant down to which there are no others."""
    streams = [connection.execute(each.format(holds=query.holds), given).fetchall() for each in STREAMS]
    cut = [rows[-1][0] + 1 for rows in streams if len(rows) == given["limit"]]
    covered = max(cut, default=given["since"])
    ends: dict[tuple[int, str, int], _Ends] = defaultdict(_Ends)
    for number, rows in enumerate(streams):
        for at, record_id, field_no, value_no, last in rows:
            if at >= covered:
                each = ends[at, record_id, field_no]
                (each.new if number else each.old).append(value_no)
                each.last = max(last, each.last or last) if last is not None else each.last
    return ends, covered


def _named(connection: Connection, ends: dict[tuple[int, str, int], _Ends]) -> dict[Place, _Ends]:
    numbers = json.dumps(sorted({field_no for _, _, field_no in ends}))
    names = dict(connection.execute(FIELD_NAMES, (numbers,)))
    return {(at, record_id, names[field_no]): each for (at, record_id, field_no), each in ends.items()}


def _changes(connection: Connection, found: Sequence[tuple[Place, _Ends]]) -> Sequence[Change]:
    numbers = sorted({number for _, ends in found for number in (*ends.old, *ends.new)})
    texts = {row[0]: row[1:3] for row in connection.execute(TEXTS, (json.dumps(numbers),))}
    return [
        Change(
            record_id=record_id,
            field=name,
            at=from_millis(at),
            before=None if ends.last is None else from_millis(ends.last),
            old=sorted(texts[number][0] for number in ends.old),
            new=sorted(texts[number][0] for number in ends.new),
            volatile=any(texts[number][1] for number in (*ends.old, *ends.new)),
        )
        for (at, record_id, name), ends in found
    ]
