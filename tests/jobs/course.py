"""A job that a test works on by itself, row by row, as a worker would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from inventory.jobs.model import Batch, Job, NewBatch, Row, RowOutcome
from inventory.store import Store

LEASE = timedelta(hours=1)
BYTES_OF_ROW = 10


class Course:
    """A queued job of so many rows of ten bytes each, all of them in one batch."""

    def __init__(self, store: Store, now: datetime, *, rows: int = 4, **changes: Any) -> None:
        self._store = store
        self._rows = rows
        self._claim: Batch | None = None
        self._next = 1
        members: dict[str, Any] = {
            "id": uuid4().hex,
            "kind": "urls",
            "created_at": now,
            "file_name": "urls.csv",
            "file_size": rows * BYTES_OF_ROW,
            "sha256": uuid4().hex * 2,
        }
        self.id = store.jobs.create(Job(**members | changes)).id

    @property
    def job(self) -> Job:
        """The job as it stands."""
        job = self._store.jobs.find(self.id)
        assert job is not None
        return job

    def begin(self, now: datetime, *, error: str | None = None) -> Course:
        """Read the file; the job's total is known from now on."""
        claimed = self._store.jobs.claim(now=now, lease_for=LEASE)
        assert claimed is not None
        reading = claimed[1]
        batch = NewBatch(1, 1, self._rows, self._rows, self._rows * BYTES_OF_ROW)
        assert self._store.jobs.add_batches(reading, [batch], checkpoint=None, until=now + LEASE)
        assert self._store.jobs.finish(reading, total=self._rows, error=error)
        claimed = self._store.jobs.claim(now=now, lease_for=LEASE)
        assert claimed is not None
        self._claim = claimed[1]
        return self

    def go_on(self, now: datetime, *outcomes: RowOutcome) -> Course:
        """End the next rows."""
        rows = [
            Row(
                number,
                f"http://example.test/{number}",
                outcome,
                now,
                code=None if outcome is RowOutcome.SUCCEEDED else "dns_failure",
                detail=None if outcome is RowOutcome.SUCCEEDED else "There is no such host.",
            )
            for number, outcome in enumerate(outcomes, self._next)
        ]
        return self.write(now, rows)

    def write(self, now: datetime, rows: Sequence[Row]) -> Course:
        """End these rows."""
        assert self._claim is not None
        self._next += len(rows)
        self._claim = self._store.jobs.advance(self._claim, rows, implicit_successes=0, checkpoint=None, until=now + LEASE)
        return self

    def end(self, now: datetime) -> Course:
        """End the job, whose rows are all accounted for."""
        assert self._claim is not None
        assert self._store.jobs.finish(self._claim)
        assert self.id in self._store.jobs.complete(now=now, limit=10)
        return self

    def cancel(self, now: datetime) -> Course:
        """End the job before its time."""
        assert self._store.jobs.cancel(self.id, now=now)
        return self
