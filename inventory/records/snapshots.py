"""Reading the snapshots that are kept, their bodies and attachments, and adding those of the past."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from inventory.clock import Clock
from inventory.errors import NotFound, NotInInventory
from inventory.listing import Key
from inventory.records.model import Added, PastSnapshot, Snapshot, Target
from inventory.records.ports import Bodies, Records, Snapshots

MAX_OF_BODY = 1_000
"""Snapshots with the same body that are looked at for one that a caller may read: empty ones are of millions of targets."""


class SnapshotService:
    """What is kept of past collections, of all sources. Every method may raise `StorageUnavailable`."""

    def __init__(self, records: Records, snapshots: Snapshots, bodies: Bodies, *, clock: Clock) -> None:
        self._records = records
        self._snapshots = snapshots
        self._bodies = bodies
        self._clock = clock

    def listing(self, target: Target, *, limit: int, after: Key | None) -> Sequence[Snapshot]:
        """A target's snapshots, newest first; `NotInInventory` if there is no record of it."""
        if self._records.find(target.id) is None:
            raise NotInInventory(f"Nothing is known of {target.key}. Look it up first.")
        return self._snapshots.listing(target.id, limit=limit, after=after)

    def newest(self, record_id: str, *, limit: int, after: Key | None = None) -> Sequence[Snapshot]:
        """The newest snapshots of a record, newest first, or those after one; none if there is no such record."""
        return self._snapshots.listing(record_id, limit=limit, after=after)

    def latest_of_each(self, record_ids: Sequence[str], *, before: datetime | None = None) -> Mapping[str, Snapshot]:
        """See `Snapshots.latest`."""
        return self._snapshots.latest(record_ids, before=before)

    def collected_before(self, moments: Collection[tuple[str, datetime]]) -> Mapping[tuple[str, datetime], datetime]:
        """See `Snapshots.collected_before`."""
        return self._snapshots.collected_before(moments)

    def collected_at(self, record_ids: Collection[str], *, limit: int) -> Mapping[str, Sequence[datetime]]:
        """See `Snapshots.collected_at`."""
        return self._snapshots.collected_at(record_ids, limit=limit)

    def find_with_body(self, snapshot_id: str) -> tuple[Target, Snapshot, bytes | None]:
        """One snapshot with its target and body; `NotFound` if there is none."""
        target, snapshot = self.find(snapshot_id)
        return target, snapshot, self._bodies.find(snapshot.body_sha256) if snapshot.body_sha256 else None

    def find(self, snapshot_id: str) -> tuple[Target, Snapshot]:
        """One snapshot with its target; `NotFound` if there is none."""
        found = self._snapshots.find(snapshot_id)
        if found is None:
            raise NotFound(f"There is no snapshot {snapshot_id}; /api/v1/metadata/snapshots lists those of a URL.")
        return found

    def body(self, sha256: str) -> bytes:
        """A body's bytes; `NotFound` if there is none."""
        body = self._bodies.find(sha256)
        if body is None:
            raise NotFound(f"There is no body with the SHA-256 {sha256}.")
        return body

    def attachment(self, sha256: str) -> bytes | None:
        """What a snapshot names besides its body; None if it is not kept, as with those of old versions."""
        return self._bodies.find(sha256)

    def targets_of_body(self, sha256: str) -> Sequence[Target]:
        """The targets that have snapshots with this body or attachment; of very many the first ones that are found."""
        return self._snapshots.targets_of_body(sha256, limit=MAX_OF_BODY)

    def add_past(self, snapshots: Sequence[PastSnapshot], *, keep: int) -> Sequence[Added]:
        """Add snapshots of the past together, if there are no more than `keep` later ones; what became of each.

        If it raises, some may have been added; on SQLite none is.
        """
        now = self._clock()
        with self._records.together():
            return [self._snapshots.add_past(each, keep=keep, now=now) for each in snapshots]
