"""Finds the snapshots that mementos are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory import urls
from inventory.errors import NoSuchSnapshot, NotFound, SourceFailure
from inventory.http_client import redirects
from inventory.http_client.head import Head
from inventory.listing import Key
from inventory.mementos.links import Surroundings
from inventory.mementos.stamps import SECOND, Stamp
from inventory.records.model import Snapshot, Target
from inventory.records.snapshots import SnapshotService
from inventory.webpages.model import SOURCE

LISTED = 50
"""Mementos of a TimeMap. Listing reads whole snapshots, of which a large one takes some megabytes."""

NEIGHBOURS = 1_000
"""Newest mementos of a webpage among which one knows those before and after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memento:
    """The response to one request of a collection. `location` is the URL of the next hop, of a redirect alone."""

    target: Target
    snapshot: Snapshot
    hop: int
    url: str
    status: int
    location: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mementos:
    """Instants at which a webpage was seen, the newest first, and whether there are older ones."""

    instants: Sequence[datetime]
    has_more: bool


class MementoService:
    """What a webpage was at an instant. Every method may raise `StorageUnavailable`, and `NotInInventory` of its target."""

    def __init__(self, snapshots: SnapshotService) -> None:
        self._snapshots = snapshots

    def seen(self, target: Target, before: datetime | None) -> Mementos:
        """When a webpage was seen before an instant, or at all; `NoSuchSnapshot` if it was not."""
        found = self._snapshots.listing(target, limit=LISTED + 1, after=None if before is None else (before, ""))
        if not found:
            raise _never_seen(target)
        return Mementos(instants=[each.collected_at for each in found[:LISTED]], has_more=len(found) > LISTED)

    def nearest(self, target: Target, instant: datetime | None) -> datetime:
        """When the snapshot was collected that was current at an instant, in whole seconds; before the first one, that one.

        Without an instant it is the latest. `NoSuchSnapshot` if there is none.
        """
        after: Key | None = None if instant is None else (instant + SECOND, "")
        for snapshot in self._snapshots.listing(target, limit=1, after=after):
            return snapshot.collected_at
        return self._oldest(target)

    def around(self, target: Target, instant: datetime) -> Surroundings | None:
        """The instant of a memento among those of the others; None if it is too old to be among the newest `NEIGHBOURS`."""
        found = self._snapshots.collected_at([target.id], limit=NEIGHBOURS).get(target.id, ())
        if instant not in found:
            return None
        return Surroundings(chosen=instant, instants=sorted(set(found)), is_whole=len(found) < NEIGHBOURS)

    def memento(self, stamp: Stamp, target: Target | None) -> Memento:
        """The first response of the target's snapshot at a stamp, or the one of the hop that the stamp names.

        Raises `NoSuchSnapshot` if there is none.
        """
        target, snapshot = self._at(stamp, target)
        hops = [*snapshot.content["redirects"], {"url": snapshot.content["response"]["final_url"]}]
        if not stamp.holds(snapshot.collected_at) or stamp.hop >= len(hops):
            raise _not_then(target)
        is_last = stamp.hop == len(hops) - 1
        return Memento(
            target=target,
            snapshot=snapshot,
            hop=stamp.hop,
            url=hops[stamp.hop]["url"],
            status=snapshot.content["response"]["status"] if is_last else hops[stamp.hop]["status"],
            location=None if is_last else hops[stamp.hop + 1]["url"],
        )

    def body(self, memento: Memento) -> bytes:
        """The body of a memento, decoded; that of a redirect is not kept."""
        if memento.location is not None or memento.snapshot.body_sha256 is None:
            return b""
        return self._snapshots.body(memento.snapshot.body_sha256)

    def _at(self, stamp: Stamp, target: Target | None) -> tuple[Target, Snapshot]:
        if stamp.snapshot_id is not None:
            found, snapshot = self._snapshots.find(stamp.snapshot_id)
            if found.source != SOURCE:
                raise NotFound(f"There is no snapshot {stamp.snapshot_id} of a webpage.")
            return found, snapshot
        assert target is not None
        for snapshot in self._snapshots.listing(target, limit=1, after=(stamp.end, "")):
            return target, snapshot
        raise _not_then(target)

    def _oldest(self, target: Target) -> datetime:
        """Stores list the newest first, so all are looked at."""
        oldest: datetime | None = None
        after: Key | None = None
        while page := self._snapshots.listing(target, limit=LISTED, after=after):
            oldest, after = page[-1].collected_at, (page[-1].collected_at, page[-1].id)
        if oldest is None:
            raise _never_seen(target)
        return oldest


def not_followed(memento: Memento) -> str | None:
    """The URL that a last response redirects to, which an archive has as a webpage of its own; None if it leads nowhere."""
    if memento.location is not None:
        return None
    lines = memento.snapshot.content["headers"]
    fields = tuple((line["name"], line["value"]) for line in lines)
    head = Head(status=memento.status, reason="", http_version="1.1", fields=fields, defects=())
    location = redirects.location(head)
    try:
        return None if location is None else redirects.following(urls.known(memento.url), location).href
    except SourceFailure:
        return None


def _never_seen(target: Target) -> NotFound:
    return NoSuchSnapshot(f"There is no snapshot of {target.key} of that time. Its first collection is due or has failed.")


def _not_then(target: Target) -> NotFound:
    return NoSuchSnapshot(
        f"There is no snapshot of {target.key} at that instant. /memento/timemap/link/{target.key} lists those there are."
    )
