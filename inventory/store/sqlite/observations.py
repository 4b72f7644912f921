"""Observations: what is asked of them. `observing` writes them, and `conditions` reads conditions."""
# ruff: noqa: S608 - nothing but our own conditions and numbers is put into a statement

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from inventory.errors import QueryTooBroad
from inventory.listing import Key
from inventory.observations.model import (
    Change,
    Condition,
    FacetValue,
    FoundTarget,
    Matcher,
    Observation,
    PastCollection,
    Reindexing,
    SameChange,
    folded,
)
from inventory.records.model import Record
from inventory.store.codecs import LARGEST, from_millis, to_millis, to_millis_or_none
from inventory.store.matching import LAST, is_text
from inventory.store.sqlite import (
    bitmaps,
    changed,
    facets,
    pruning,
    same_changes,
    target_intervals,
    target_states,
    unindexed,
    unseen,
)
from inventory.store.sqlite.conditions import HELD, Query, query_of
from inventory.store.sqlite.connections import Adapter, Connections
from inventory.store.sqlite.numbers import Numbers
from inventory.store.sqlite.observing import Observing, latest_only
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.query_bounds import Bounds, check_time, time_limit

Start = dict[str, Any]
"""The values of a position, after which a search goes on."""

TARGETS_A_STEP = 4
"""A search that took a step in the order of targets for each so many that it finds looks at these in any order instead."""

POSITION = "coalesce(r.collected_at, r.accepted_at)"
AFTER = f"{POSITION} <= :instant AND ({POSITION} < :instant OR r.id < :id)"
IN_ORDER = f"""
    SELECT r.id, {POSITION}, r.target_no FROM records AS r INDEXED BY records_observed
    WHERE r.target_no IS NOT NULL AND {AFTER} ORDER BY {POSITION} DESC, r.id DESC LIMIT :chunk"""
OF_HELD = f"""
    SELECT r.id, {POSITION} FROM records AS r INDEXED BY records_observed
    WHERE r.target_no IS NOT NULL AND {HELD.format(number="r.target_no")}"""
HELD_AT_ONCE = f"{OF_HELD} AND {POSITION} = :instant AND r.id < :id ORDER BY r.id DESC LIMIT :limit"
HELD_BEFORE = f"{OF_HELD} AND {POSITION} < :instant ORDER BY {POSITION} DESC, r.id DESC LIMIT :limit"
"""`AFTER` in two parts, so that the instant is not compared for each row: a walk past a million takes a tenth less."""
FOUND = f"""
    SELECT r.id, {POSITION} FROM json_each(:targets) AS c CROSS JOIN observed_targets AS t ON t.no = c.value
    CROSS JOIN records AS r ON r.id = t.record_id WHERE {AFTER} ORDER BY {POSITION} DESC, r.id DESC LIMIT :limit"""

TARGETS_OF = "SELECT r.id, r.target_no FROM json_each(?) AS c CROSS JOIN records AS r ON r.id = c.value"
FIELD_NAMES = "SELECT name FROM fields WHERE folded >= ? AND folded <= ? ORDER BY folded, name LIMIT ?"
FIRST_ACCEPTED = """
    SELECT min(instant) FROM (SELECT min(accepted_at) AS instant FROM records INDEXED BY records_listed UNION ALL
    SELECT min(since) FROM observed_targets INDEXED BY observed_targets_since WHERE since > 0)"""
"""A target may have a past from before it was accepted."""
SEEN = f"SELECT target_no FROM records WHERE id = ? AND indexed IS NULL {unindexed.AS_SEEN}"
INDEXED = """
    UPDATE records SET target_no = :target_no, indexed = TRUE, body_size = :body_size, elapsed_ms = :elapsed_ms
    WHERE id = :id"""


