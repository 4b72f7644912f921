"""What the services need of a store: each method is one atomic statement in domain words.

Every method may raise `StorageUnavailable`, which means: not done, or not known to be done; the same call may be sent
again. What writes may raise `Unstorable`, which means: not done, and never will be, because of a value. Adapters translate
their engine's errors to these and to nothing else. Adapters are safe to share between threads and across a fork that happens
before the first call; they connect on first use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from inventory.events.model import Event, EventFilter, EventStats
from inventory.history.model import Lookup
from inventory.jobs.model import Batch, Cut, Job, JobStatus, Row, RowOutcome
from inventory.products.model import Category, Listed, ProductFilter, Seen
from inventory.records.model import Acceptance, Known, Outcome, Record, Snapshot, Status, Target

Key = tuple[datetime, str]
"""A place in a listing that is ordered by (instant, id), newest first."""


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records a listing shows; None means any."""

    source: str | None = None
    status: Status | None = None
    host: str | None = None


class Records(Protocol):
    """Records and the ledger of the work that is owed on them."""

    def look_up(self, record_id: str) -> Known | None:
        """The record with its latest snapshot and body, or None."""
        ...

    def find(self, record_id: str) -> Record | None:
        """The record alone, or None."""
        ...

    def accept(self, target: Target, *, now: datetime, seen: Record | None, revalidate: bool = False) -> Acceptance:
        """Take on the debt of a collection, durably before it returns.

        Inserts a pending record (due now, attempt 0) if there is none, also when the one that was `seen` has been deleted;
        turns a stored or failed one to pending (due now, attempt 0, `failure` kept until an outcome replaces it, and with
        `revalidate` as given) if its fence still is `seen.fence`. In every other case somebody else was quicker: nothing
        changes and the record is returned as it is, but that what is owed already must be a whole collection from now on
        if this one was to be: without `revalidate`, a pending or running record loses its own. And what only jobs waited
        for is no longer `bulk`: from now on it is claimed with what lookups ask for.
        """
        ...

    def find_all(self, record_ids: Sequence[str]) -> Mapping[str, Record]:
        """Those of up to 1,000 records that there are, by id."""
        ...

    def accept_all(self, wanted: Sequence[tuple[Target, Record | None]], *, now: datetime) -> Sequence[Acceptance]:
        """`accept` for targets of a job, each with the record that was seen: conditional, and claimed after all else."""
        ...

    def claim(self, record_id: str, *, now: datetime, lease_for: timedelta) -> Record | None:
        """Lease this record, whatever its pause: pending, or running with its lease over; None if neither.

        A claim sets state running, a new random lease (32 hexadecimal digits), `due_at = now + lease_for`,
        `attempt + 1`, `fence + 1`.
        """
        ...

    def claim_due(self, *, now: datetime, lease_for: timedelta, limit: int, bulk: bool = True) -> Sequence[Record]:
        """Lease up to `limit` pending records that are due, no record twice to anybody.

        Those that a lookup asked for come before those of jobs, which come only with `bulk`; of each the oldest due first.
        """
        ...

    def claim_abandoned(self, *, now: datetime, lease_for: timedelta, max_attempts: int) -> Record | None:
        """Lease one running record whose lease is over and that has attempts left: its worker died or hangs."""
        ...

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """End claims; True for each that took effect.

        Each takes effect only where lease and fence still match, and then whole: snapshot, body and record change
        together. Stored: state stored, counters and instants of the record follow, failure None; one that shares its body
        takes effect only on a record that has not lost its `revalidate` to a later `accept`. Postponed: pending, due at
        `due_at`, failure replaced if given. Failed: failed, nothing due. Settling the same outcome again (a lost reply) is
        harmless, and True for Stored.
        """
        ...

    def fail_spent(self, *, now: datetime, max_attempts: int, retry_at: datetime, limit: int) -> int:
        """Fail running records whose lease is over and whose attempts are spent; how many. Code `timeout`, not permanent."""
        ...

    def due(self, *, now: datetime, max_attempts: int, limit: int) -> Sequence[str]:
        """The ids of up to `limit` records that a claim would find now."""
        ...

    def listing(self, chosen: RecordFilter, *, limit: int, after: Key | None) -> Sequence[Record]:
        """Records by (accepted_at, id), newest first, from behind `after`."""
        ...

    def refreshed(self, source: str, *, limit: int) -> Sequence[Known]:
        """The records of a source that were collected last, newest first, with their latest snapshots; no bodies."""
        ...

    def tally(self, source: str) -> Mapping[Status, int]:
        """How many records a source has of each status that there is."""
        ...

    def delete(self, record_id: str) -> bool:
        """Remove the record, its snapshots and the bodies that nothing else names; False if there is none."""
        ...


