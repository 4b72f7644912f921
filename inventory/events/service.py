"""Lists and counts imported log events."""

from __future__ import annotations

from collections.abc import Sequence

from inventory.events.model import Event, EventFilter, EventSearch, EventStats, FoundEvents
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

    def search(self, chosen: EventFilter, search: EventSearch, *, after: Key | None) -> FoundEvents:
        """Those of the same events that a search looks for, as many as it finds before it is over."""
        return self._events.search(chosen, search, after=after)

    def stats(self, chosen: EventFilter) -> EventStats:
        """Counts by level, by service and by the newest hours."""
        return self._events.stats(chosen, hours=MAX_HOURS)
