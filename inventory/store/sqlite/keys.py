"""Keys, and the secret that signs cookies."""
# ruff: noqa: S608 - nothing but our own list of columns is put into a statement

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inventory import listing
from inventory.access.model import Key
from inventory.store.access_codecs import key_values, read_key_content
from inventory.store.codecs import from_millis, read_text, text_bytes, to_millis
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Adapter, Row
from inventory.store.watch_codecs import key_of

KEY = "id, name, digest, content, created_at, expires_at, revoked_at, last_used_at, last_used_address"
FIND = f"SELECT {KEY} FROM keys WHERE digest = :digest"
OF_ID = f"SELECT {KEY} FROM keys WHERE id = :id"
OF_NAME = "SELECT id FROM keys WHERE name_key = :name_key AND revoked_at IS NULL"
LISTING = f"""
    SELECT {KEY} FROM keys WHERE (created_at, id) < (:instant, :id)
    ORDER BY created_at DESC, id DESC LIMIT :limit"""
INSERT = f"""
    INSERT INTO keys ({KEY}, name_key) VALUES (
    :id, :name, :digest, :content, :created_at, :expires_at, :revoked_at, :last_used_at, :last_used_address, :name_key)"""
REVOKE = "UPDATE keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL"
NOTE_USE = """
    UPDATE keys SET last_used_at = :at, last_used_address = :address
    WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at)"""
ANY_USABLE = """
    SELECT EXISTS (SELECT 1 FROM keys WHERE revoked_at IS NULL AND expires_at IS NULL)
    OR EXISTS (SELECT 1 FROM keys WHERE revoked_at IS NULL AND expires_at > ?)"""
SIGNING = "signing"
SIGNED_BY = "SELECT value FROM secrets WHERE name = ?"
PROPOSE = "INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)"


class SqliteKeys(Adapter):
    def add(self, key: Key) -> bool:
        values = values_of(key)
        with self._connections.writing() as connection:
            if found := connection.execute(OF_NAME, values).fetchone():
                return bool(found[0] == key.id)
            connection.execute(INSERT, values)
        return True

    def find(self, digest: str) -> Key | None:
        found = self._connections.rows(FIND, {"digest": bytes.fromhex(digest)})
        return _read(found[0]) if found else None

    def of_id(self, key_id: str) -> Key | None:
        found = self._connections.rows(OF_ID, {"id": key_id})
        return _read(found[0]) if found else None

    def listing(self, *, limit: int, after: listing.Key | None) -> Sequence[Key]:
        return [_read(row) for row in self._connections.rows(LISTING, rows.page(limit, after))]

    def revoke(self, key_id: str, *, now: datetime) -> Key | None:
        with self._connections.writing() as connection:
            connection.execute(REVOKE, {"id": key_id, "now": to_millis(now)})
            found = connection.execute(OF_ID, {"id": key_id}).fetchone()
        return None if found is None else _read(found)

    def note_use(self, key_id: str, *, at: datetime, address: str) -> None:
        with self._connections.writing() as connection:
            connection.execute(NOTE_USE, {"id": key_id, "at": to_millis(at), "address": text_bytes(address)})

    def any_usable(self, *, now: datetime) -> bool:
        return bool(self._connections.rows(ANY_USABLE, (to_millis(now),))[0][0])

    def signing_secret(self, proposed: bytes) -> bytes:
        found = self._connections.rows(SIGNED_BY, (SIGNING,))
        if not found:
            with self._connections.writing() as connection:
                connection.execute(PROPOSE, (SIGNING, proposed))
                found = connection.execute(SIGNED_BY, (SIGNING,)).fetchall()
        return bytes(found[0][0])


def values_of(key: Key) -> dict[str, Any]:
    """The values of the columns of `INSERT`."""
    return key_values(key) | {"name_key": key_of(key.name)}


def _read(row: Row) -> Key:
    """The key in a row of the columns `KEY`."""
    return Key(
        id=row[0],
        name=read_text(row[1]) or "",
        digest=row[2].hex(),
        created_at=from_millis(row[4]),
        expires_at=None if row[5] is None else from_millis(row[5]),
        revoked_at=None if row[6] is None else from_millis(row[6]),
        last_used_at=None if row[7] is None else from_millis(row[7]),
        last_used_address=read_text(row[8]),
        **read_key_content(row[3]),
    )