class Snapshots(Protocol):
    """What collections saw."""

    def find(self, snapshot_id: str) -> tuple[Target, Snapshot] | None:
        """One snapshot and the target it is of, or None."""
        ...

    def listing(self, record_id: str, *, limit: int, after: Key | None) -> Sequence[Snapshot]:
        """The snapshots of one record by (collected_at, id), newest first, from behind `after`."""
        ...

    def retire(self, *, keep: int, limit: int) -> int:
        """Remove what is older than the `keep` newest snapshots of up to `limit` records that have more; how many went.

        The bodies that nothing names then go too. The latest snapshot, which a lookup answers, is one of those kept, and
        `Record.snapshots` becomes what is left.
        """
        ...

    def sweep(self, *, after: str, limit: int) -> str:
        """Remove those among the `limit` next snapshots behind an id that no settling named, nor can name any more.

        A worker that dies may leave them. Returns the place where the next call goes on, "" when all were seen.
        """
        ...


class Bodies(Protocol):
    """Page sources, once per distinct content."""

    def find(self, sha256: str) -> bytes | None:
        """The bytes, or None."""
        ...

    def sweep(self, *, after: str, limit: int) -> str:
        """Remove those among the `limit` next bodies behind a SHA-256 that nothing names; returns as `Snapshots.sweep`."""
        ...


class Jobs(Protocol):
    """Jobs, the batches that workers take of them, and the outcomes of their rows.

    A batch is pending, running or done, and claimed like a record: it is pending and due, or running and its lease over.
    What takes a `claim` takes effect only where the claim's lease and fence still match and the job has not been finished;
    otherwise it changes nothing that counts and says so: somebody else has the batch, or the job was cancelled.
    """

    def create(self, job: Job) -> Job:
        """Keep a queued job and its batch `READING`, pending and due at once, durably before it returns.

        If a job with this `idempotency_key` is kept, whatever its status, or an unfinished one of the same `likeness`, that
        one comes back and nothing changes: of simultaneous calls the first wins.
        """
        ...

    def find(self, job_id: str) -> Job | None:
        """The job, its `counts` summed over its batches, or None. Counts never go down from one call to the next."""
        ...

    def listing(self, status: JobStatus | None, *, limit: int, after: Key | None) -> Sequence[Job]:
        """Jobs by (created_at, id), newest first, from behind `after`."""
        ...

    def of_kind(self, kind: str, *, limit: int) -> Sequence[Job]:
        """The jobs of a kind that were created last, newest first."""
        ...

    def checkpoints(self, job_id: str) -> Mapping[int, str]:
        """What the batches of a job, by number, have noted in their checkpoints; of those that have. `READING` is none."""
        ...

    def claim(self, *, now: datetime, lease_for: timedelta) -> tuple[Job, Batch] | None:
        """Lease the claimable batch with the lowest number (and of those the oldest due); None if there is none.

        The lowest, so that a small job need not wait for all of a big one. A queued job becomes running, `started_at` now.
        Sets a new random lease, `due_at = now + lease_for`, `attempt + 1`, `fence + 1`.
        """
        ...

    def cut(self, claim: Batch, cuts: Sequence[Cut], *, checkpoint: str | None, until: datetime) -> Batch | None:
        """Add batches, pending and due at once, and renew the claim of `READING` to `until`; None if it does not hold.

        A number that is there already is left as it is.
        """
        ...

    def advance(
        self, claim: Batch, rows: Sequence[Row], *, unlisted: int, checkpoint: str | None, until: datetime
    ) -> Batch | None:
        """Write outcomes, recount the batch, keep `unlisted` and `checkpoint`, and renew the claim to `until`.

        Returns the claim as it then stands, `attempt` 0; None if it does not hold. A row that has an outcome keeps it.
        """
        ...

    def release(self, claim: Batch, *, due_at: datetime) -> bool:
        """Hand a batch back, pending and due at `due_at`, `attempt` 0; False if the claim does not hold."""
        ...

    def finish(self, claim: Batch, *, total: int | None = None, error: str | None = None) -> bool:
        """End a batch; False if the claim does not hold. Its bytes count as read.

        For `READING`, `total` is the number of rows that the job has, and `error` what could not be read of its file.
        """
        ...

    def complete(self, *, now: datetime, limit: int) -> Sequence[str]:
        """End up to `limit` running jobs all of whose batches are done; their ids.

        Status `failed` if the job has an error, else `completed`; `finished_at` now. A `total` that nobody could tell before
        is what was processed.
        """
        ...

    def cancel(self, job_id: str, *, now: datetime) -> bool:
        """End a job as cancelled, so that no claim on it holds any more; False if it is finished or there is none."""
        ...

    def due(self, *, now: datetime, limit: int) -> Sequence[str]:
        """The ids of up to `limit` jobs that have a claimable batch, or all of whose batches are done."""
        ...

    def finished_rows(self, claim: Batch) -> frozenset[int]:
        """The numbers of the batch's rows that have an outcome."""
        ...

    def rows(self, job_id: str, outcome: RowOutcome | None, *, limit: int, after: int) -> Sequence[Row]:
        """Outcomes of a job's rows by row number, from behind the number `after` (0: from the first)."""
        ...

    def existing(self, job_ids: Sequence[str]) -> frozenset[str]:
        """Those of the ids that a job has."""
        ...

    def retire(self, *, before: datetime, limit: int) -> Sequence[str]:
        """Remove up to `limit` outcomes, and batches, of jobs that finished before; the ids of the jobs now gone whole."""
        ...


