"""What bulk work needs of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from inventory.jobs.model import Batch, Job, JobStatus, NewBatch, Row, RowOutcome
from inventory.listing import Key


class Jobs(Protocol):
    """Jobs, the batches that workers take of them, and the outcomes of their rows.

    A batch is pending, running or done, and claimed like a record: it is pending and due, or running and its lease over.
    What takes a `claim` takes effect only where the claim's lease and fence still match and the job has not been finished;
    otherwise it changes nothing that counts and says so: somebody else has the batch, or the job was cancelled.
    """

    def create(self, job: Job) -> Job:
        """Keep a queued job and its batch `READING`, pending and due at once, durably before it returns.

        If a job with this `idempotency_key` is kept, whatever its status, or an unfinished one of the same `dedup_key`, that
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

    def add_batches(
        self, claim: Batch, batches: Sequence[NewBatch], *, checkpoint: str | None, until: datetime
    ) -> Batch | None:
        """Add batches, pending and due at once, and renew the claim of `READING` to `until`; None if it does not hold.

        A number that is there already is left as it is.
        """
        ...

    def advance(
        self, claim: Batch, rows: Sequence[Row], *, implicit_successes: int, checkpoint: str | None, until: datetime
    ) -> Batch | None:
        """Write outcomes, recount the batch, keep `implicit_successes` and `checkpoint`, and renew the claim to `until`.

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
