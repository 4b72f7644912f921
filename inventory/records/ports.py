"""What the core needs of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from inventory.listing import Key
from inventory.records.model import (
    Acceptance,
    Added,
    Outcome,
    PastSnapshot,
    Record,
    RecordFilter,
    RecordTotals,
    RecordWithSnapshot,
    Snapshot,
    Status,
    Target,
)


class Records(Protocol):
    """Records, and the ledger of the collections that are due.

    `is_local`: a lookup reads files of this machine, and waits for no network.
    """

    is_local: bool

    def look_up(self, record_id: str) -> RecordWithSnapshot | None:
        """The record with its latest snapshot and body, or None."""

    def find(self, record_id: str) -> Record | None:
        """The record alone, or None."""

    def reading(self) -> AbstractContextManager[None]:
        """While it is open, what this thread reads may be of one moment, which saves locks where it is."""

    def together(self) -> AbstractContextManager[None]:
        """While it is open, what this thread writes to any port of the store is one flush to the disk, where it has one.

        On SQLite it is one transaction: durable when it ends, undone when it raises.
        """

    def accept(
        self, target: Target, *, now: datetime, seen: Record | None, revalidate: bool = False, owner: str = ""
    ) -> Acceptance:
        """Take on the debt of a collection for an owner, durably before it returns.

        Inserts a pending record (due now, attempt 0) if there is none, also when the one that was `seen` has been deleted.
        Turns a stored or failed one to pending (due now, attempt 0, `revalidate` as given) if its fence still is
        `seen.fence`; its `failure` stays until an outcome replaces it. In every other case another caller was quicker: the
        record is returned as it is, its owner too, with two exceptions. Without `revalidate`, a pending or running record
        loses its own, because a whole collection is wanted now. And what only jobs waited for is no longer `bulk`: it is
        claimed with what lookups ask for.
        """

    def accept_each(
        self, wanted: Sequence[tuple[Target, Record | None]], *, now: datetime, owners: Sequence[str] | None = None
    ) -> Sequence[Acceptance]:
        """`accept`, with `revalidate`, for targets that lookups ask for at once, each with the record that was seen.

        `owners` are those of the targets, in their order. If it raises, some may have been accepted; on SQLite none is.
        """

    def find_all(self, record_ids: Sequence[str]) -> Mapping[str, Record]:
        """Those of up to 1,000 records that exist, by id."""

    def unfinished(self, record_ids: Sequence[str], *, since: datetime) -> Mapping[str, datetime | None]:
        """Those of up to 1,000 records that are pending or running and were not collected since then, by id.

        With each is when it is due; None while it is running.
        """

    def accept_all(
        self, wanted: Sequence[tuple[Target, Record | None]], *, now: datetime, owners: Sequence[str] | None = None
    ) -> Sequence[Acceptance]:
        """`accept` for targets of jobs, each with the record that was seen: conditional, and after all else of the owner."""

    def claim(self, record_id: str, *, now: datetime, lease_for: timedelta) -> Record | None:
        """Lease this record, whatever its pause: pending, or running with its lease over; None if neither.

        A claim sets state running, a new random lease (32 hexadecimal digits), `due_at = now + lease_for`,
        `attempt + 1`, `fence + 1`.
        """

    def claim_due(
        self, *, now: datetime, lease_for: timedelta, limit: int, bulk: bool = True, first: str | None = None
    ) -> Sequence[Record]:
        """Lease up to `limit` pending records that are due, no record twice to anybody.

        Owners take turns: each gives one record after the other, until the limit is reached. So they share it evenly,
        however much is due of each. If more owners than that have something due, the next call goes on with the others.
        Of an owner, what a lookup asked for comes before what jobs did, which comes only with `bulk`; of each the oldest due
        first. The record `first`, if it is one of them, comes before all others. Claims that meet may take what is due for
        jobs in another order, so that they do not all choose the same.
        """

    def claim_expired(self, *, now: datetime, lease_for: timedelta, max_attempts: int) -> Record | None:
        """Lease one running record whose lease is over and that has attempts left: its worker died or hangs.

        Owners take turns here, too, from one call to the next.
        """

    def is_any_expired(self, *, now: datetime, max_attempts: int) -> bool:
        """Whether `claim_expired` would find one."""

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """End claims; True for each that took effect.

        Each takes effect only where lease and fence still match, and then whole: snapshot, body and record change
        together. Stored: state stored, counters and instants of the record follow, failure None; one that shares its body
        takes effect only on a record that has not lost its `revalidate` to a later `accept`. Postponed: pending, due at
        `due_at`, failure replaced if given. Failed: failed, nothing due. Settling the same outcome again (a lost reply) is
        harmless, and True for Stored.
        """

    def fail_spent(self, *, now: datetime, max_attempts: int, retry_at: datetime, limit: int) -> int:
        """Fail running records whose lease is over and whose attempts are spent; how many. Code `timeout`, not permanent."""

    def due(self, *, now: datetime, max_attempts: int, limit: int) -> Mapping[str, str]:
        """The ids of up to `limit` records that a claim would find now, in that order, with the keys of their targets.

        Of what several owners give at the same time, lookups come first, and of each the oldest. One alone may be the
        oldest of all.
        """

    def due_hosts(self, *, now: datetime, max_attempts: int, limit: int) -> Mapping[str, int]:
        """How many of the records that `due` would name each upstream host has; hosts that have some."""

    def listing(self, chosen: RecordFilter, *, limit: int, after: Key | None) -> Sequence[Record]:
        """Records by (accepted_at, id), newest first, those after `after`."""

    def refreshed(self, source: str, *, limit: int) -> Sequence[RecordWithSnapshot]:
        """The records of a source that were collected last, newest first, with their latest snapshots; no bodies."""

    def tally(self, source: str) -> Mapping[Status, int]:
        """How many records a source has in each status."""

    def totals(self, *, up_to: int) -> RecordTotals:
        """How many records there are in all; of those that wait and of those that failed, at most `up_to` are counted."""

    def delete(self, record_id: str) -> bool:
        """Remove the record, its snapshots and what nothing else names, such as their bodies; False if there is none."""


class Snapshots(Protocol):
    """What collections saw."""

    def find(self, snapshot_id: str) -> tuple[Target, Snapshot] | None:
        """One snapshot and the target it is of, or None."""

    def listing(self, record_id: str, *, limit: int, after: Key | None) -> Sequence[Snapshot]:
        """The snapshots of one record by (collected_at, id), newest first, those after `after`."""

    def latest(self, record_ids: Sequence[str], *, before: datetime | None) -> Mapping[str, Snapshot]:
        """The newest snapshot of each of up to 1,000 records, or the newest that was collected before an instant.

        By the record's id; those that have one.
        """

    def collected_before(self, moments: Collection[tuple[str, datetime]]) -> Mapping[tuple[str, datetime], datetime]:
        """When the latest snapshot before a moment was collected, by the record's id and the moment; those that have one.

        For up to 1,000 moments.
        """

    def collected_at(self, record_ids: Collection[str], *, limit: int) -> Mapping[str, Sequence[datetime]]:
        """When the newest `limit` snapshots of each of these records were collected, the oldest first; those that have any.

        For up to 1,000 records.
        """

    def targets_of_body(self, sha256: str, *, limit: int) -> Sequence[Target]:
        """The targets of up to `limit` snapshots that have this body or attachment, in any order."""

    def add_past(self, past: PastSnapshot, *, keep: int, now: datetime) -> Added:
        """Add a snapshot of the past, unless it is there; `now` is when a record that is new by it was accepted.

        Nothing is made due, and what is due stays so. The record, whose snapshots and instants follow, names the snapshot as
        the latest only if it is later than that, and only then an earlier failure ends. It is unindexed until it is indexed
        again. If `keep` later snapshots are there, nothing changes.
        """

    def retire(self, *, keep: int, limit: int) -> int:
        """Remove what is older than the `keep` newest snapshots of up to `limit` records that have more; how many went.

        The bodies and attachments that nothing names then go too. The latest snapshot, which a lookup answers, is one of
        those kept, and `Record.snapshots` becomes what is left.
        """

    def sweep(self, *, after: str, limit: int) -> str:
        """Remove those among the `limit` next snapshots after an id that no settling named, nor can name any more.

        A worker that dies may leave them. Returns where the next call goes on, "" after the last one.
        """


class Bodies(Protocol):
    """Page sources and what else snapshots name, once per distinct content."""

    def find(self, sha256: str) -> bytes | None:
        """The bytes, or None."""

    def sweep(self, *, after: str, limit: int) -> str:
        """Remove those among the `limit` next bodies after a SHA-256 that nothing names; returns as `Snapshots.sweep`."""
