"""The lookups that were made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inventory.history.model import Lookup, LookupOutcome
from inventory.listing import Key
from inventory.store.codecs import from_millis, read_text, text_bytes, to_millis
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Adapter

ADD = "INSERT OR IGNORE INTO history (id, source, key, outcome, at) VALUES (?, ?, ?, ?, ?)"
LISTING = """
    SELECT id, source, key, outcome, at FROM history WHERE {chosen} AND (at, id) < (:instant, :id)
    ORDER BY at DESC, id DESC LIMIT :limit"""
RETIRE = "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE at < ? ORDER BY at LIMIT ?)"


class SqliteHistory(Adapter):
    def add(self, lookup: Lookup) -> None:
        values = (lookup.id, lookup.source, text_bytes(lookup.key), lookup.outcome.value)
        with self._connections.writing() as connection:
            connection.execute(ADD, (*values, to_millis(lookup.at)))

    def listing(self, source: str | None, *, limit: int, after: Key | None) -> Sequence[Lookup]:
        statement = LISTING.format(chosen="TRUE" if source is None else "source = :source")
        found = self._connections.rows(statement, rows.page(limit, after) | {"source": source})
        return [Lookup(row[0], row[1], read_text(row[2]) or "", LookupOutcome(row[3]), from_millis(row[4])) for row in found]

    def clear(self) -> None:
        with self._connections.writing() as connection:
            connection.execute("DELETE FROM history")

    def retire(self, *, before: datetime, limit: int) -> int:
        with self._connections.writing() as connection:
            return connection.execute(RETIRE, (to_millis(before), limit)).rowcount
