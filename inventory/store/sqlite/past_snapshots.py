"""Adding snapshots that were not collected here: one transaction each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inventory.cdx.model import urlkey_of
from inventory.records.model import Added, PastSnapshot, Record, State
from inventory.store.codecs import failure_bytes, to_millis
from inventory.store.frames import keep_body, keep_content
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Connections
from inventory.store.sqlite.ledger import attach
from inventory.store.sqlite.new_bodies import INSERT_BODY
from inventory.store.sqlite.opening import Connection

FIND = f"SELECT {rows.RECORD} FROM records WHERE id = :record_id"  # noqa: S608 - our own list of columns
SAME = "SELECT record_id = :record_id AND collected_at = :at FROM snapshots WHERE id = :id"
LATER = "SELECT count(*) FROM snapshots WHERE record_id = :record_id AND collected_at > :at"
INSERT_RECORD = """
    INSERT INTO records
    (id, source, key, host, state, accepted_at, requested_at, due_at, attempt, fence, snapshots, bulk, indexed, owner,
     urlkey)
    VALUES (:record_id, :source, :key, :host, 'stored', :now, :now, NULL, 0, 0, 0, FALSE, NULL, '', :urlkey)"""
INSERT_SNAPSHOT = """
    INSERT INTO snapshots (id, record_id, collected_at, body_sha256, content)
    VALUES (:id, :record_id, :at, :body_sha256, :content)"""
FOLLOW = """
    UPDATE records SET snapshots = snapshots + 1, first_collected_at = min(coalesce(first_collected_at, :at), :at),
    indexed = NULL WHERE id = :record_id"""
NAME = """
    UPDATE records SET snapshot_id = :id, collected_at = :at, state = :state, failure = :failure WHERE id = :record_id"""


def add(connections: Connections, past: PastSnapshot, keep: int, now: datetime) -> Added:
    """Add one, unless it is there or as many later ones are as are kept."""
    target, snapshot = past.target, past.snapshot
    form, body = keep_body(past.body)
    values = {
        "id": snapshot.id,
        "record_id": target.id,
        "source": target.source,
        "key": target.key,
        "host": target.host,
        "urlkey": urlkey_of(target),
        "at": to_millis(snapshot.collected_at),
        "now": to_millis(now),
        "body_sha256": snapshot.body_sha256,
        "body": body,
        "body_form": form,
        "content": keep_content(snapshot.content),
    }
    with connections.writing() as connection:
        if same := connection.execute(SAME, values).fetchall():
            return Added.KNOWN if same[0][0] else Added.TAKEN
        if connection.execute(LATER, values).fetchone()[0] >= keep:
            return Added.SURPLUS
        _add(connection, past, values)
    return Added.ADDED


def _add(connection: Connection, past: PastSnapshot, values: dict[str, Any]) -> None:
    if not (found := connection.execute(FIND, values).fetchall()):
        connection.execute(INSERT_RECORD, values)
        found = connection.execute(FIND, values).fetchall()
    record = rows.record(found[0])
    connection.execute(INSERT_BODY, values)
    connection.execute(INSERT_SNAPSHOT, values)
    attach(connection, past.snapshot.id, past.attachments)
    connection.execute(FOLLOW, values)
    if record.collected_at is None or past.snapshot.collected_at > record.collected_at:
        connection.execute(NAME, values | _after(record, past.snapshot.collected_at))


def _after(record: Record, at: datetime) -> dict[str, Any]:
    """The state and the failure of a record whose latest snapshot is now of this instant."""
    ends = record.failure is not None and record.failure.at <= at
    state = State.STORED if ends and record.state is State.FAILED else record.state
    return {"state": state.value, "failure": None if ends else failure_bytes(record.failure)}
