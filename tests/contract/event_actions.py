"""What the tests do with log events, by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inventory.events.model import Event, EventFilter
from inventory.listing import Key
from inventory.store import Store
from tests.contract.actions import NOW

JOB, OTHER = "a" * 32, "b" * 32
EVERYTHING = EventFilter()


def event(line: int, at: datetime = NOW, **fields: Any) -> Event:
    return Event(
        **{"job_id": JOB, "level": "INFO", "service": "api", "message": f"line {line}", "attributes": {}} | fields,
        line=line,
        timestamp=at,
    )


def listed(store: Store, chosen: EventFilter = EVERYTHING, *, limit: int = 100) -> list[Event]:
    """All pages, one after the other."""
    events: list[Event] = []
    position: Key | None = None
    while page := store.events.listing(chosen, limit=limit, after=position):
        assert len(page) <= limit
        events += page
        position = (page[-1].timestamp, page[-1].id)
    return events
