"""How a log event is a row, and which conditions choose rows."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from inventory.events.model import Event, EventFilter, EventSearch
from inventory.listing import Key
from inventory.store.codecs import (
    LARGEST,
    content_bytes,
    instant_of,
    read_content,
    read_text,
    text_bytes,
    to_millis,
    to_millis_up,
)
from inventory.store.sqlite import event_jobs
from inventory.store.sqlite.connections import Row
from inventory.store.sqlite.job_columns import long, short
from inventory.store.sqlite.opening import Connection

EVENT = f"{event_jobs.ID}, line, timestamp, level, service, message, attributes, trace_id"
AFTER = f"(timestamp, events.job_id, line) < (:instant, {event_jobs.kept(':name')}, :line)"
ORDER = "timestamp DESC, events.job_id DESC, line DESC"


def searched(
    connection: Connection, statement: str, values: dict[str, Any], search: EventSearch, found: list[Event]
) -> Key | None:
    """Add what a search takes of the events of a statement; the position where it is over, None if it saw all."""
    with closing(connection.execute(statement, values)) as rows:
        for row in rows:
            if search.takes(read_text(row[5]) or ""):
                found.append(event_of(row))
            if search.is_over:
                return position_of(row)
    return None


def position_of(row: Row) -> Key:
    """The position of an event in a listing."""
    return instant_of(row[2]), f"{long(row[0])}-{row[1]:010d}"


def conditions_of(chosen: EventFilter) -> tuple[str, dict[str, Any]]:
    conditions = {
        f"events.job_id = {event_jobs.kept(':job_id')}": ("job_id", chosen.job_id and short(chosen.job_id)),
        "service = :service": ("service", text_bytes(chosen.service)),
        "level = :level": ("level", text_bytes(chosen.level)),
        "timestamp >= :since": ("since", None if chosen.since is None else to_millis_up(chosen.since)),
        "timestamp < :until": ("until", None if chosen.until is None else to_millis_up(chosen.until)),
    }
    chosen_by = {condition: pair for condition, pair in conditions.items() if pair[1] is not None}
    return " AND ".join(chosen_by) or "TRUE", dict(chosen_by.values())


def page(limit: int, after: Key | None) -> dict[str, Any]:
    position = {"instant": LARGEST, "name": b"", "line": 0} if after is None else _position(after)
    return position | {"limit": limit}


def _position(after: Key) -> dict[str, Any]:
    """After which event a page goes on: its instant, job and line. A text that is not an event's id ends the instant."""
    job_id, _, line = after[1].rpartition("-")
    number = int(line) if line.isascii() and line.isdigit() else 0
    name = short(job_id) or event_jobs.BEFORE_ALL
    return {"instant": to_millis(after[0]), "name": name, "line": min(number, LARGEST)}


def values_of(event: Event) -> Row:
    return (
        event.line,
        to_millis(event.timestamp),
        text_bytes(event.level),
        text_bytes(event.service),
        text_bytes(event.message),
        content_bytes(event.attributes),
        text_bytes(event.trace_id),
    )


def event_of(row: Row) -> Event:
    return Event(
        job_id=long(row[0]),
        line=row[1],
        timestamp=instant_of(row[2]),
        level=read_text(row[3]) or "",
        service=read_text(row[4]) or "",
        message=read_text(row[5]) or "",
        attributes=read_content(row[6]),
        trace_id=read_text(row[7]),
    )
