"""What bulk work needs of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from inventory.jobs.model import Batch, Job, JobStatus, NewBatch, Row, RowOutcome
from inventory.listing import Key


class Jobs(Protocol):
    """Jobs, their batches, and the outcomes of their rows.

    A batch is pending, running or done. It can be claimed, like a record, while it is pending and due, or running and its
    lease is over. What takes a `claim` takes effect only if the claim's lease and fence still match and the job is not
    finished. Otherwise it changes nothing that counts and says so: another worker has the batch, or the job was cancelled.
    """

    def create(self, job: Job) -> Job:
        """Keep a queued job and its batch `SPLITTING`, pending and due at once, durably before it returns.

        A job with this `idempotency_key`, whatever its status, or an unfinished one with the same `dedup_key` is returned
        instead, and nothing changes. Of simultaneous calls the first wins.
        """

    def find(self, job_id: str) -> Job | None:
        """The job, its `counts` summed over its batches, or None. Counts never go down from one call to the next."""

    def listing(self, status: JobStatus | None, *, limit: int, after: Key | None) -> Sequence[Job]:
        """Jobs by (created_at, id), newest first, those that follow `after`."""

    def of_kind(self, kind: str, *, limit: int) -> Sequence[Job]:
        """The jobs of a kind that were created last, newest first."""

    def checkpoints(self, job_id: str) -> Mapping[int, str]:
        """The checkpoints of a job's batches, by number, of those that have one; without that of `SPLITTING`."""

    def claim(self, *, now: datetime, lease_for: timedelta) -> tuple[Job, Batch] | None:
        """Lease a claimable batch; None if there is none.

        Owners of jobs take turns, from one call to the next. Of an owner it is the batch with the lowest number, and of
        those the oldest due: so a small job need not wait for all of a big one. A queued job becomes running, `started_at`
        now. Sets a new random lease, `due_at = now + lease_for`, `attempt + 1`, `fence + 1`.
        """

    def add_batches(
        self, claim: Batch, batches: Sequence[NewBatch], *, checkpoint: str | None, until: datetime
    ) -> Batch | None:
        """Add batches, pending and due at once, and renew the claim of `SPLITTING` to `until`; None if it does not hold.

        A number that exists already is left as it is.
        """

    def advance(
        self, claim: Batch, rows: Sequence[Row], *, implicit_successes: int, checkpoint: str | None, until: datetime
    ) -> Batch | None:
        """Write outcomes, recount the batch, keep `implicit_successes` and `checkpoint`, and renew the claim to `until`.

        Returns the claim as it then stands, `attempt` 0; None if it does not hold. A row that has an outcome keeps it.
        """

    def release(self, claim: Batch, *, due_at: datetime) -> bool:
        """Hand a batch back, pending and due at `due_at`, `attempt` 0; False if the claim does not hold."""

    def finish(self, claim: Batch, *, total: int | None = None, error: str | None = None) -> bool:
        """End a batch; False if the claim does not hold. Its bytes count as read.

        For `SPLITTING`, `total` is the number of rows that the job has, and `error` what could not be read of its file.
        """

    def complete(self, *, now: datetime, limit: int) -> Sequence[str]:
        """End up to `limit` running jobs all of whose batches are done; their ids.

        Status `failed` if the job has an error, else `completed`; `finished_at` now. A `total` that is still unknown becomes
        what was processed.
        """

    def cancel(self, job_id: str, *, now: datetime) -> bool:
        """End a job as cancelled, so that no claim on it holds any more; False if it is finished or does not exist."""

    def due(self, *, now: datetime, limit: int) -> Sequence[str]:
        """The ids of up to `limit` jobs that have a claimable batch, or all of whose batches are done."""

    def finished_rows(self, claim: Batch) -> frozenset[int]:
        """The numbers of the batch's rows that have an outcome."""

    def rows(self, job_id: str, outcome: RowOutcome | None, *, limit: int, after: int) -> Sequence[Row]:
        """Outcomes of a job's rows by row number, those that follow the number `after` (0: from the first)."""

    def existing(self, job_ids: Sequence[str]) -> frozenset[str]:
        """Those of the ids that jobs have."""

    def retire(self, *, before: datetime, limit: int) -> Sequence[str]:
        """Remove up to `limit` outcomes and batches of jobs that finished before; the ids of the jobs that are now gone."""