class SqliteObservations(Adapter):
    def __init__(self, connections: Connections, numbers: Numbers, bounds: Bounds) -> None:
        super().__init__(connections)
        self._numbers, self._bounds = numbers, bounds

    def search(self, condition: Condition, *, at: datetime | None, limit: int, after: Key | None) -> Sequence[FoundTarget]:
        with time_limit(self._connections, self._bounds.page_seconds) as connection:
            rows = search(self._query(connection, condition, at), connection, limit, after)
        return [FoundTarget(record_id, from_millis(position)) for record_id, position in rows]

    def count(self, condition: Condition, *, at: datetime | None, up_to: int = 10_000) -> int | None:
        try:
            with time_limit(self._connections, self._bounds.page_seconds) as connection:
                query = self._query(connection, condition, at)
                if query.is_more_than(up_to):
                    return up_to + 1
                query.read_more()
                if query.is_exact:
                    return min(query.targets.bit_count(), up_to + 1)
                return len(search(query, connection, up_to + 1, None))
        except QueryTooBroad:
            return None

    def shown(
        self, record_ids: Sequence[str], fields: Sequence[Matcher], *, at: datetime | None
    ) -> Mapping[str, Sequence[Observation]]:
        with time_limit(self._connections, self._bounds.total_seconds) as connection:
            return target_states.of_records(connection, record_ids, fields, to_millis_or_none(at))

    def facet(self, condition: Condition, *, at: datetime | None, field: str, limit: int) -> Sequence[FacetValue]:
        with time_limit(self._connections, self._bounds.total_seconds) as connection:
            return facets.commonest(connection, self._query(connection, condition, at), field, limit)

    def changes(
        self,
        condition: Condition,
        *,
        fields: Sequence[Matcher],
        since: datetime,
        until: datetime,
        limit: int,
        after: tuple[datetime, str, str] | None,
    ) -> Sequence[Change]:
        with time_limit(self._connections, self._bounds.total_seconds) as connection:
            query, begin, end = self._query(connection, condition, None), to_millis(since), to_millis(until)
            return changed.newest(connection, query, fields, since=begin, until=end, limit=limit, after=after)

    def same_changes(
        self, condition: Condition, *, fields: Sequence[Matcher], since: datetime, until: datetime, limit: int
    ) -> Sequence[SameChange]:
        with time_limit(self._connections, self._bounds.changes_seconds) as connection:
            query, begin, end = self._query(connection, condition, None), to_millis(since), to_millis(until)
            return same_changes.all_of(connection, query, fields, since=begin, until=end, limit=limit)

    def values(self, record_ids: Collection[str], fields: Collection[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        with time_limit(self._connections, self._bounds.total_seconds) as connection:
            return target_states.values(connection, record_ids, fields)

    def counts(
        self, groups: Sequence[tuple[Collection[str], Collection[tuple[str, str]]]]
    ) -> Sequence[Mapping[tuple[str, str], int]]:
        with time_limit(self._connections, self._bounds.total_seconds) as connection:
            return target_states.counts(connection, groups)

    def history(self, record_id: str) -> Sequence[Observation]:
        with time_limit(self._connections, self._bounds.page_seconds) as connection:
            return target_states.history(connection, record_id)

    def intervals(self, since: Mapping[str, datetime]) -> Mapping[str, Sequence[Observation]]:
        return target_intervals.of_records(self._connections, {key: to_millis(each) for key, each in since.items()})

    def _query(self, connection: Connection, condition: Condition, at: datetime | None) -> Query:
        return query_of(connection, condition, to_millis_or_none(at), self._bounds)

    def tag(self, record_id: str, tags: Sequence[str], *, now: datetime) -> bool:
        return self._tag([record_id], tags, now, keep=False) == 1

    def add_tags(self, record_ids: Sequence[str], tags: Sequence[str], *, now: datetime) -> None:
        self._tag(list(dict.fromkeys(record_ids)), tags, now, keep=True)

    def _tag(self, record_ids: Sequence[str], tags: Sequence[str], now: datetime, *, keep: bool) -> int:
        """Give these records tags; how many of them exist."""
        at = to_millis(now)
        with self._connections.writing() as connection:
            observing, memory = Observing(connection, self._numbers), unseen.remembering(connection)
            found = connection.execute(TARGETS_OF, (json.dumps(record_ids),)).fetchall()
            for record_id, target_no in found:
                if observing.tag(record_id, target_no, tags, at, keep=keep) and memory is not None:
                    memory.tagged(record_id, at)
            observing.finish()
        self._numbers.remember(observing.numbering)
        return len(found)

    def field_names(self, prefix: str, *, limit: int) -> Sequence[str]:
        first = folded(prefix)
        rows = self._connections.rows(FIELD_NAMES, (first, first + LAST, limit)) if is_text(prefix) else []
        return [name for (name,) in rows]

    def known_since(self) -> datetime | None:
        accepted = self._connections.rows(FIRST_ACCEPTED)[0][0]
        return None if accepted is None else from_millis(accepted)

    def unindexed(self, *, limit: int, after: str = "") -> Sequence[str]:
        return unindexed.ids(self._connections, limit, after)

    def count_unindexed(self, *, up_to: int) -> int:
        return unindexed.count(self._connections, up_to)

    def mark_unindexed(self, *, after: str, limit: int) -> str | None:
        return unindexed.mark(self._connections, after, limit)

    def reindex(self, seen: Record, history: Sequence[PastCollection]) -> bool:
        with self._connections.writing() as connection:
            found = connection.execute(SEEN, (seen.id, *unindexed.as_seen(seen))).fetchall()
            observing = Observing(connection, self._numbers)
            if found:
                target_no = observing.rebuild(seen.id, found[0][0], history)
                latest = next((each.statements for each in reversed(history) if not each.failed), ())
                connection.execute(INDEXED, {"id": seen.id, "target_no": target_no} | latest_only(latest))
                connection.execute("DELETE FROM set_aside WHERE record_id = ?", (seen.id,))
            observing.finish()
        self._numbers.remember(observing.numbering)
        return bool(found)

    def mark_collected(self, record_ids: Sequence[str]) -> None:
        unindexed.mark_collected(self._connections, record_ids)

    def set_aside(self, record_id: str, reason: str, *, seen: Record | None) -> None:
        unindexed.set_aside(self._connections, record_id, reason, seen)

    def unindexable(self, *, limit: int) -> Mapping[str, str]:
        return unindexed.unindexable(self._connections, limit)

    def reindexing(self) -> Reindexing | None:
        return unindexed.reindexing(self._connections)

    def note_reindexing(self, run: Reindexing) -> Reindexing:
        return unindexed.note_reindexing(self._connections, run)

    def end_reindexing(self, run: Reindexing) -> None:
        unindexed.end_reindexing(self._connections, run)

    def prune(self, *, after: int, limit: int) -> int:
        return pruning.prune(self._connections, after, limit)


def search(query: Query, connection: Connection, limit: int, after: Key | None) -> Sequence[tuple[str, int]]:
    """The ids of the records that the condition of a query holds for, with their positions."""
    instant, name = (LARGEST, "") if after is None else (to_millis(after[0]), after[1])
    start: Start = {"instant": instant, "id": name}
    found: list[tuple[str, int]] = []
    are_many = query.reach.most.bit_count() > query.bounds.candidates
    rest = _add_in_order(found, query, connection, start, limit) if are_many else start
    if rest is not None:
        targets = json.dumps(list(bitmaps.numbers(query.targets)))
        found += connection.execute(FOUND, rest | {"targets": targets, "limit": limit - len(found)})
    return found[:limit]


def _add_in_order(
    found: list[tuple[str, int]], query: Query, connection: Connection, start: Start, wanted: int
) -> Start | None:
    """Look at targets in their order, more of them each time; where to start in another way, once that is better."""
    chunk, steps = min(2 * wanted, query.bounds.chunk), 0
    while True:
        check_time(connection)
        rows = connection.execute(IN_ORDER, start | {"chunk": chunk}).fetchall()
        holding = query.among(row[2] for row in rows)
        found += ((record_id, position) for record_id, position, number in rows if number in holding)
        if len(rows) < chunk or len(found) >= wanted:
            return None
        start, steps = {"id": rows[-1][0], "instant": rows[-1][1]}, steps + chunk
        if query.tests.count > query.bounds.tests:
            query.read_more()
        if query.is_exact:
            number = query.targets.bit_count()
            if number <= query.bounds.most_candidates and steps * TARGETS_A_STEP >= number:
                return start
            if number > query.bounds.most_candidates or steps >= query.bounds.chunk:
                _add_held(found, query, connection, start, wanted)
                return None
        chunk = min(2 * chunk, query.bounds.chunk)


def _add_held(found: list[tuple[str, int]], query: Query, connection: Connection, start: Start, wanted: int) -> None:
    """The rest in the order of targets, in which SQLite passes those over for which the condition does not hold."""
    held = query.held
    for statement in (HELD_AT_ONCE, HELD_BEFORE):
        found += connection.execute(statement, start | {"held": held, "limit": wanted - len(found)})
