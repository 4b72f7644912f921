"""Schedules: when targets are to be collected for watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from inventory.listing import Key
from inventory.store.codecs import from_millis, to_millis, to_millis_or_none
from inventory.store.sqlite import watches
from inventory.store.sqlite.connections import Adapter, Row
from inventory.store.sqlite.job_columns import long, short
from inventory.store.sqlite.opening import Connection
from inventory.watches.model import Schedule, Watch, swept

NOTE = """
    UPDATE watches SET enrolled = :enrolled, enrolled_at = :enrolled_at, enrolled_id = :enrolled_id
    WHERE id = :id AND version = :version"""
ENROL = """
    INSERT INTO schedules (watch_id, record_id, due_at, version) VALUES (:watch_id, :record_id, :due_at, :version)
    ON CONFLICT (watch_id, record_id) DO UPDATE SET due_at = excluded.due_at, version = excluded.version
    WHERE version <> excluded.version"""
SCHEDULE = "watch_id, record_id, due_at, version"
DUE = f"SELECT {SCHEDULE} FROM schedules WHERE due_at <= :now ORDER BY due_at LIMIT :limit"  # noqa: S608 - our columns
AS_SEEN = "WHERE watch_id = :watch_id AND record_id = :record_id AND version = :version"
ADVANCE = f"UPDATE schedules SET due_at = :due_at {AS_SEEN}"  # noqa: S608 - a condition of ours
PUT_RIGHT = f"{ADVANCE} AND due_at > :due_at"
REMOVE = f"DELETE FROM schedules {AS_SEEN}"  # noqa: S608 - a condition of ours
NEXT = """
    SELECT watch_id, record_id, due_at, version FROM schedules WHERE (watch_id, record_id) > (:watch_id, :record_id)
    ORDER BY watch_id, record_id LIMIT :limit"""
OF_WATCH = "SELECT count(*) FROM schedules WHERE watch_id = ? AND version = (SELECT version FROM watches WHERE id = ?)"
REMOVE_ONE = "DELETE FROM schedules WHERE watch_id = ? AND record_id = ?"


class SqliteSchedules(Adapter):
    def enrol(self, watch: Watch, schedules: Sequence[Schedule], *, up_to: Key | None) -> bool:
        at, name = (None, None) if up_to is None else up_to
        noted = {"enrolled": up_to is None, "enrolled_at": to_millis_or_none(at), "enrolled_id": name}
        values = [_values(each) for each in schedules]
        with self._connections.writing() as connection:
            if connection.execute(NOTE, noted | {"id": watch.id, "version": watch.version}).rowcount == 0:
                return False
            connection.executemany(ENROL, values)
        return True

    def due(self, *, now: datetime, limit: int) -> Sequence[Schedule]:
        return [_read(row) for row in self._connections.rows(DUE, {"now": to_millis(now), "limit": limit})]

    def advance(self, schedules: Sequence[Schedule]) -> None:
        self._change(ADVANCE, schedules)

    def remove(self, schedules: Sequence[Schedule]) -> None:
        self._change(REMOVE, schedules)

    def sweep(self, *, after: str, limit: int, now: datetime) -> str:
        watch_id, record_id = (after[:32], after[32:]) if after else ("", "")
        start = {"watch_id": short(watch_id), "record_id": short(record_id), "limit": limit}
        seen = [_read(row) for row in self._connections.rows(NEXT, start)]
        active = [watches.read(row) for row in self._connections.rows(watches.ACTIVE)]
        void, late = swept(seen, active, now)
        self._change(REMOVE, void)
        self._change(PUT_RIGHT, late)
        return seen[-1].watch_id + seen[-1].record_id if len(seen) == limit else ""

    def counts(self, watch_ids: Sequence[str]) -> Mapping[str, int]:
        return {each: self._connections.rows(OF_WATCH, (short(each), each))[0][0] for each in watch_ids}

    def _change(self, statement: str, schedules: Sequence[Schedule]) -> None:
        if schedules:
            with self._connections.writing() as connection:
                connection.executemany(statement, [_values(each) for each in schedules])


def remove_of_record(connection: Connection, record_id: str) -> None:
    """Remove the schedules of a record; those that are void go later."""
    ids = connection.execute("SELECT id FROM watches").fetchall()
    connection.executemany(REMOVE_ONE, [(short(watch_id), short(record_id)) for (watch_id,) in ids])


def _read(row: Row) -> Schedule:
    """The schedule in a row of the columns `SCHEDULE`."""
    return Schedule(long(row[0]), long(row[1]), from_millis(row[2]), row[3])


def _values(schedule: Schedule) -> dict[str, Any]:
    return {
        "watch_id": short(schedule.watch_id),
        "record_id": short(schedule.record_id),
        "due_at": to_millis(schedule.due_at),
        "version": schedule.version,
    }
