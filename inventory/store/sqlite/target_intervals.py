"""All that held of given records since an instant: what watches look at, for many targets at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from inventory.observations.model import Observation
from inventory.store.codecs import from_millis
from inventory.store.pairs import Pair, unpack
from inventory.store.sqlite.changed import FIELD_NAMES, TEXTS
from inventory.store.sqlite.connections import Connections, Row
from inventory.store.sqlite.target_states import TARGETS

OPENED = """
    SELECT o.target_no, o.field_no, o.value_no, o.since FROM json_each(?) AS p CROSS JOIN observations AS o
    ON o.field_no = p.value ->> 1 AND o.value_no = p.value ->> 2 AND o.target_no = p.value ->> 0"""
PAST = """
    SELECT target_no, field_no, value_no, first, last, gone
    FROM json_each(?) AS c CROSS JOIN past_observations INDEXED BY past_observations_of_target
    ON target_no = c.value ->> 0 AND gone > c.value ->> 1"""

Interval = tuple[Pair, int, int | None, int | None]
"""A pair with the instants when it was first seen, last seen, and gone."""


def of_records(connections: Connections, since: Mapping[str, int]) -> Mapping[str, Sequence[Observation]]:
    """The observations of each of these records that held at its instant or later."""
    with connections.reading():
        targets = connections.rows(TARGETS, (json.dumps(list(since)),))
        found = _intervals(connections, targets, since)
        pairs = {each[0] for some in found.values() for each in some}
        fields = json.dumps(sorted({field for field, _ in pairs}))
        names = {row[0]: row[1] for row in connections.rows(FIELD_NAMES, (fields,))}
        texts = {row[0]: row[1:] for row in connections.rows(TEXTS, (json.dumps(sorted({value for _, value in pairs})),))}
    named = sorted((names[field], *texts[value], (field, value)) for field, value in pairs)
    places = {each[-1]: place for place, each in enumerate(named)}
    return {
        record_id: [
            _observation(named[places[each[0]]], each) for each in sorted(some, key=lambda each: (places[each[0]], each[1]))
        ]
        for record_id, some in found.items()
    }


def _intervals(connections: Connections, targets: Sequence[Row], since: Mapping[str, int]) -> dict[str, list[Interval]]:
    """What these rows of `TARGETS` showed, by record."""
    shown = [(target, *pair) for _, target, _, packed in targets for pair in unpack(packed)]
    opened = {tuple(row[:3]): row[3] for row in connections.rows(OPENED, (json.dumps(shown),))}
    past: dict[int, list[Interval]] = {target: [] for _, target, *_ in targets}
    begins = json.dumps([(target, since[record_id]) for record_id, target, *_ in targets])
    for target, field, value, first, last, gone in connections.rows(PAST, (begins,)):
        past[target].append(((field, value), first, last, gone))
    current: dict[int, list[Interval]] = {target: [] for target in past}
    known_since = {target: first for _, target, first, _ in targets}
    for each in shown:
        target, *pair = each
        current[target].append(((pair[0], pair[1]), opened.get(each, known_since[target]), None, None))
    return {record_id: [*current[target], *past[target]] for record_id, target, *_ in targets}


def _observation(named: tuple[str, str, int, Pair], interval: Interval) -> Observation:
    _, first, last, gone = interval
    return Observation(
        field=named[0],
        value=named[1],
        volatile=bool(named[2]),
        first_seen=_instant(first),
        last_seen=None if last is None else _instant(last),
        gone=None if gone is None else _instant(gone),
    )


@lru_cache(maxsize=1_000)
def _instant(millis: int) -> datetime:
    """The same object for the same instant: most observations of a target are of a few."""
    return from_millis(millis)
