"""Policies besides the built-in ones."""
# ruff: noqa: S608 - nothing but our own list of columns is put into a statement

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from inventory.listing import Key
from inventory.policy.model import KeptPolicy
from inventory.store.codecs import from_millis, to_millis
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Adapter, Row

POLICY = "id, created_at, changed_at, document"
FIND = f"SELECT {POLICY} FROM policies WHERE id = ?"
LISTING = f"""
    SELECT {POLICY} FROM policies WHERE (created_at, id) < (:instant, :id)
    ORDER BY created_at DESC, id DESC LIMIT :limit"""
PUT = f"""
    INSERT INTO policies ({POLICY}) SELECT :id, :created_at, :changed_at, :document
    WHERE EXISTS (SELECT 1 FROM policies WHERE id = :id) OR (SELECT count(*) FROM policies) < :at_most
    ON CONFLICT (id) DO UPDATE SET changed_at = excluded.changed_at, document = excluded.document"""
CHANGED_AT = "SELECT id, changed_at FROM policies ORDER BY created_at, id"
DELETE = "DELETE FROM policies WHERE id = ?"


class SqlitePolicies(Adapter):
    def put(self, policy: KeptPolicy, *, at_most: int) -> KeptPolicy | None:
        values = {
            "id": policy.id,
            "created_at": to_millis(policy.created_at),
            "changed_at": to_millis(policy.changed_at),
            "document": policy.document,
            "at_most": at_most,
        }
        with self._connections.writing() as connection:
            if connection.execute(PUT, values).rowcount == 0:
                return None
            return _read(connection.execute(FIND, (policy.id,)).fetchone())

    def find(self, policy_id: str) -> KeptPolicy | None:
        found = self._connections.rows(FIND, (policy_id,))
        return _read(found[0]) if found else None

    def listing(self, *, limit: int, after: Key | None) -> Sequence[KeptPolicy]:
        return [_read(row) for row in self._connections.rows(LISTING, rows.page(limit, after))]

    def changed_at(self) -> Mapping[str, datetime]:
        return {row[0]: from_millis(row[1]) for row in self._connections.rows(CHANGED_AT)}

    def delete(self, policy_id: str) -> bool:
        with self._connections.writing() as connection:
            return connection.execute(DELETE, (policy_id,)).rowcount == 1


def _read(row: Row) -> KeptPolicy:
    """The policy in a row of the columns `POLICY`."""
    return KeptPolicy(id=row[0], created_at=from_millis(row[1]), changed_at=from_millis(row[2]), document=bytes(row[3]))
