"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from inventory.errors import NotFound
from inventory.listing import keyset_page
from inventory.records.model import Target
from inventory.services import services
from inventory.webpages import documents
from inventory.webpages.documents import Document
from inventory.webpages.lookup import SOURCE


def record(query: dict[str, Any]) -> Document:
    """What is stored of the URL of a `LookupQuery`: its record, or the promise of it. Nothing is collected or noted.

    Raises `NotInInventory` if nothing is known of it, and `CollectionFailed` if that is all there is.
    """
    records = services().records
    found = records.look_up(target("read", query["url"]), max_age=query.get("max_age"), collect=False)
    if not found.ready:
        return documents.pending_document(found.record, records.clock())
    return documents.record_document(found.found, stale=found.stale, fields=chosen_fields(query))


def snapshots(query: dict[str, Any]) -> Document:
    """One page of the snapshots that a `SnapshotsQuery` means, without page source."""
    of = target("read", query["url"])
    find, document = partial(services().records.snapshots, of), partial(documents.snapshot_document, of)
    return keyset_page("snapshots", query, find, document, attrgetter("collected_at", "id"))


def snapshot(snapshot_id: str) -> Document:
    """One snapshot, whole; `NotFound` also if it is beyond the caller's limits."""
    of, found, body = services().records.snapshot(snapshot_id)
    if of.source != SOURCE or not services().limits.admit("read", of):
        raise NotFound(f"There is no snapshot {snapshot_id} of a webpage.")
    return documents.whole_snapshot(of, found, body)


def target(verb: str, url: str) -> Target:
    """The target of a URL, within the caller's limits."""
    return services().records.target(SOURCE, url, partial(services().limits.require, verb))


def chosen_fields(query: dict[str, Any]) -> frozenset[str] | None:
    """The members that a `LookupQuery` chooses; None for all."""
    return frozenset(query["fields_"]) if "fields_" in query else None
