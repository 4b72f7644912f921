"""Lists and counts imported log events."""

from __future__ import annotations

from collections.abc import Sequence

from inventory.events.model import Event, EventFilter, EventStats, FoundEvents, TextSearch
from inventory.events.ports import Events
from inventory.listing import Key

MAX_HOURS = 168
"""Hours that a statistic names: those of a week, so that an answer stays small however old the logs are."""


class EventService:
    """The log events that were imported."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def listing(self, chosen: EventFilter, *, limit: int, after: Key | None) -> Sequence[Event]:
        """Events, newest first, those after the position `after`."""
        return self._events.listing(chosen, limit=limit, after=after)

    def search(self, chosen: EventFilter, text: str, *, limit: int, after: Key | None) -> FoundEvents:
        """The same events whose messages have a text, as many as a bounded search finds."""
        return self._events.search(chosen, TextSearch(text, limit), after=after)

    def stats(self, chosen: EventFilter) -> EventStats:
        """Counts by level, by service and by the newest hours."""
        return self._events.stats(chosen, hours=MAX_HOURS)
