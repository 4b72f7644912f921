"""Removing what nothing names any more: targets without a record, and values.

One pass goes over the targets by their numbers, then over the values by theirs; its position is one number for both. A
target loses its record only where an older version, which knows of no observations, deletes that.
"""
# ruff: noqa: S608 - nothing but our own statements is put into a statement

from __future__ import annotations

from inventory.store.sqlite import observing, value_texts
from inventory.store.sqlite.connections import Connections

MAX_ORPHANS = 100
"""Targets that are removed in one transaction: each has some fifty values. The next pass finds the others."""
VALUES = 2**62
"""Where the positions of values begin, after those of all targets."""

NEXT_TARGETS = "SELECT no, record_id FROM observed_targets WHERE no > :after ORDER BY no LIMIT :limit"
COUNT_TARGETS = f"SELECT count(*), coalesce(max(no), 0) FROM ({NEXT_TARGETS})"
ORPHANS = f"""
    SELECT t.no FROM ({NEXT_TARGETS}) AS t
    WHERE NOT EXISTS (SELECT 1 FROM records AS r WHERE r.id = t.record_id AND r.target_no = t.no) LIMIT {MAX_ORPHANS}"""
NEXT_VALUES = "SELECT no, field_no FROM field_values WHERE no > :after ORDER BY no LIMIT :limit"
COUNT_VALUES = f"SELECT count(*), coalesce(max(no), 0) FROM ({NEXT_VALUES})"
UNNAMED = f"""
    SELECT v.no FROM ({NEXT_VALUES}) AS v
    WHERE NOT EXISTS (SELECT 1 FROM postings AS o WHERE o.field_no = v.field_no AND o.value_no = v.no)
    AND NOT EXISTS (SELECT 1 FROM past_observations AS o WHERE o.field_no = v.field_no AND o.value_no = v.no)"""
COUNT_PRUNING = "INSERT INTO pruned_values SELECT coalesce(max(times), 0) + 1 FROM pruned_values"


def prune(connections: Connections, after: int, limit: int) -> int:
    """Go over the `limit` next ones after a position; the position then, 0 at the end."""
    value_texts.catch_up(connections)
    left = limit
    if after < VALUES:
        count, last = _prune_targets(connections, after, limit)
        if count == limit:
            return last
        after, left = VALUES, limit - count
    count, last = _prune_values(connections, after - VALUES, left)
    return VALUES + last if count == left else 0


def _prune_targets(connections: Connections, after: int, limit: int) -> tuple[int, int]:
    """Remove those without a record; how many were looked at, and the number of the last one."""
    given = {"after": after, "limit": limit}
    count, last = connections.rows(COUNT_TARGETS, given)[0]
    if connections.rows(ORPHANS, given):
        with connections.writing() as connection:
            for (number,) in connection.execute(ORPHANS, given).fetchall():
                observing.remove(connection, number)
    return count, last


def _prune_values(connections: Connections, after: int, limit: int) -> tuple[int, int]:
    """Remove those that no observation names; how many were looked at, and the number of the last one."""
    given = {"after": after, "limit": limit}
    count, last = connections.rows(COUNT_VALUES, given)[0]
    if connections.rows(UNNAMED, given):
        with connections.writing() as connection:
            connection.execute(COUNT_PRUNING)
            connection.execute("DELETE FROM pruned_values WHERE times < (SELECT max(times) FROM pruned_values)")
            removed = connection.execute(f"DELETE FROM field_values WHERE no IN ({UNNAMED}) RETURNING no", given).fetchall()
            if removed:  # none if another program was quicker
                value_texts.gather_again(connection, min(removed)[0], max(removed)[0])
    return count, last
