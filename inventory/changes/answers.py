"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

from inventory.changes import documents
from inventory.changes.documents import Document
from inventory.changes.parameters import ChangeParameters
from inventory.listing import keyset_page
from inventory.records.model import Snapshot, Target
from inventory.services import services
from inventory.webpages.model import SOURCE


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPair:
    """Two snapshots of a webpage that are to be compared."""

    target: Target
    older: Snapshot
    newer: Snapshot

    @property
    def etag(self) -> str:
        """The strong validator of their diff, which need not be made for it."""
        return documents.etag(self.older, self.newer)


def pair(query: dict[str, Any]) -> SnapshotPair:
    """The snapshots that a `DiffQuery` means."""
    target = services().records.target(SOURCE, query["url"], partial(services().limits.require, "read"))
    older, newer = services().changes.pair(target, query["from_"], query["to"])
    return SnapshotPair(target=target, older=older, newer=newer)


def diff_of(compared: SnapshotPair) -> Document:
    """All that differs between two snapshots."""
    diff = services().changes.diff(compared.older, compared.newer)
    return documents.diff_document(compared.target, compared.older, compared.newer, diff)


def diff(query: dict[str, Any]) -> Document:
    """All that differs between the snapshots that a `DiffQuery` means."""
    return diff_of(pair(query))


def timeline(query: dict[str, Any]) -> Document:
    """One page of the snapshots that a `TimelineQuery` means, each with what changed at it."""
    target = services().records.target(SOURCE, query["url"], partial(services().limits.require, "read"))
    find = partial(services().changes.timeline, target)
    return keyset_page("snapshots", query, find, documents.step_document, attrgetter("position"))


def changes(query: dict[str, Any]) -> Document:
    """One page of what changed in the fleet, as a `ChangesQuery` asks."""
    with services().search.slot():
        page = services().fleet_changes.page(
            _parameters(query), limit=query["limit"], cursor=query["cursor"], limits=services().limits.of("read")
        )
    return documents.page_document(page)


def groups(query: dict[str, Any], mounted_at: str) -> Document:
    """The same in groups, as a `ChangeGroupsQuery` asks, with links below `mounted_at`."""
    parameters = _parameters(query)
    with services().search.slot():
        found = services().fleet_changes.groups(parameters, limit=query["limit"], limits=services().limits.of("read"))
    return documents.groups_document(found, parameters, mounted_at)


def _parameters(query: dict[str, Any]) -> ChangeParameters:
    return ChangeParameters(**{name: query[name] for name in ("q", "fields", "since", "until", "volatile")})
