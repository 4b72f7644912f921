"""Records: looking up, accepting, listing and deleting. Their collections are in `ledger`."""
# ruff: noqa: S608 - nothing but our own lists of columns and conditions is put into a statement

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from inventory.cdx.model import urlkey_of
from inventory.clock import truncated
from inventory.listing import Key
from inventory.records.model import Acceptance, Record, RecordFilter, RecordTotals, RecordWithSnapshot, State, Status, Target
from inventory.store.codecs import from_millis, to_millis, to_millis_up
from inventory.store.frames import body_or_text
from inventory.store.group_commit import GroupCommit, Take
from inventory.store.sqlite import observing, rows, snapshots
from inventory.store.sqlite.connections import TIMEOUT, Connections, Row
from inventory.store.sqlite.ledger import Ledger
from inventory.store.sqlite.numbers import Numbers
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.schedules import remove_of_record
from inventory.store.turns import each_owner

FIND = f"SELECT {rows.RECORD} FROM records WHERE id = ?"
FIND_IDS = "SELECT id FROM records WHERE id IN (SELECT value FROM json_each(?))"
FIND_ALL = f"SELECT {rows.RECORD}, id FROM records WHERE id IN (SELECT value FROM json_each(?))"

LOOK_UP = f"""
    SELECT {rows.columns(rows.RECORD, "r")}, b.form, b.bytes, {rows.columns(rows.SNAPSHOT, "s")}
    FROM records r LEFT JOIN snapshots s ON s.id = r.snapshot_id LEFT JOIN bodies b ON b.sha256 = s.body_sha256
    WHERE r.id = ?"""

UNFINISHED = """
    SELECT id, CASE state WHEN 'pending' THEN due_at END FROM records WHERE id IN (SELECT value FROM json_each(?))
    AND state IN ('pending', 'running') AND (collected_at IS NULL OR collected_at < ?)"""

INSERT_NEW = """
    INSERT INTO records
    (id, source, key, host, state, accepted_at, requested_at, due_at, attempt, fence, snapshots, bulk, indexed, owner,
     urlkey)
    VALUES (:id, :source, :key, :host, 'pending', :now, :now, :now, 0, 0, 0, :bulk, TRUE, :owner, :urlkey)"""
INSERT = f"{INSERT_NEW} ON CONFLICT (id) DO NOTHING RETURNING {rows.RECORD}"

ACCEPT_AGAIN = f"""
    UPDATE records SET state = 'pending', requested_at = :now, due_at = :now, attempt = 0,
    revalidate = :revalidate, bulk = :bulk, owner = :owner
    WHERE id = :id AND fence = :fence AND state IN ('stored', 'failed') RETURNING {rows.RECORD}"""

ACCEPT_SOONER = f"""
    UPDATE records SET revalidate = revalidate AND :revalidate, bulk = FALSE
    WHERE id = :id AND state IN ('pending', 'running') AND (bulk OR revalidate AND NOT :revalidate)
    RETURNING {rows.RECORD}"""

LISTING = f"""
    SELECT {rows.RECORD} FROM records {{by}} WHERE {{chosen}} AND (accepted_at, id) < (:instant, :id)
    ORDER BY accepted_at DESC, id DESC LIMIT :limit"""

REFRESHED = f"""
    SELECT {rows.columns(rows.RECORD, "r")}, {rows.columns(rows.SNAPSHOT, "s")}
    FROM (SELECT id FROM records WHERE source = ? AND snapshot_id IS NOT NULL ORDER BY collected_at DESC, id LIMIT ?) latest
    CROSS JOIN records r ON r.id = latest.id JOIN snapshots s ON s.id = r.snapshot_id
    ORDER BY r.collected_at DESC, r.id"""
"""The ids are chosen first: SQLite would read and sort the snapshots of all otherwise."""

Wanted = tuple[Sequence[tuple[Target, Record | None]], Sequence[str], Mapping[str, Any]]
"""Targets to accept, each with the record that was seen of it; their owners, and the other values of the statements."""

STATUS = {
    Status.STORED: "snapshot_id IS NOT NULL",
    Status.PENDING: "snapshot_id IS NULL AND (state = 'failed') = FALSE",
    Status.FAILED: "snapshot_id IS NULL AND (state = 'failed') = TRUE",
}

