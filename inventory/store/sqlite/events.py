"""Log events, each kept under its job's id and its line."""
# ruff: noqa: S608 - nothing but our own lists of columns and conditions is put into a statement

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from inventory.events.model import (
    MAX_LEVELS,
    MAX_SEARCHED,
    Event,
    EventFilter,
    EventSearch,
    EventStats,
    FoundEvents,
    PlainEvent,
)
from inventory.listing import Key
from inventory.store.codecs import LARGEST, newest_hours, read_text, to_millis
from inventory.store.sqlite import event_jobs
from inventory.store.sqlite.connections import TIMEOUT, Adapter, Borrowed, Row
from inventory.store.sqlite.event_rows import AFTER, EVENT, ORDER, conditions_of, event_of, page, searched, values_of
from inventory.store.sqlite.event_traces import traced
from inventory.store.sqlite.job_columns import long, short
from inventory.store.sqlite.opening import Connection

HOUR = 3_600_000
"""Milliseconds."""

COLUMNS = "job_id, line, timestamp, level, service, message, attributes, trace_id"
# A text is bound at once, and becomes a blob here: for each `bytes` `sqlite3` looks for an adapter (2 of 8 µs an event).
VALUES = f"(?1, ?, ?, {', '.join(['CAST(? AS BLOB)'] * 5)})"
ADD = f"INSERT OR IGNORE INTO events ({COLUMNS}) VALUES {VALUES}"
TOGETHER = 50
"""Events of one statement: it opens the table and its indexes once for all of them (1.5 of 7 µs an event)."""
ADD_TOGETHER = f"{ADD}{f', {VALUES}' * (TOGETHER - 1)}"
ROOM = "PRAGMA cache_size = -16000"  # KB
"""So much one transaction changes where other jobs have events of the same time: pages that do not fit are written twice."""
LISTING = f"""
    SELECT {EVENT} FROM events INDEXED BY {{index}}
    WHERE {{chosen}} AND {AFTER}
    ORDER BY {ORDER} LIMIT :limit"""
COUNTS = "SELECT {name}, NULL, count(*) FROM events INDEXED BY {index} WHERE {chosen} GROUP BY {name}"
HOURS = f"""
    SELECT timestamp - (timestamp % {HOUR} + {HOUR}) % {HOUR} AS hour, level, count(*)
    FROM events INDEXED BY {{index}} WHERE {{chosen}} GROUP BY hour, level ORDER BY hour DESC LIMIT :hours * {MAX_LEVELS}"""

NEXT_JOB = f"SELECT {event_jobs.ID} FROM events WHERE job_id > {event_jobs.kept(':job_id')} ORDER BY job_id LIMIT 1"
NOTED = "SELECT 1 FROM event_imports WHERE job_id = :job_id"
NOTE = "INSERT OR IGNORE INTO event_imports (job_id, noted_at) VALUES (?, ?)"
OLDEST_NOTE = "SELECT job_id FROM event_imports WHERE noted_at < :before ORDER BY noted_at LIMIT 1"
OF_JOB = f"job_id = {event_jobs.kept(':job_id')}"
LAST_RETIRED = f"SELECT line FROM events WHERE {OF_JOB} ORDER BY line LIMIT 1 OFFSET :limit"
RETIRE = f"DELETE FROM events WHERE {OF_JOB} AND line <= :line"
FORGET = ("DELETE FROM event_imports WHERE job_id = :job_id", event_jobs.FORGET_NUMBER)

INDEXES = {"job_id": "events_of_job", "service": "events_of_service", "level": "events_of_level"}
"""The index for each condition, the one that leaves fewest events first; each has the other columns to be chosen by too."""
DEFAULT_INDEX = "events_listed"


