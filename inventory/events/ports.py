"""What log events need of a store: each method is one atomic statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from inventory.events.model import Event, EventFilter, EventSearch, EventStats, FoundEvents, PlainEvent
from inventory.listing import Key


class Events(Protocol):
    """Log events."""

    def add(self, events: Sequence[Event]) -> None:
        """Keep events durably; one whose id is kept already changes nothing."""

    def add_plain(self, job_id: str, events: Sequence[PlainEvent]) -> None:
        """The same with plain events of one job."""

    def listing(self, chosen: EventFilter, *, limit: int, after: Key | None) -> Sequence[Event]:
        """Events by (timestamp, job, line), newest first, those after `after`. The order of jobs is the store's own."""

    def search(self, chosen: EventFilter, search: EventSearch, *, after: Key | None) -> FoundEvents:
        """Those of the same events that a search looks for, until it is over."""

    def note_imports(self, *, after: str, limit: int, now: datetime) -> str:
        """Note `now` for those of the next `limit` jobs with events, after an id, that have no note yet.

        Returns the id where the next call continues, "" at the end.
        """

    def retire(self, *, before: datetime, limit: int) -> int:
        """Remove up to `limit` events of jobs that were noted before an instant; how many."""

    def stats(self, chosen: EventFilter, *, hours: int) -> EventStats:
        """Counts of the chosen events; of hours, the `hours` newest that have any."""
