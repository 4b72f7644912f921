"""Watches. While any that is not paused exists, `watching` has a row, and outcomes are remembered (`unseen`)."""
# ruff: noqa: S608 - nothing but our own lists of columns is put into a statement

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inventory.listing import Key
from inventory.store.codecs import from_millis, to_millis
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Adapter, Row
from inventory.store.sqlite.job_columns import short
from inventory.store.sqlite.opening import Connection
from inventory.store.watch_codecs import key_of, read_watch, watch_content
from inventory.watches.model import MAX_DESTINATIONS, Watch, message_due_at

WATCH = "id, created_at, changed_at, paused, version, content, enrolled, enrolled_at, enrolled_id, messages, last_message_at"
FIND = f"SELECT {WATCH} FROM watches WHERE id = ?"
NAMED = f"SELECT {WATCH} FROM watches WHERE name_key = ?"
LISTING = f"""
    SELECT {WATCH} FROM watches WHERE (created_at, id) < (:instant, :id) ORDER BY created_at DESC, id DESC LIMIT :limit"""
ACTIVE = f"SELECT {WATCH} FROM watches WHERE NOT paused ORDER BY created_at, id"

INSERT = """
    INSERT INTO watches (id, name_key, created_at, changed_at, paused, version, content, enrolled)
    SELECT :id, :name_key, :created_at, :changed_at, :paused, :version, :content, FALSE
    WHERE (SELECT count(*) FROM watches) < :at_most"""
REPLACE = """
    UPDATE OR IGNORE watches SET name_key = :name_key, changed_at = :changed_at, paused = :paused, content = :content,
    version = :version, enrolled = enrolled AND version = :version,
    enrolled_at = iif(version = :version, enrolled_at, NULL), enrolled_id = iif(version = :version, enrolled_id, NULL)
    WHERE id = :id AND changed_at = :seen_at AND paused = :seen_paused AND content = :seen_content
    AND version = :seen_version"""
LET_BE_DUE = "UPDATE watches SET due_at = ? WHERE id = ? AND due_at IS NOT NULL AND lease IS NULL"
"""The message that is owed, unless it is being made."""

BEGIN_WATCHING = """
    INSERT INTO watching (since) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM watching)
    AND EXISTS (SELECT 1 FROM watches WHERE NOT paused)"""
END_WATCHING = "DELETE FROM watching WHERE NOT EXISTS (SELECT 1 FROM watches WHERE NOT paused)"
SINCE = "SELECT since FROM watching"

MAX_REMOVED = 5_000
"""Rows that are removed in one transaction, so that others need not wait for long."""
SOME = "SELECT id FROM messages WHERE watch_id = ? ORDER BY created_at, id LIMIT ?"
REMOVE_DELIVERIES = f"DELETE FROM deliveries WHERE message_id IN ({SOME})"
REMOVE_MESSAGES = f"DELETE FROM messages WHERE id IN ({SOME})"
REMOVE_FINDINGS = "DELETE FROM findings WHERE rowid IN (SELECT rowid FROM findings WHERE watch_id = ? LIMIT ?)"


class SqliteWatches(Adapter):
    def add(self, watch: Watch, *, at_most: int) -> Watch | None:
        values = _values(watch) | {"id": watch.id, "created_at": to_millis(watch.created_at), "at_most": at_most}
        with self._connections.writing() as connection:
            found = connection.execute(NAMED, (values["name_key"],)).fetchall()
            if found:
                return read(found[0])
            if connection.execute(INSERT, values).rowcount == 0:
                return None
            connection.execute(BEGIN_WATCHING, (values["changed_at"],))
            return read(connection.execute(FIND, (watch.id,)).fetchone())

    def find(self, watch_id: str) -> Watch | None:
        return self._one(FIND, watch_id)

    def named(self, name: str) -> Watch | None:
        return self._one(NAMED, key_of(name))

    def listing(self, *, limit: int, after: Key | None) -> Sequence[Watch]:
        return [read(row) for row in self._connections.rows(LISTING, rows.page(limit, after))]

    def active(self) -> Sequence[Watch]:
        return [read(row) for row in self._connections.rows(ACTIVE)]

    def replace(self, seen: Watch, watch: Watch) -> bool:
        as_seen = {
            "id": seen.id,
            "seen_at": to_millis(seen.changed_at),
            "seen_paused": seen.paused,
            "seen_content": watch_content(seen),
            "seen_version": seen.version,
        }
        values = _values(watch)
        with self._connections.writing() as connection:
            replaced = connection.execute(REPLACE, values | as_seen).rowcount == 1
            if replaced and watch.cooldown != seen.cooldown:
                now_kept = read(connection.execute(FIND, (seen.id,)).fetchone())
                connection.execute(LET_BE_DUE, (to_millis(message_due_at(now_kept, watch.changed_at)), seen.id))
            connection.execute(END_WATCHING)
            connection.execute(BEGIN_WATCHING, (values["changed_at"],))
        return replaced

    def delete(self, watch_id: str) -> bool:
        """What it told and found goes afterwards, in parts; what a crash leaves of that goes with old messages."""
        with self._connections.writing() as connection:
            deleted = connection.execute("DELETE FROM watches WHERE id = ?", (watch_id,)).rowcount == 1
            connection.execute(END_WATCHING)
        removed = 1
        while removed:
            with self._connections.writing() as connection:
                removed = remove_told(connection, watch_id, MAX_REMOVED)
        return deleted

    def _one(self, statement: str, key: str | bytes) -> Watch | None:
        found = self._connections.rows(statement, (key,))
        return read(found[0]) if found else None


def remove_told(connection: Connection, watch_id: str, limit: int) -> int:
    """Remove some messages of a watch with their deliveries, or else some of its findings; how many rows, about `limit`."""
    some = watch_id, max(1, limit // MAX_DESTINATIONS)
    removed = sum(connection.execute(each, some).rowcount for each in (REMOVE_DELIVERIES, REMOVE_MESSAGES))
    return removed or connection.execute(REMOVE_FINDINGS, (short(watch_id), limit)).rowcount


def watching_since(connection: Connection) -> int | None:
    """Since when there has been a watch that is not paused; None while there is none."""
    row = connection.execute(SINCE).fetchone()
    return None if row is None else int(row[0])


def read(row: Row) -> Watch:
    """The watch in a row that begins with the columns `WATCH`."""
    up_to = None if row[7] is None else (from_millis(row[7]), row[8])
    return Watch(
        id=row[0],
        created_at=from_millis(row[1]),
        changed_at=from_millis(row[2]),
        paused=bool(row[3]),
        version=row[4],
        enrolled=bool(row[6]),
        enrolled_up_to=up_to,
        messages=row[9],
        last_message_at=None if row[10] is None else from_millis(row[10]),
        **read_watch(row[5]),
    )


def _values(watch: Watch) -> dict[str, Any]:
    """What people set."""
    return {
        "name_key": key_of(watch.name),
        "changed_at": to_millis(watch.changed_at),
        "paused": watch.paused,
        "version": watch.version,
        "content": watch_content(watch),
    }
