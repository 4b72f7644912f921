"""Snapshots; and bodies and attachments, which `ledger` writes, with what names them."""
# ruff: noqa: S608 - nothing but our own lists of columns is put into a statement

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from inventory.listing import Key
from inventory.records.model import Added, PastSnapshot, Snapshot, Target
from inventory.store.codecs import LARGEST, from_millis, to_millis
from inventory.store.frames import kept_body
from inventory.store.sqlite import past_snapshots, rows
from inventory.store.sqlite.connections import Adapter
from inventory.store.sqlite.opening import Connection

FIND = f"""
    SELECT {rows.columns(rows.SNAPSHOT, "s")}, r.source, r.key, r.host
    FROM snapshots s JOIN records r ON r.id = s.record_id WHERE s.id = ?"""

LISTING = f"""
    SELECT {rows.SNAPSHOT} FROM snapshots WHERE record_id = :record_id AND (collected_at, id) < (:instant, :id)
    ORDER BY collected_at DESC, id DESC LIMIT :limit"""

LATEST = f"""
    SELECT {rows.columns(rows.SNAPSHOT, "s")} FROM json_each(:record_ids) AS asked CROSS JOIN snapshots AS s ON s.id = (
        SELECT id FROM snapshots WHERE record_id = asked.value AND collected_at < :before
        ORDER BY collected_at DESC, id DESC LIMIT 1)"""

BEFORE = """
    WITH asked AS (SELECT json_extract(value, '$[0]') AS record_id, json_extract(value, '$[1]') AS moment FROM json_each(?))
    SELECT record_id, moment,
        (SELECT max(s.collected_at) FROM snapshots s WHERE s.record_id = asked.record_id AND s.collected_at < moment)
    FROM asked"""

NEWEST = """
    SELECT asked.value, (
        SELECT json_group_array(collected_at) FROM (
            SELECT collected_at FROM snapshots WHERE record_id = asked.value ORDER BY collected_at DESC LIMIT :limit))
    FROM json_each(:record_ids) AS asked"""

OF_BODY = """
    WITH named AS (
        SELECT record_id FROM snapshots WHERE body_sha256 = :sha256
        UNION ALL SELECT s.record_id FROM attachments a JOIN snapshots s ON s.id = a.snapshot_id WHERE a.sha256 = :digest)
    SELECT r.source, r.key, r.host FROM named JOIN records r ON r.id = named.record_id LIMIT :limit"""

WITH_SURPLUS = "SELECT id FROM records WHERE snapshots > :keep AND snapshots > 1 LIMIT :limit"
RETIRED = """
    SELECT s.id FROM snapshots s JOIN records r ON r.id = s.record_id
    WHERE s.record_id = :id AND s.id <> r.snapshot_id
    ORDER BY s.collected_at DESC, s.id DESC LIMIT -1 OFFSET :keep - 1"""
COUNT = "UPDATE records SET snapshots = (SELECT count(*) FROM snapshots WHERE record_id = :id) WHERE id = :id"
NAMED = """
    SELECT body_sha256 FROM snapshots WHERE id = :id AND body_sha256 IS NOT NULL
    UNION SELECT lower(hex(sha256)) FROM attachments WHERE snapshot_id = :id"""
REMOVE = "DELETE FROM snapshots WHERE id = :id", "DELETE FROM attachments WHERE snapshot_id = :id"
UNSHARED = """
    DELETE FROM bodies WHERE sha256 = :sha256 AND NOT EXISTS (SELECT 1 FROM snapshots WHERE body_sha256 = :sha256)
    AND NOT EXISTS (SELECT 1 FROM attachments WHERE sha256 = :digest)"""


class SqliteSnapshots(Adapter):
    def find(self, snapshot_id: str) -> tuple[Target, Snapshot] | None:
        found = self._connections.rows(FIND, (snapshot_id,))
        return (Target(*found[0][-3:]), rows.snapshot(found[0])) if found else None

    def listing(self, record_id: str, *, limit: int, after: Key | None) -> Sequence[Snapshot]:
        found = self._connections.rows(LISTING, {"record_id": record_id} | rows.page(limit, after))
        return [rows.snapshot(row) for row in found]

    def latest(self, record_ids: Sequence[str], *, before: datetime | None) -> Mapping[str, Snapshot]:
        asked = {"record_ids": json.dumps(record_ids), "before": LARGEST if before is None else to_millis(before)}
        found = [rows.snapshot(row) for row in self._connections.rows(LATEST, asked)]
        return {each.record_id: each for each in found}

    def collected_before(self, moments: Collection[tuple[str, datetime]]) -> Mapping[tuple[str, datetime], datetime]:
        asked = json.dumps([(record_id, to_millis(at)) for record_id, at in moments])
        found = self._connections.rows(BEFORE, (asked,))
        return {(record_id, from_millis(at)): from_millis(before) for record_id, at, before in found if before is not None}

    def collected_at(self, record_ids: Collection[str], *, limit: int) -> Mapping[str, Sequence[datetime]]:
        found = self._connections.rows(NEWEST, {"record_ids": json.dumps(list(record_ids)), "limit": limit})
        collected = {record_id: sorted(json.loads(instants)) for record_id, instants in found}
        return {record_id: [from_millis(at) for at in instants] for record_id, instants in collected.items() if instants}

    def targets_of_body(self, sha256: str, *, limit: int) -> Sequence[Target]:
        found = self._connections.rows(OF_BODY, _naming(sha256) | {"limit": limit})
        return list(dict.fromkeys(Target(*row) for row in found))

    def add_past(self, past: PastSnapshot, *, keep: int, now: datetime) -> Added:
        return past_snapshots.add(self._connections, past, keep, now)

    def retire(self, *, keep: int, limit: int) -> int:
        retired = 0
        chosen = {"keep": keep, "limit": limit}
        if not self._connections.rows(WITH_SURPLUS, chosen | {"limit": 1}):
            return 0
        with self._connections.writing() as connection:
            for (record_id,) in connection.execute(WITH_SURPLUS, chosen).fetchall():
                retired += _retire(connection, record_id, keep)
        return retired

    def sweep(self, *, after: str, limit: int) -> str:
        """A snapshot and the record that names it are one transaction, so none is ever left."""
        return ""


class SqliteBodies(Adapter):
    def find(self, sha256: str) -> bytes | None:
        found = self._connections.rows("SELECT form, bytes FROM bodies WHERE sha256 = ?", (sha256,))
        return kept_body(*found[0]) if found else None

    def sweep(self, *, after: str, limit: int) -> str:
        """A body goes in the transaction that removes the last snapshot of it, so none is ever left."""
        return ""


def _retire(connection: Connection, record_id: str, keep: int) -> int:
    doomed = [row[0] for row in connection.execute(RETIRED, {"id": record_id, "keep": keep}).fetchall()]
    remove(connection, doomed)
    connection.execute(COUNT, {"id": record_id})
    return len(doomed)


def remove(connection: Connection, snapshot_ids: Sequence[str]) -> None:
    """Remove these snapshots, and the bodies and attachments that nothing names any more."""
    ids = [{"id": each} for each in snapshot_ids]
    named = {row[0] for each in ids for row in connection.execute(NAMED, each).fetchall()}
    for statement in REMOVE:
        connection.executemany(statement, ids)
    connection.executemany(UNSHARED, [_naming(each) for each in named])


def _naming(sha256: str) -> dict[str, Any]:
    """The values for what names some bytes; what is not hexadecimal names none."""
    try:
        return {"sha256": sha256, "digest": bytes.fromhex(sha256)}
    except ValueError:
        return {"sha256": sha256, "digest": b""}
