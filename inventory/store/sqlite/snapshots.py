"""Snapshots, and the targets they are of."""
# ruff: noqa: S608 - nothing but our own lists of columns is put into a statement

from __future__ import annotations

from collections.abc import Sequence

from inventory.records.model import Snapshot, Target
from inventory.store.ports import Key
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Connections

FIND = f"""
    SELECT {rows.columns(rows.SNAPSHOT, "s")}, r.source, r.key, r.host
    FROM snapshots s JOIN records r ON r.id = s.record_id WHERE s.id = ?"""

LISTING = f"""
    SELECT {rows.SNAPSHOT} FROM snapshots WHERE record_id = :record_id AND (collected_at, id) < (:instant, :id)
    ORDER BY collected_at DESC, id DESC LIMIT :limit"""


class SqliteSnapshots:
    """`ports.Snapshots` on SQLite."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def find(self, snapshot_id: str) -> tuple[Target, Snapshot] | None:
        """See `ports.Snapshots`."""
        found = self._connections.rows(FIND, (snapshot_id,))
        return (Target(*found[0][-3:]), rows.snapshot(found[0])) if found else None

    def listing(self, record_id: str, *, limit: int, after: Key | None) -> Sequence[Snapshot]:
        """See `ports.Snapshots`."""
        found = self._connections.rows(LISTING, {"record_id": record_id} | rows.page(limit, after))
        return [rows.snapshot(row) for row in found]
