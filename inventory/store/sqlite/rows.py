"""Rows of the SQLite store as values of the model, by position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inventory.listing import Key
from inventory.records import model
from inventory.records.model import Record, Snapshot, State, Target
from inventory.store.codecs import LARGEST, from_millis, millis, read_failure, to_millis
from inventory.store.frames import kept_content

RECORD = (
    "source, key, host, state, accepted_at, requested_at, due_at, attempt, fence, lease,"
    " first_collected_at, collected_at, snapshots, snapshot_id, failure, revalidate, bulk, owner"
)
RECORD_WIDTH = RECORD.count(",") + 1

AHEAD = f"due_at > :now + {millis(model.AHEAD)}"
"""What is due so late was written by a clock that was ahead, so it is due. It is searched for where room is left."""

SNAPSHOT = "id, record_id, collected_at, body_sha256, content"

_STATES = {state.value: state for state in State}


def columns(names: str, table: str) -> str:
    """The names with their table in front, for a join."""
    return ", ".join(f"{table}.{name.strip()}" for name in names.split(","))


def record(row: Sequence[Any]) -> Record:
    """The record in a row that begins with the columns `RECORD`."""
    due_at, first_collected_at, collected_at, failure = row[6], row[10], row[11], row[14]
    return Record(
        Target(row[0], row[1], row[2]),
        _STATES[row[3]],
        from_millis(row[4]),
        from_millis(row[5]),
        None if due_at is None else from_millis(due_at),
        row[7],
        row[8],
        row[9],
        None if first_collected_at is None else from_millis(first_collected_at),
        None if collected_at is None else from_millis(collected_at),
        row[12],
        row[13],
        None if failure is None else read_failure(failure),
        bool(row[15]),
        bool(row[16]),
        row[17],
    )


def snapshot(row: Sequence[Any]) -> Snapshot:
    """The snapshot in a row of the columns `SNAPSHOT`."""
    return Snapshot(row[0], row[1], from_millis(row[2]), kept_content(row[4]), row[3])


def page(limit: int, after: Key | None) -> dict[str, Any]:
    """The values of a listing: how many, and the instant and id after which it goes on (at first: later than any)."""
    instant, name = (LARGEST, "") if after is None else (to_millis(after[0]), after[1])
    return {"limit": limit, "instant": instant, "id": name}
