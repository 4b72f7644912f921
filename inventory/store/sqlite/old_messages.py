"""Removing old messages with all of theirs, and what a watch left that is gone, some in each transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from inventory.store.codecs import to_millis
from inventory.store.sqlite import watches
from inventory.store.sqlite.connections import Connections
from inventory.store.sqlite.job_columns import long, short
from inventory.store.sqlite.opening import Connection

OLD = """
    SELECT id, watch_id, fence FROM messages WHERE created_at < :before
    AND NOT EXISTS (SELECT 1 FROM deliveries WHERE message_id = messages.id AND due_at IS NOT NULL)
    ORDER BY created_at LIMIT :limit"""
REMOVE_FINDINGS = """
    DELETE FROM findings WHERE rowid IN
    (SELECT rowid FROM findings WHERE watch_id = :watch_id AND fence = :fence LIMIT :limit)"""
REMOVE = "DELETE FROM deliveries WHERE message_id = :id", "DELETE FROM messages WHERE id = :id"
NEXT_WATCH = "SELECT watch_id FROM {} WHERE watch_id > ? ORDER BY watch_id LIMIT 1"


def remove(connections: Connections, before: datetime, limit: int) -> int:
    """Remove some of what is old, or else of what was left; how many rows, about `limit`."""
    chosen = {"before": to_millis(before), "limit": limit}
    if not connections.rows(OLD, chosen | {"limit": 1}):
        return _remove_orphans(connections, limit)
    with connections.writing() as connection:
        return _remove_old(connection, chosen, limit)


def _remove_old(connection: Connection, chosen: dict[str, Any], limit: int) -> int:
    """Remove old messages, the findings of each first; how many rows, about `limit`."""
    removed = 0
    for message_id, watch_id, fence in connection.execute(OLD, chosen).fetchall():
        told = {"watch_id": short(watch_id), "fence": fence, "limit": limit - removed}
        removed += connection.execute(REMOVE_FINDINGS, told).rowcount
        if removed >= limit:
            break
        removed += sum(connection.execute(each, {"id": message_id}).rowcount for each in REMOVE)
        if removed >= limit:
            break
    return removed


def _remove_orphans(connections: Connections, limit: int) -> int:
    """Remove some of what a watch left that is gone: it was deleted, and that was cut short."""
    left = {long(each) for table in ("findings", "messages") for each in _watches_in(connections, table)}
    known = {row[0] for row in connections.rows("SELECT id FROM watches")}  # read last: what lacks now is gone
    for watch_id in sorted(left - known):
        with connections.writing() as connection:
            if removed := watches.remove_told(connection, watch_id, limit):
                return removed
    return 0


def _watches_in(connections: Connections, table: str) -> Iterator[bytes | str]:
    """The ids of the watches that a table names."""
    watch_id: bytes | str = ""
    while found := connections.rows(NEXT_WATCH.format(table), (watch_id,)):
        watch_id = found[0][0]
        yield watch_id
