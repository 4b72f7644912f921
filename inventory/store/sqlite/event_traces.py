"""Finds the events of a trace, minute by minute.

An index in the order of traces would be written to all over by each import. This one is in the order of minutes, and of
traces within each, so that what is written at one time is in one place.
"""
# ruff: noqa: S608 - nothing but our own lists of columns and conditions is put into a statement

from __future__ import annotations

from typing import Any

from inventory.events.model import MAX_SEARCHED, Event, EventFilter, EventSearch, FoundEvents
from inventory.listing import Key
from inventory.store.codecs import LARGEST, instant_of, text_bytes, to_millis_up
from inventory.store.sqlite.event_rows import AFTER, EVENT, ORDER, conditions_of, page, searched
from inventory.store.sqlite.opening import Connection

MINUTE = 60_000
"""Milliseconds."""
OF_TRACE = f"""
    SELECT {EVENT} FROM events INDEXED BY events_of_trace
    WHERE timestamp / {MINUTE} = :minute AND trace_id = :trace_id AND {{chosen}}
        AND {AFTER}
    ORDER BY {ORDER} LIMIT :limit"""
MINUTE_BEFORE = f"""
    SELECT timestamp / {MINUTE} FROM events INDEXED BY events_of_trace
    WHERE trace_id IS NOT NULL AND timestamp / {MINUTE} < :minute ORDER BY timestamp / {MINUTE} DESC LIMIT 1"""


class TraceSearch:
    """Looks for the events of a trace in the minutes that have events with a trace, newest first."""

    def __init__(self, connection: Connection, chosen: EventFilter, search: EventSearch) -> None:
        self._connection, self._chosen, self._search = connection, chosen, search

    def found(self, after: Key | None) -> FoundEvents:
        """The events after a position, and how far it came."""
        statement, values = trace_statement(self._chosen)
        values |= page(MAX_SEARCHED, after) | {"trace_id": text_bytes(self._search.trace_id)}
        first, minute = self._bounds(values["instant"])
        events: list[Event] = []
        while minute is not None and minute >= first:
            reached = searched(self._connection, statement, values | {"minute": minute}, self._search, events)
            if reached is not None:
                return FoundEvents(events, reached)
            self._search.skip()
            if self._search.is_over:
                return FoundEvents(events, _before(minute))
            minute = self._minute_before(minute)
        return FoundEvents(events, None)

    def _bounds(self, newest: int) -> tuple[int, int | None]:
        """The first minute that may be chosen, and the last with an event; None if there is none."""
        since, until = self._chosen.since, self._chosen.until
        first = -LARGEST if since is None else _minute(to_millis_up(since))
        end = newest if until is None else min(newest, to_millis_up(until))
        return first, self._minute_before(_minute(end) + 1)

    def _minute_before(self, minute: int) -> int | None:
        row = self._connection.execute(MINUTE_BEFORE, {"minute": minute}).fetchone()
        return None if row is None else int(row[0])


def trace_statement(chosen: EventFilter) -> tuple[str, dict[str, Any]]:
    """The statement that finds the events of a trace in a minute, and its values but for trace, minute and page."""
    conditions, values = conditions_of(chosen)
    # The index has the order of the listing, which SQLite sees only where no column is known to be constant.
    return OF_TRACE.format(chosen=conditions.replace("events.job_id = ", "+events.job_id = ")), values


def _minute(millis: int) -> int:
    """The minute as SQLite divides: towards 1970."""
    return millis // MINUTE if millis >= 0 else -(-millis // MINUTE)


def _before(minute: int) -> Key | None:
    """The position before all events of a minute; None if that is before the calendar."""
    try:
        return instant_of(minute * MINUTE if minute > 0 else (minute - 1) * MINUTE + 1), ""
    except OverflowError:
        return None