class SqliteEvents(Adapter):
    def add(self, events: Sequence[Event]) -> None:
        of_jobs: dict[str, list[Row]] = {}
        for event in events:
            of_jobs.setdefault(event.job_id, []).append(values_of(event))
        if of_jobs:
            with self._connections.writing() as connection:
                for job_id, rows in of_jobs.items():
                    _add(connection, job_id, rows)

    def add_plain(self, job_id: str, events: Sequence[PlainEvent]) -> None:
        with self._connections.writing() as connection:
            _add(connection, job_id, events)

    def listing(self, chosen: EventFilter, *, limit: int, after: Key | None) -> Sequence[Event]:
        statement, values = listing_statement(chosen)
        return [event_of(row) for row in self._connections.rows(statement, values | page(limit, after))]

    def search(self, chosen: EventFilter, search: EventSearch, *, after: Key | None) -> FoundEvents:
        with Borrowed(self._connections, TIMEOUT) as connection:
            if search.trace_id is not None:
                return traced(connection, chosen, search, after)
            found: list[Event] = []
            statement, values = listing_statement(chosen)
            return FoundEvents(found, searched(connection, statement, values | page(MAX_SEARCHED, after), search, found))

    def note_imports(self, *, after: str, limit: int, now: datetime) -> str:
        last: bytes | str | int = short(after) or event_jobs.BEFORE_ALL
        new: list[tuple[bytes, int]] = []
        for _ in range(limit):
            found = self._connections.rows(NEXT_JOB, {"job_id": last})
            if not found:
                after = ""
                break
            job_id = last = found[0][0]
            after = long(job_id)
            if not self._connections.rows(NOTED, {"job_id": job_id}):
                new.append((job_id, to_millis(now)))
        if new:
            with self._connections.writing() as connection:
                connection.executemany(NOTE, new)
        return after

    def retire(self, *, before: datetime, limit: int) -> int:
        removed, old = 0, {"before": to_millis(before)}
        if not self._connections.rows(OLDEST_NOTE, old):
            return 0
        with self._connections.writing() as connection:
            while removed < limit and (oldest := connection.execute(OLDEST_NOTE, old).fetchone()):
                job = {"job_id": oldest[0]}
                last = connection.execute(LAST_RETIRED, job | {"limit": limit - removed - 1}).fetchone()
                removed += connection.execute(RETIRE, job | {"line": LARGEST if last is None else last[0]}).rowcount
                if last is None:
                    for statement in FORGET:
                        connection.execute(statement, job)
        return removed

    def stats(self, chosen: EventFilter, *, hours: int) -> EventStats:
        statements, values = stats_statements(chosen)
        # One statement, so that all three count the same events.
        every = " UNION ALL ".join(f"SELECT {number}, * FROM ({each})" for number, each in enumerate(statements))
        found = self._connections.rows(every, values | {"hours": hours})
        levels, services, groups = ([row[1:] for row in found if row[0] == number] for number in range(3))
        return EventStats(
            total=sum(count for *_, count in levels),
            by_level={read_text(level) or "": count for level, _, count in levels},
            by_service={read_text(service) or "": count for service, _, count in services},
            by_hour=newest_hours(groups, hours),
        )


def _add(connection: Connection, job_id: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    connection.execute(ROOM)
    job = event_jobs.kept_id(connection, job_id)
    whole = len(rows) // TOGETHER * TOGETHER
    groups = ([job, *chain.from_iterable(rows[at : at + TOGETHER])] for at in range(0, whole, TOGETHER))
    connection.executemany(ADD_TOGETHER, groups)
    connection.executemany(ADD, ((job, *row) for row in rows[whole:]))


def listing_statement(chosen: EventFilter) -> tuple[str, dict[str, Any]]:
    """The statement of a listing, and its values but for the page."""
    conditions, values = conditions_of(chosen)
    return LISTING.format(index=_index(values) or DEFAULT_INDEX, chosen=conditions), values


def stats_statements(chosen: EventFilter) -> tuple[Sequence[str], dict[str, Any]]:
    """The statements that count by level, by service and by hour, and their values but for `hours`.

    Without conditions each reads the index in whose order it counts; else all read the one that leaves fewest events.
    """
    conditions, values = conditions_of(chosen)
    index = _index(values) or (DEFAULT_INDEX if values else None)
    by_level, by_service = (
        COUNTS.format(name=name, index=index or INDEXES[name], chosen=conditions) for name in ("level", "service")
    )
    return [by_level, by_service, HOURS.format(index=index or DEFAULT_INDEX, chosen=conditions)], values


def _index(values: dict[str, Any]) -> str | None:
    return next((index for name, index in INDEXES.items() if name in values), None)