TOTAL = "SELECT count(*) FROM records"
COUNTED = {
    "pending": "records INDEXED BY records_due WHERE state = 'pending'",
    "running": "records INDEXED BY records_running WHERE state = 'running'",
    "failed": f"records INDEXED BY records_unstored WHERE {STATUS[Status.FAILED]}",
}
COUNT_UP_TO = "SELECT count(*) FROM (SELECT 1 FROM {chosen} LIMIT ?)"

SNAPSHOTS = "SELECT id FROM snapshots WHERE record_id = ?"


class SqliteRecords(Ledger):
    is_local = True

    def __init__(self, connections: Connections, numbers: Numbers) -> None:
        super().__init__(connections, numbers)
        alone = connections.is_together
        self._acceptances = GroupCommit(self._accept_group, timeout=TIMEOUT, too_late=connections.busy, alone=alone)

    def look_up(self, record_id: str) -> RecordWithSnapshot | None:
        found = self._connections.rows(LOOK_UP, (record_id,))
        if not found:
            return None
        row = found[0]
        form, kept, *columns = row[rows.RECORD_WIDTH :]
        snapshot = None if columns[0] is None else rows.snapshot(columns)
        return RecordWithSnapshot(rows.record(row), snapshot, *body_or_text(form, kept))

    def find(self, record_id: str) -> Record | None:
        found = self._connections.rows(FIND, (record_id,))
        return rows.record(found[0]) if found else None

    def reading(self) -> AbstractContextManager[None]:
        return self._connections.reading()

    def together(self) -> AbstractContextManager[None]:
        return self._connections.together()

    def accept(
        self, target: Target, *, now: datetime, seen: Record | None, revalidate: bool = False, owner: str = ""
    ) -> Acceptance:
        values = {"now": to_millis(now), "revalidate": revalidate, "bulk": False}
        return self._acceptances(([(target, seen)], (owner,), values))[0]

    def accept_each(
        self, wanted: Sequence[tuple[Target, Record | None]], *, now: datetime, owners: Sequence[str] | None = None
    ) -> Sequence[Acceptance]:
        values = {"now": to_millis(now), "revalidate": True, "bulk": False}
        return self._acceptances((wanted, each_owner(owners, len(wanted)), values))

    def _accept_group(self, take: Take[Wanted], timeout: float) -> Sequence[Sequence[Acceptance]]:
        with self._connections.writing(timeout) as connection:
            return [
                [_accept_for_lookup(connection, values, *each, owner) for each, owner in zip(wanted, owners, strict=True)]
                for wanted, owners, values in take()
            ]

    def find_all(self, record_ids: Sequence[str]) -> Mapping[str, Record]:
        found = self._connections.rows(FIND_ALL, (json.dumps(record_ids),))
        return {row[rows.RECORD_WIDTH]: rows.record(row) for row in found}

    def unfinished(self, record_ids: Sequence[str], *, since: datetime) -> Mapping[str, datetime | None]:
        found = self._connections.rows(UNFINISHED, (json.dumps(record_ids), to_millis_up(since)))
        return {record_id: None if due_at is None else from_millis(due_at) for record_id, due_at in found}

    def accept_all(
        self, wanted: Sequence[tuple[Target, Record | None]], *, now: datetime, owners: Sequence[str] | None = None
    ) -> Sequence[Acceptance]:
        """Most targets of a job are new. What is inserted need not be read back, which halves the time."""
        values = {"now": to_millis(now), "revalidate": True, "bulk": True}
        ids = [target.id for target, _ in wanted]
        owned = dict(zip(reversed(ids), reversed(each_owner(owners, len(ids))), strict=True))  # the first one counts
        with self._connections.writing() as connection:
            known = {row[0] for row in connection.execute(FIND_IDS, (json.dumps(ids),))}
            new = {each: target for each, (target, _) in zip(ids, wanted, strict=True) if each not in known}
            rows_of_new = [_columns(each, target, owned[each]) | values for each, target in new.items()]
            connection.executemany(INSERT_NEW, rows_of_new)
            return [
                _accept_known(connection, record_id, seen, values | {"owner": owned[record_id]})
                if record_id in known
                else _inserted(target, now, owned[record_id], accepted=new.pop(record_id, None) is not None)
                for record_id, (target, seen) in zip(ids, wanted, strict=True)
            ]

    def listing(self, chosen: RecordFilter, *, limit: int, after: Key | None) -> Sequence[Record]:
        statement, values = listing_statement(chosen)
        return [rows.record(row) for row in self._connections.rows(statement, values | rows.page(limit, after))]

    def refreshed(self, source: str, *, limit: int) -> Sequence[RecordWithSnapshot]:
        found = self._connections.rows(REFRESHED, (source, limit))
        width = rows.RECORD_WIDTH
        return [RecordWithSnapshot(rows.record(row), rows.snapshot(row[width:]), None) for row in found]

    def tally(self, source: str) -> Mapping[Status, int]:
        counts = {
            status: self._connections.rows(f"SELECT count(*) FROM records WHERE source = ? AND {condition}", (source,))[0][0]
            for status, condition in STATUS.items()
        }
        return {status: count for status, count in counts.items() if count}

    def totals(self, *, up_to: int) -> RecordTotals:
        statements = {name: COUNT_UP_TO.format(chosen=chosen) for name, chosen in COUNTED.items()}
        found = {name: self._connections.rows(each, (up_to,))[0][0] for name, each in statements.items()}
        waiting = min(up_to, found["pending"] + found["running"])
        return RecordTotals(total=self._connections.rows(TOTAL)[0][0], waiting=waiting, failed=found["failed"])

    def delete(self, record_id: str) -> bool:
        with self._connections.writing() as connection:
            deleted = connection.execute("DELETE FROM records WHERE id = ? RETURNING target_no", (record_id,)).fetchall()
            snapshots.remove(connection, [row[0] for row in connection.execute(SNAPSHOTS, (record_id,)).fetchall()])
            if deleted and deleted[0][0] is not None:
                observing.remove(connection, deleted[0][0])
            connection.execute("DELETE FROM set_aside WHERE record_id = ?", (record_id,))
            remove_of_record(connection, record_id)
        return len(deleted) == 1


