"""The index of captures: records by the keys of their URLs, and snapshots in both directions."""
# ruff: noqa: S608 - nothing but our own lists of columns and directions is put into a statement

from __future__ import annotations

from collections.abc import Sequence

from inventory.cdx.model import UrlRecord, urlkey_of
from inventory.cdx.ports import RecordKey
from inventory.listing import Key
from inventory.records.model import Record, Snapshot, Target
from inventory.store.codecs import to_millis
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Adapter

RECORDS = f"""
    SELECT urlkey, {rows.RECORD} FROM records INDEXED BY records_of_urlkey
    WHERE urlkey > '' AND (urlkey, id) > (:low, :low_id) AND (urlkey, id) < (:high, :high_id)
    ORDER BY urlkey {{direction}}, id {{direction}} LIMIT :limit"""

SNAPSHOTS = f"""
    SELECT {rows.SNAPSHOT} FROM snapshots WHERE record_id = :record_id
    AND (collected_at, id) > (:low, :low_id) AND (collected_at, id) < (:high, :high_id)
    ORDER BY collected_at {{direction}}, id {{direction}} LIMIT :limit"""

DIRECTIONS = {False: "ASC", True: "DESC"}

NAMELESS = "SELECT id, source, key, host FROM records INDEXED BY records_nameless WHERE urlkey IS NULL LIMIT ?"
NAME = "UPDATE records SET urlkey = ? WHERE id = ?"


class SqliteCaptures(Adapter):
    def records(self, low: RecordKey, high: RecordKey, *, limit: int, backwards: bool) -> Sequence[UrlRecord]:
        statement = RECORDS.format(direction=DIRECTIONS[backwards])
        found = self._connections.rows(statement, _between(low, high) | {"limit": limit})
        return [UrlRecord(row[0], rows.record(row[1:])) for row in found]

    def snapshots(self, record: Record, low: Key, high: Key, *, limit: int, backwards: bool) -> Sequence[Snapshot]:
        between = _between((to_millis(low[0]), low[1]), (to_millis(high[0]), high[1]))
        chosen = between | {"record_id": record.id, "limit": limit}
        found = self._connections.rows(SNAPSHOTS.format(direction=DIRECTIONS[backwards]), chosen)
        return [rows.snapshot(row) for row in found]

    def name_some(self, limit: int) -> int:
        if not self._connections.rows(NAMELESS, (1,)):
            return 0
        with self._connections.writing() as connection:
            found = connection.execute(NAMELESS, (limit,)).fetchall()
            connection.executemany(NAME, [(urlkey_of(Target(*of)), record_id) for record_id, *of in found])
        return len(found)


def _between(low: tuple[object, str], high: tuple[object, str]) -> dict[str, object]:
    return {"low": low[0], "low_id": low[1], "high": high[0], "high_id": high[1]}
