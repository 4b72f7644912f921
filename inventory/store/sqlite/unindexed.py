"""Records whose observations are to be made from their snapshots: which they are, and how far that has come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from inventory.observations.model import Reindexing
from inventory.records.model import Record
from inventory.store.codecs import from_millis, to_millis
from inventory.store.sqlite.connections import Connections, Row

UNINDEXED = (
    "SELECT id FROM records INDEXED BY records_unindexed WHERE indexed IS NULL AND id > :after ORDER BY id LIMIT :limit"
)
COUNT = "SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_unindexed WHERE indexed IS NULL LIMIT :limit)"
NEXT = "SELECT id FROM records WHERE id > :after ORDER BY id LIMIT :limit"
LAST = f"SELECT max(id) FROM ({NEXT})"  # noqa: S608 - a statement of ours
MARK = "UPDATE records SET indexed = NULL WHERE id > ? AND id <= ? AND indexed IS NOT NULL"
MARK_COLLECTED = """
    UPDATE records SET indexed = NULL
    WHERE id IN (SELECT value FROM json_each(?)) AND snapshot_id IS NOT NULL AND indexed"""
RUN = "SELECT begun_at, marked, marked_up_to FROM reindexing"
SET_ASIDE = "UPDATE records SET indexed = 0 WHERE id = ? AND indexed IS NULL"
AS_SEEN = " AND accepted_at = ? AND fence = ? AND state = ? AND snapshots = ?"
ASIDE = """
    SELECT s.record_id, s.reason FROM set_aside AS s CROSS JOIN records AS r ON r.id = s.record_id
    WHERE r.indexed = 0 ORDER BY s.record_id LIMIT ?"""


def as_seen(record: Record) -> tuple[int, int, str, int]:
    """The values of `AS_SEEN`: while they are the same, the record has had no other outcome and no other past."""
    return to_millis(record.accepted_at), record.fence, record.state.value, record.snapshots


def ids(connections: Connections, limit: int, after: str) -> Sequence[str]:
    """Those after an id, in their order."""
    return [row[0] for row in connections.rows(UNINDEXED, {"after": after, "limit": limit})]


def count(connections: Connections, up_to: int) -> int:
    """How many there are, at most `up_to`."""
    return int(connections.rows(COUNT, {"limit": up_to})[0][0])


def mark(connections: Connections, after: str, limit: int) -> str | None:
    """Mark the next `limit` records; the last id, None if there are no more."""
    last: str | None = connections.rows(LAST, {"after": after, "limit": limit})[0][0]
    if last is not None:
        with connections.writing() as connection:
            connection.execute(MARK, (after, last))
    return last


def mark_collected(connections: Connections, record_ids: Sequence[str]) -> None:
    """Mark those of these records that have a snapshot."""
    with connections.writing() as connection:
        connection.execute(MARK_COLLECTED, (json.dumps(list(record_ids)),))


def set_aside(connections: Connections, record_id: str, reason: str, seen: Record | None) -> None:
    """Set an unindexed record aside that is as it was seen."""
    chosen, given = (SET_ASIDE, (record_id,)) if seen is None else (SET_ASIDE + AS_SEEN, (record_id, *as_seen(seen)))
    with connections.writing() as connection:
        if connection.execute(chosen, given).rowcount:
            connection.execute("INSERT OR REPLACE INTO set_aside (record_id, reason) VALUES (?, ?)", (record_id, reason))


def unindexable(connections: Connections, limit: int) -> Mapping[str, str]:
    """The reasons of those that are set aside."""
    return dict(connections.rows(ASIDE, (limit,)))


def reindexing(connections: Connections) -> Reindexing | None:
    """The rebuilding that has begun."""
    return _reindexing(connections.rows(RUN))


def note_reindexing(connections: Connections, run: Reindexing) -> Reindexing:
    """Keep it in place of one that is before it."""
    with connections.writing() as connection:
        kept = _reindexing(connection.execute(RUN).fetchall())
        if kept is not None and not kept.is_before(run):
            return kept
        connection.execute("DELETE FROM reindexing")
        values = (to_millis(run.begun_at), run.marked, run.marked_up_to)
        connection.execute("INSERT INTO reindexing (begun_at, marked, marked_up_to) VALUES (?, ?, ?)", values)
        return run


def end_reindexing(connections: Connections, run: Reindexing) -> None:
    """Forget it."""
    with connections.writing() as connection:
        connection.execute("DELETE FROM reindexing WHERE begun_at = ?", (to_millis(run.begun_at),))


def _reindexing(found: Sequence[Row]) -> Reindexing | None:
    if not found:
        return None
    begun_at, marked, marked_up_to = found[0]
    return Reindexing(begun_at=from_millis(begun_at), marked=marked, marked_up_to=marked_up_to)