def _accept_for_lookup(
    connection: Connection, values: Mapping[str, Any], target: Target, seen: Record | None, owner: str
) -> Acceptance:
    accepted = _accept(connection, target, seen, owner, values)
    found = accepted or connection.execute(ACCEPT_SOONER, {"id": target.id, **values}).fetchall()
    found = found or connection.execute(FIND, (target.id,)).fetchall()
    return Acceptance(rows.record(found[0]), bool(accepted))


def _accept(connection: Connection, target: Target, seen: Record | None, owner: str, wanted: Mapping[str, Any]) -> list[Row]:
    """The record in a list, if this call accepts it, as `wanted`."""
    values = {**_columns(target.id, target, owner), **wanted}
    inserted = connection.execute(INSERT, values).fetchall()
    if inserted or seen is None:
        return inserted
    return connection.execute(ACCEPT_AGAIN, values | {"fence": seen.fence}).fetchall()


def _accept_known(connection: Connection, record_id: str, seen: Record | None, wanted: Mapping[str, Any]) -> Acceptance:
    values = {"id": record_id, **wanted}
    again = [] if seen is None else connection.execute(ACCEPT_AGAIN, values | {"fence": seen.fence}).fetchall()
    found = again or connection.execute(FIND, (record_id,)).fetchall()
    return Acceptance(rows.record(found[0]), bool(again))


def _columns(record_id: str, target: Target, owner: str) -> dict[str, Any]:
    named = {"id": record_id, "source": target.source, "key": target.key, "host": target.host}
    return named | {"owner": owner, "urlkey": urlkey_of(target)}


def _inserted(target: Target, now: datetime, owner: str, *, accepted: bool) -> Acceptance:
    at = truncated(now)
    record = Record(target, State.PENDING, at, at, at, attempt=0, fence=0, bulk=True, owner=owner)
    return Acceptance(record, accepted)


def listing_statement(chosen: RecordFilter) -> tuple[str, dict[str, Any]]:
    """The statement of a listing, and its values but for the page."""
    equal = {"source": chosen.source, "host": chosen.host}
    values = {name: value for name, value in equal.items() if value is not None}
    conditions = [f"{name} = :{name}" for name in values] + ([STATUS[chosen.status]] if chosen.status is not None else [])
    # A host has few records among a million, which SQLite cannot know without statistics.
    by = "INDEXED BY records_of_host" if chosen.host is not None else ""
    return LISTING.format(by=by, chosen=" AND ".join(conditions) or "TRUE"), values
