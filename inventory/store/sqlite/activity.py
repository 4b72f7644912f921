"""How many collections ended in each hour: one row for each hour, source and code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inventory.activity.model import HourCount
from inventory.records.model import Failed, Stored
from inventory.store.codecs import from_millis, to_millis_up
from inventory.store.hour_counts import hour_counts
from inventory.store.sqlite.connections import Adapter
from inventory.store.sqlite.opening import Connection

COUNT = """
    INSERT INTO activity (at, source, code, count) VALUES (?, ?, ?, ?)
    ON CONFLICT (at, source, code) DO UPDATE SET count = count + excluded.count"""
COUNTS = """
    SELECT at, source, code, count FROM activity WHERE at >= :since AND at < :until {chosen} ORDER BY at, source, code"""
OF_SOURCE = "AND +source = :source"  # SQLite would sort otherwise, because it does not see that the order stays the same
RETIRE = """
    DELETE FROM activity WHERE (at, source, code) IN
    (SELECT at, source, code FROM activity WHERE at < :before ORDER BY at LIMIT :limit)"""


def count(connection: Connection, ended: Sequence[Stored | Failed]) -> None:
    """Count claims that this transaction ends: one statement for each hour, source and code."""
    for key, number in hour_counts(ended).items():
        connection.execute(COUNT, (*key, number))


class SqliteActivity(Adapter):
    def counts(self, *, since: datetime, until: datetime, source: str | None) -> Sequence[HourCount]:
        statement = COUNTS.format(chosen="" if source is None else OF_SOURCE)
        values = {"since": to_millis_up(since), "until": to_millis_up(until), "source": source}
        return [
            HourCount(at=from_millis(at), source=name, code=code, count=number)
            for at, name, code, number in self._connections.rows(statement, values)
        ]

    def retire(self, *, before: datetime, limit: int) -> int:
        with self._connections.writing() as connection:
            return connection.execute(RETIRE, {"before": to_millis_up(before), "limit": limit}).rowcount
