"""Messages, and the findings that they tell.

A finding whose `fence` is that of the claim belongs to its message; once the message is kept, it is told. A claim that ended
without a message lets go what belonged to it when the next one begins.
"""
# ruff: noqa: S608 - nothing but our own lists of columns is put into a statement

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from inventory.listing import Key
from inventory.store.codecs import from_millis, millis, to_millis
from inventory.store.sqlite import deliveries, old_messages, rows, watches
from inventory.store.sqlite.connections import Adapter, Row
from inventory.store.sqlite.job_columns import long, short
from inventory.store.sqlite.opening import Connection
from inventory.store.watch_codecs import delivery_values, kept_groups, message_values, read_finding, told_at_once
from inventory.watches.model import (
    MAX_TOLD_BYTES,
    MESSAGE_AHEAD,
    ComposingClaim,
    Finding,
    Message,
    On,
    is_owed_late,
    message_due_at,
)
from inventory.webhooks.model import Delivery

DUE = "SELECT id, fence, lease FROM watches WHERE due_at <= :now ORDER BY due_at LIMIT 1"
OWED_AHEAD = f"SELECT {watches.WATCH}, fence, lease, due_at FROM watches WHERE due_at > :now + {millis(MESSAGE_AHEAD)}"
LET_GO = "UPDATE findings SET fence = NULL WHERE watch_id = ? AND fence = ?"
CLAIM = f"UPDATE watches SET lease = ?, due_at = ?, fence = fence + 1 WHERE id = ? RETURNING {watches.WATCH}, fence"
HOLDS = "WHERE id = :id AND lease = :lease AND fence = :fence"
HELD = f"SELECT 1 FROM watches {HOLDS}"
END = f"UPDATE watches SET lease = NULL, due_at = NULL {HOLDS}"
IS_OWED = "EXISTS (SELECT 1 FROM findings WHERE watch_id = :watch_id AND fence IS NULL)"
COMMIT = f"""
    UPDATE watches SET lease = NULL, messages = :number, last_message_at = :now, due_at = iif({IS_OWED}, :next, NULL)
    {HOLDS}"""

FINDING = "watch_id, record_id, kind, at, content"
OF_CLAIM = f"SELECT {FINDING} FROM findings WHERE watch_id = :watch_id AND fence = :fence ORDER BY at, id"
UNTOLD = """
    SELECT rowid, length(content) AS size FROM findings WHERE watch_id = :watch_id AND fence IS NULL
    ORDER BY at, id LIMIT :limit"""
TAKE = "UPDATE findings SET fence = ? WHERE rowid = ?"
TOLD = f"""
    SELECT {FINDING} FROM findings WHERE watch_id = :watch_id AND fence = :fence AND (at, id) < (:instant, :id)
    ORDER BY at DESC, id DESC LIMIT :limit"""

MESSAGE = "id, watch_id, number, created_at, findings, targets, groups"
INSERT = f"""
    INSERT OR IGNORE INTO messages ({MESSAGE}, fence, payload)
    VALUES (:id, :watch_id, :number, :created_at, :findings, :targets, :groups, :fence, :payload)"""
FIND = f"SELECT {MESSAGE}, payload FROM messages WHERE id = ?"
LISTING = f"""
    SELECT {MESSAGE} FROM messages WHERE watch_id = :watch_id AND (created_at, id) < (:instant, :id)
    ORDER BY created_at DESC, id DESC LIMIT :limit"""


