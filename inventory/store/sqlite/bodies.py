"""Bodies, once per distinct content. `ledger` writes them and `records` deletes them, with what names them."""

from __future__ import annotations

from inventory.store.sqlite.connections import Part


class SqliteBodies(Part):
    def find(self, sha256: str) -> bytes | None:
        found = self._connections.rows("SELECT bytes FROM bodies WHERE sha256 = ?", (sha256,))
        return found[0][0] if found else None

    def sweep(self, *, after: str, limit: int) -> str:
        """A body goes in the transaction that removes the last snapshot of it, so none is ever left."""
        return ""
