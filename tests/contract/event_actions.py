"""What the tests do with log events, by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inventory.clock import EPOCH, MILLISECOND
from inventory.events.model import Event, EventFilter, PlainEvent
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


def plain(line: int, at: datetime = NOW, **fields: Any) -> PlainEvent:
    """The event of the same line as `event` as a plain one."""
    texts = {"level": "INFO", "service": "api", "message": f"line {line}", "attributes": "{}", "trace_id": None}
    return PlainEvent(**texts | fields, line=line, timestamp=(at - EPOCH) // MILLISECOND)


def listed(store: Store, chosen: EventFilter = EVERYTHING, *, limit: int = 100) -> list[Event]:
    """All pages, one after the other."""
    events: list[Event] = []
    position: Key | None = None
    while page := store.events.listing(chosen, limit=limit, after=position):
        assert len(page) <= limit
        events += page
        position = (page[-1].timestamp, page[-1].id)
    return events
