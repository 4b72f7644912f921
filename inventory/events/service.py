"""Log events: what was imported, listed and counted."""

from __future__ import annotations

from collections.abc import Sequence

from inventory.events.model import Event, EventFilter, EventStats
from inventory.events.ports import Events
from inventory.listing import Key

HOURS = 168
"""Hours that a statistic names at most: a week's, so that an answer stays small however long the logs reach back."""


class EventService:
    """Answers which events there are."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def listing(self, chosen: EventFilter, *, limit: int, after: Key | None) -> Sequence[Event]:
        """Events, newest first, from behind `after`."""
        return self._events.listing(chosen, limit=limit, after=after)

    def stats(self, chosen: EventFilter) -> EventStats:
        """Counts by level, by service and by the newest hours."""
        return self._events.stats(chosen, hours=HOURS)
