"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from inventory.events import documents
from inventory.events.documents import Document
from inventory.events.model import EventFilter, EventSearch
from inventory.listing import cursor_after, keyset_page
from inventory.services import services


def events(query: dict[str, Any]) -> Document:
    """One page of the log events that an `EventsQuery` means."""
    chosen = _chosen(query)
    if query["q"] or query["trace_id"]:
        search = EventSearch(query["limit"], query["q"] or "", query["trace_id"])
        found = services().events.search(chosen, search, after=query["cursor"])
        next_cursor = None if found.reached is None else cursor_after(found.reached)
        return {"events": list(map(documents.event_document, found.events)), "next_cursor": next_cursor}
    find = partial(services().events.listing, chosen)
    return keyset_page("events", query, find, documents.event_document, attrgetter("timestamp", "id"))


def stats(query: dict[str, Any]) -> Document:
    """How many log events a `FilterQuery` means, by level, by service and by hour."""
    return documents.stats_document(services().events.stats(_chosen(query)))


def _chosen(query: dict[str, Any]) -> EventFilter:
    return EventFilter(query["job"], query["level"], query["service"], query["since"], query["until"])