class Events(Protocol):
    """Log events."""

    def add(self, events: Sequence[Event]) -> None:
        """Keep events durably; one whose id is kept already changes nothing."""
        ...

    def listing(self, chosen: EventFilter, *, limit: int, after: Key | None) -> Sequence[Event]:
        """Events by (timestamp, id), newest first, from behind `after`."""
        ...

    def stats(self, chosen: EventFilter, *, hours: int) -> EventStats:
        """Counts of the chosen events; of hours, the `hours` newest that have any."""
        ...


class History(Protocol):
    """The lookups that were made."""

    def add(self, lookup: Lookup) -> None:
        """Keep a lookup; one whose id is kept already changes nothing."""
        ...

    def listing(self, source: str | None, *, limit: int, after: Key | None) -> Sequence[Lookup]:
        """Lookups by (at, id), newest first, from behind `after`."""
        ...

    def clear(self) -> None:
        """Forget all lookups."""
        ...

    def retire(self, *, before: datetime, limit: int) -> int:
        """Forget up to `limit` lookups that were made before; how many."""
        ...


class Products(Protocol):
    """The catalogue of products: what is known now of each, beside its record and snapshots."""

    def keep(self, seen: Seen) -> None:
        """Keep a snapshot of each product, which its record then has, stored and with nothing owed, and the catalogue.

        Each product whole, or not at all if the job has seen it already, or it was seen by somebody else since.
        """
        ...

    def listing(self, chosen: ProductFilter, *, limit: int, after: Key | None) -> Sequence[Listed]:
        """Products by (added_at, record id), newest first, from behind `after`."""
        ...

    def changed(self, *, limit: int) -> Sequence[Listed]:
        """The products whose prices changed last, newest first."""
        ...

    def categories(self, *, limit: int) -> Sequence[Category]:
        """Categories, by currency, those with most products first."""
        ...


class Store(Protocol):
    """One store; its parts share connections."""

    @property
    def records(self) -> Records: ...

    @property
    def snapshots(self) -> Snapshots: ...

    @property
    def bodies(self) -> Bodies: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def events(self) -> Events: ...

    @property
    def history(self) -> History: ...

    @property
    def products(self) -> Products: ...

    def prepare(self) -> None:
        """Create or migrate what is kept, idempotently, also when several processes do it at once.

        Every other method does this first if this process has not yet, so a store that was away at the start needs no
        restart. Raises `StartError` when the stored schema is newer than this code.
        """
        ...

    def ping(self, timeout: float) -> None:
        """Return if the store answers within `timeout` seconds; `StorageUnavailable` otherwise."""
        ...

    def try_writing(self, timeout: float) -> None:
        """Return if what is written now is kept, found by a durable write that changes nothing.

        `StorageFull` if the store answers and can keep nothing, another `StorageUnavailable` if it does not answer.
        """
        ...

    def close(self) -> None:
        """Give connections back; the store may be used again afterwards."""
        ...
