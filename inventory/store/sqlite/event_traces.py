"""Finds the events of a trace in one statement, which goes minute by minute.

An index in the order of traces would be written to all over by each import. This one is in the order of minutes, and of
traces within each, so that what is written at one time is in one place.
"""
# ruff: noqa: S608 - nothing but our own lists of columns and conditions is put into a statement

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from inventory.events.model import MAX_SEARCHED, Event, EventFilter, EventSearch, FoundEvents
from inventory.listing import Key
from inventory.store.codecs import LARGEST, instant_of, read_text, text_bytes, to_millis_up
from inventory.store.sqlite import event_jobs
from inventory.store.sqlite.connections import Row
from inventory.store.sqlite.event_rows import EVENT, ORDER, conditions_of, event_of, page, position_of
from inventory.store.sqlite.opening import Connection

MINUTE = 60_000
"""Milliseconds."""
MINUTE_BEFORE = f"""
    SELECT timestamp / {MINUTE} FROM events INDEXED BY events_of_trace
    WHERE trace_id IS NOT NULL AND timestamp / {MINUTE} < {{minute}} AND timestamp / {MINUTE} >= :first
    ORDER BY timestamp / {MINUTE} DESC LIMIT 1"""
NEXT = f"""
    SELECT events.job_id, line FROM events INDEXED BY events_of_trace
    WHERE timestamp / {MINUTE} = walk.minute AND trace_id = :trace_id AND {{chosen}}
        AND (timestamp, events.job_id, line) < (walk.instant, walk.job, walk.number)
    ORDER BY {ORDER} LIMIT 1"""
# Each row of `walk` is an event, or else a minute where it goes on; its last one has no minute.
OF_TRACE = f"""
    WITH RECURSIVE walk (minute, instant, job, number, is_event) AS (
        SELECT ({MINUTE_BEFORE.format(minute=":minute")}), :instant, {event_jobs.kept(":name")}, :line, FALSE
        UNION ALL
        SELECT
            iif(next.line IS NULL, ({MINUTE_BEFORE.format(minute="walk.minute")}), walk.minute),
            coalesce(next.timestamp, walk.instant),
            coalesce(next.job_id, walk.job),
            coalesce(next.line, walk.number),
            next.line IS NOT NULL
        FROM walk LEFT JOIN events AS next ON (next.job_id, next.line) = ({NEXT})
        WHERE walk.minute IS NOT NULL
        LIMIT :limit + 1
    )
    SELECT {EVENT}, walk.minute
    FROM walk LEFT JOIN events ON walk.is_event AND events.job_id = walk.job AND events.line = walk.number"""


def traced(connection: Connection, chosen: EventFilter, search: EventSearch, after: Key | None) -> FoundEvents:
    """The events of a trace after a position, of the minutes that have events with a trace, and how far it came."""
    statement, values = trace_statement(chosen)
    values |= page(MAX_SEARCHED, after) | {"trace_id": text_bytes(search.trace_id)}
    with closing(connection.execute(statement, values | _bounds(chosen, values["instant"]))) as rows:
        events: list[Event] = []
        return FoundEvents(events, _searched(rows, search, events))


def trace_statement(chosen: EventFilter) -> tuple[str, dict[str, Any]]:
    """The statement that finds the events of a trace, and its values but for trace, minutes and page."""
    conditions, values = conditions_of(chosen)
    # The index has the order of the listing, which SQLite sees only where no column is known to be constant.
    return OF_TRACE.format(chosen=conditions.replace("events.job_id = ", "+events.job_id = ")), values


def _searched(rows: Iterator[Row], search: EventSearch, found: list[Event]) -> Key | None:
    """Add what a search takes of the rows; the position where it is over, None if it saw all."""
    minute = next(rows)[-1]
    for row in rows:
        is_event = row[1] is not None
        if not is_event:
            search.skip()
        elif search.takes(read_text(row[5]) or ""):
            found.append(event_of(row))
        if search.is_over:
            return position_of(row) if is_event else _before(minute)
        minute = row[-1]
    return None


def _bounds(chosen: EventFilter, newest: int) -> dict[str, int]:
    """The first minute that may be chosen, and the one after the last."""
    since, until = chosen.since, chosen.until
    end = newest if until is None else min(newest, to_millis_up(until))
    return {"first": -LARGEST if since is None else _minute(to_millis_up(since)), "minute": _minute(end) + 1}


def _minute(millis: int) -> int:
    """The minute as SQLite divides: towards 1970."""
    return millis // MINUTE if millis >= 0 else -(-millis // MINUTE)


def _before(minute: int) -> Key | None:
    """The position before all events of a minute; None if that is before the calendar."""
    try:
        return instant_of(minute * MINUTE if minute > 0 else (minute - 1) * MINUTE + 1), ""
    except OverflowError:
        return None
