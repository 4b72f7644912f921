"""What log events need of a store: each method is one atomic statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inventory.events.model import Event, EventFilter, EventStats
from inventory.listing import Key


class Events(Protocol):
    """Log events."""

    def add(self, events: Sequence[Event]) -> None:
        """Keep events durably; one whose id is kept already changes nothing."""

    def listing(self, chosen: EventFilter, *, limit: int, after: Key | None) -> Sequence[Event]:
        """Events by (timestamp, id), newest first, those after `after`."""

    def stats(self, chosen: EventFilter, *, hours: int) -> EventStats:
        """Counts of the chosen events; of hours, the `hours` newest that have any."""