class SqliteMessages(Adapter):
    def claim(self, *, now: datetime, lease_for: timedelta) -> ComposingClaim | None:
        if _due(self._connections.rows, now) is None:
            return None
        lease = secrets.token_hex(16)
        with self._connections.writing() as connection:
            found = _due(lambda statement, values: connection.execute(statement, values).fetchall(), now)
            if found is None:
                return None
            watch_id, fence, lost = found
            if lost is not None:
                connection.execute(LET_GO, (short(watch_id), fence))
            row = connection.execute(CLAIM, (lease, to_millis(now + lease_for), watch_id)).fetchall()[0]
        return ComposingClaim(watch=watches.read(row), lease=lease, fence=row[-1])

    def owed(self, claim: ComposingClaim, *, limit: int, max_bytes: int = MAX_TOLD_BYTES) -> Sequence[Finding]:
        held = _held(claim)
        of_claim = {"watch_id": short(claim.watch.id), "fence": claim.fence}
        with self._connections.writing() as connection:
            if not connection.execute(HELD, held).fetchall():
                return []
            found = connection.execute(OF_CLAIM, of_claim).fetchall()
            if not found:  # not asked before
                untold = connection.execute(UNTOLD, of_claim | {"limit": limit})
                connection.executemany(TAKE, [(claim.fence, each) for each in told_at_once(untold, max_bytes)])
                found = connection.execute(OF_CLAIM, of_claim).fetchall()
            if not found:
                connection.execute(END, held)
        return [_finding(row) for row in found]

    def commit(self, claim: ComposingClaim, message: Message, deliveries: Sequence[Delivery], *, now: datetime) -> bool:
        values = {"number": message.number, "now": to_millis(now), "watch_id": short(claim.watch.id)} | _held(claim)
        kept = message_values(message) | {"fence": claim.fence}
        with self._connections.writing() as connection:
            found = connection.execute(watches.FIND, (claim.watch.id,)).fetchone()
            told = replace(claim.watch if found is None else watches.read(found), last_message_at=now)
            values["next"] = to_millis(message_due_at(told, now))  # by the cooldown of now
            if connection.execute(COMMIT, values).rowcount == 0:
                return bool(connection.execute("SELECT 1 FROM messages WHERE id = ?", (message.id,)).fetchall())
            _insert(connection, kept, deliveries)
        return True

    def listing(self, watch_id: str, *, limit: int, after: Key | None) -> Sequence[Message]:
        found = self._connections.rows(LISTING, {"watch_id": watch_id} | rows.page(limit, after))
        return [_message(row) for row in found]

    def find(self, message_id: str) -> Message | None:
        found = self._connections.rows(FIND, (message_id,))
        return replace(_message(found[0]), payload=found[0][-1]) if found else None

    def findings(self, message_id: str, *, limit: int, after: Key | None) -> Sequence[Finding]:
        found = self._connections.rows("SELECT watch_id, fence FROM messages WHERE id = ?", (message_id,))
        if not found:
            return []
        page = rows.page(limit, after)
        told = {"watch_id": short(found[0][0]), "fence": found[0][1], **page, "id": short(page["id"])}
        return [_finding(row) for row in self._connections.rows(TOLD, told)]

    def retire(self, *, before: datetime, limit: int) -> int:
        return old_messages.remove(self._connections, before, limit)


def _due(rows_of: Callable[[str, dict[str, Any]], Sequence[Row]], now: datetime) -> tuple[str, int, str | None] | None:
    """The id, the fence and the lease of the watch whose message has been due for the longest, or is due much too late."""
    values = {"now": to_millis(now)}
    for row in rows_of(DUE, values):
        return row[0], row[1], row[2]
    for row in rows_of(OWED_AHEAD, values):
        if is_owed_late(watches.read(row), from_millis(row[-1]), now):
            return row[0], row[-3], row[-2]
    return None


def _held(claim: ComposingClaim) -> dict[str, Any]:
    """What a watch must still have for the owner of the claim to change it."""
    return {"id": claim.watch.id, "lease": claim.lease, "fence": claim.fence}


def _insert(connection: Connection, message: dict[str, Any], new: Sequence[Delivery]) -> None:
    connection.execute(INSERT, message)
    connection.executemany(deliveries.INSERT, [delivery_values(each) for each in new])


def _message(row: Row) -> Message:
    """The message in a row that begins with the columns `MESSAGE`."""
    return Message(
        id=row[0],
        watch_id=row[1],
        number=row[2],
        created_at=from_millis(row[3]),
        findings=row[4],
        targets=row[5],
        **kept_groups(row[6]),
    )


def _finding(row: Row) -> Finding:
    """The finding in a row of the columns `FINDING`."""
    return Finding(
        watch_id=long(row[0]), record_id=long(row[1]), on=On(row[2]), at=from_millis(row[3]), **read_finding(row[4])
    )
