"""What the tests do with jobs, by name."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from inventory.jobs.model import SPLITTING, Batch, Job, NewBatch, Row, RowOutcome
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, after

SUCCEEDED, FAILED, REJECTED = RowOutcome.SUCCEEDED, RowOutcome.FAILED, RowOutcome.REJECTED
UNTIL = NOW + LEASE
OVER = UNTIL
"""The instant from which leases that were taken at `NOW` are over."""


def job(*, now: datetime = NOW, **fields: Any) -> Job:
    """A job to be created, unlike any other."""
    fields = {"file_name": "urls.csv", "file_size": 600, "sha256": secrets.token_hex(32)} | fields
    return Job(secrets.token_hex(16), "urls", now, **fields)


def create(store: Store, *, now: datetime = NOW, **fields: Any) -> Job:
    """A job that is queued now."""
    wanted = job(now=now, **fields)
    created = store.jobs.create(wanted)
    assert created == wanted
    return created


def claim(store: Store, *, now: datetime = NOW) -> Batch:
    """The next batch, which must be there."""
    claimed = store.jobs.claim(now=now, lease_for=LEASE)
    assert claimed is not None
    return claimed[1]


def new_batches(count: int, *, rows: int = 3, size: int = 100, first: int = 1) -> list[NewBatch]:
    """So many batches of so many rows, from batch `first` on."""
    return [NewBatch(n, (n - 1) * rows + 1, n * rows, rows, size) for n in range(first, first + count)]


def read(store: Store, count: int = 2, *, now: datetime = NOW, rows: int = 3, error: str | None = None) -> None:
    """Claim a job's reading, which must be next, and split its file into so many batches."""
    reading = claim(store, now=now)
    assert reading.number == SPLITTING
    assert store.jobs.add_batches(reading, new_batches(count, rows=rows), checkpoint=None, until=now + LEASE) is not None
    assert store.jobs.finish(reading, total=count * rows, error=error)


def ready(store: Store, count: int = 2, *, now: datetime = NOW, rows: int = 3, **fields: Any) -> Job:
    """A job that was read whole, with so many batches to be claimed."""
    made = create(store, now=now, **fields)
    read(store, count, now=now, rows=rows)
    return made


def row(number: int, outcome: RowOutcome = SUCCEEDED, **fields: Any) -> Row:
    return Row(number, f"https://example.com/{number}", outcome, after(1), **fields)


def advance(
    store: Store, owned: Batch, rows: Sequence[Row] = (), *, implicit_successes: int = 0, checkpoint: str | None = None
) -> Batch | None:
    return store.jobs.advance(owned, rows, implicit_successes=implicit_successes, checkpoint=checkpoint, until=UNTIL)


def work(store: Store, owned: Batch, outcome: RowOutcome = SUCCEEDED) -> None:
    """Write every row of a batch and finish it."""
    rows = [row(number, outcome) for number in range(owned.first_row, owned.last_row + 1)]
    assert advance(store, owned, rows) is not None
    assert store.jobs.finish(owned)


def complete(store: Store, count: int = 2, **fields: Any) -> Job:
    """A job all of whose rows succeeded; completed now."""
    made = ready(store, count, **fields)
    for _ in range(count):
        work(store, claim(store))
    assert store.jobs.complete(now=after(2), limit=9) == [made.id]
    return found(store, made)


def found(store: Store, wanted: Job) -> Job:
    """The job as it is kept now."""
    kept = store.jobs.find(wanted.id)
    assert kept is not None
    return kept


def counted(store: Store, wanted: Job) -> tuple[int, int, int]:
    """Rows that succeeded, failed and were rejected."""
    counts = found(store, wanted).counts
    return counts.succeeded, counts.failed, counts.rejected


def outcomes(store: Store, wanted: Job) -> dict[int, RowOutcome]:
    """The outcome of each row that has one."""
    return {each.row: each.outcome for each in store.jobs.rows(wanted.id, None, limit=1000, after=0)}


def renewed(owned: Batch, **fields: Any) -> Batch:
    """The claim as `advance` should return it."""
    return replace(owned, **{"due_at": UNTIL, "attempt": 0} | fields)
