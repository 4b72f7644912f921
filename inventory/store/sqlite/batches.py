"""Batches: the queue that workers take them from, and the right to change them.

A batch that is not done is queued, or waits for `due_at`: the end of its lease or of its pause. The first claim after that
instant queues it. So a claim finds the lowest number among those that are due without looking at those that wait. Owners
take turns.
A claim holds while its lease and fence are the batch's: releasing, finishing and cancelling take the lease away.
"""
# ruff: noqa: S608 - nothing but our own lists of columns is put into a statement

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from inventory.jobs.model import Batch, Job, JobStatus, NewBatch, Row, RowOutcome
from inventory.store.codecs import text_bytes, to_millis
from inventory.store.sqlite import job_columns as columns
from inventory.store.sqlite.connections import Adapter, Connections
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.owners import Run, owners_in_turn, queue, rows_of
from inventory.store.sqlite.rows import AHEAD
from inventory.store.turns import Served

MAX_QUEUED = 10_000
"""Batches that one claim queues at most, so that others need not wait for long."""

FIRST = """
    SELECT job_id, number FROM batches INDEXED BY batches_queued WHERE queued = 1 AND owner = :owner AND due_at <= :now
    ORDER BY number, due_at LIMIT 1"""
QUEUED = queue("batches", "queued = 1", ["due_at <= :now"], FIRST)
WAKE = """
    UPDATE batches SET queued = 1 WHERE (job_id, number) IN
    (SELECT job_id, number FROM batches WHERE queued = 0 AND due_at <= :now ORDER BY due_at LIMIT :limit)"""
CLAIMABLE_AHEAD = f"""
    SELECT batches.job_id, batches.number FROM jobs JOIN batches ON batches.job_id = jobs.id AND batches.{AHEAD}
    WHERE jobs.status IN ('queued', 'running') LIMIT :limit"""
CLAIMABLE = f"""
    SELECT EXISTS (SELECT 1 FROM batches INDEXED BY batches_queued WHERE queued = 1 AND due_at <= :now),
    EXISTS (SELECT 1 FROM batches WHERE queued = 0 AND due_at <= :now), EXISTS ({CLAIMABLE_AHEAD})"""
"""Whether any in the queue is due, any that waits, and any that a clock wrote which was ahead."""
WAKE_AHEAD = f"UPDATE batches SET queued = 1, due_at = :now WHERE (job_id, number) IN ({CLAIMABLE_AHEAD})"
CLAIM = f"""
    UPDATE batches SET queued = 0, lease = :lease, due_at = :until, attempt = attempt + 1, fence = fence + 1
    WHERE (job_id, number) = ({FIRST}) RETURNING {columns.BATCH}"""
FIND_JOB = f"SELECT {columns.JOB} FROM jobs WHERE id = :id"
START = f"UPDATE jobs SET status = 'running', started_at = :now WHERE id = :id RETURNING {columns.JOB}"

CLAIM_HOLDS = "job_id = :job_id AND number = :number AND lease = :lease AND fence = :fence"
IMPLICIT_SUCCESSES = f"SELECT {columns.IMPLICIT_SUCCESSES} FROM batches WHERE {CLAIM_HOLDS}"
RENEW = f"""
    UPDATE batches SET queued = 0, due_at = :until, attempt = 0, checkpoint = :checkpoint,
    {columns.IMPLICIT_SUCCESSES} = :implicit_successes WHERE {CLAIM_HOLDS} RETURNING {columns.BATCH}"""
RELEASE = f"UPDATE batches SET queued = 0, due_at = :due_at, lease = NULL, attempt = 0 WHERE {CLAIM_HOLDS}"
FINISH = f"UPDATE batches SET queued = 0, due_at = NULL, lease = NULL WHERE {CLAIM_HOLDS}"

ADD = """
    INSERT OR IGNORE INTO batches (job_id, number, first_row, last_row, rows, bytes, due_at, queued, owner)
    SELECT id, :number, :first_row, :last_row, :rows, :bytes, created_at, 1, owner FROM jobs WHERE id = :job_id"""
WRITE = f"INSERT OR IGNORE INTO outcomes (job_id, {columns.OUTCOME}) VALUES (?, ?, ?, ?, ?, ?)"
COUNT = """
    UPDATE jobs SET succeeded = succeeded + :succeeded, failed = failed + :failed, rejected = rejected + :rejected
    WHERE id = :id"""
COUNT_BYTES = """
    UPDATE jobs SET bytes_read = bytes_read + :bytes, total = coalesce(:total, total), error = coalesce(:error, error)
    WHERE id = :id"""
FINISHED_ROWS = "SELECT number FROM outcomes WHERE job_id = ? AND number BETWEEN ? AND ?"


class Batches(Adapter):
    def __init__(self, connections: Connections) -> None:
        super().__init__(connections)
        self._served = Served()

    def claim(self, *, now: datetime, lease_for: timedelta) -> tuple[Job, Batch] | None:
        values: dict[str, Any] = {"now": to_millis(now), "until": to_millis(now + lease_for), "limit": MAX_QUEUED}
        is_queued, is_waiting, is_ahead = self._connections.rows(CLAIMABLE, values)[0]
        if not (is_queued or is_waiting or is_ahead):
            return None
        with self._connections.writing() as connection:
            if is_waiting:
                connection.execute(WAKE, values)
            if is_ahead:
                connection.execute(WAKE_AHEAD, values)
            owner = self._next_owner(rows_of(connection), values)
            if owner is None:
                return None
            lease = {"lease": secrets.token_hex(16), "owner": owner}
            claimed = connection.execute(CLAIM, values | lease).fetchall()
            batch = columns.batch(claimed[0])
            job_id = {"id": columns.short(batch.job_id)}
            job = columns.job(connection.execute(FIND_JOB, job_id).fetchall()[0])
            if job.status is JobStatus.QUEUED:
                job = columns.job(connection.execute(START, values | job_id).fetchall()[0])
        return job, batch

    def _next_owner(self, run: Run, values: Mapping[str, Any]) -> str | None:
        """The owner whose turn it is; None if nobody has a batch in the queue that is due."""
        low, high, is_any = run(QUEUED.ends, values)[0]
        if low == high:
            return low if is_any else None
        owners = owners_in_turn(run, QUEUED, values, last=self._served.last, limit=1).owners
        self._served.last = owners[0] if owners else self._served.last
        return owners[0] if owners else None

    def add_batches(
        self, claim: Batch, batches: Sequence[NewBatch], *, checkpoint: str | None, until: datetime
    ) -> Batch | None:
        with self._connections.writing() as connection:
            renewed = _renew(connection, claim, claim.implicit_successes, checkpoint, until)
            if renewed is not None:
                job_id = columns.short(claim.job_id)
                connection.executemany(ADD, [{"job_id": job_id, **asdict(batch)} for batch in batches])
        return renewed

    def advance(
        self, claim: Batch, rows: Sequence[Row], *, implicit_successes: int, checkpoint: str | None, until: datetime
    ) -> Batch | None:
        job_id = columns.short(claim.job_id)
        outcomes = [columns.new_outcome(job_id, row) for row in rows]
        with self._connections.writing() as connection:
            before = connection.execute(IMPLICIT_SUCCESSES, _claimed(claim)).fetchall()
            if not before:
                return None
            counts = Counter({RowOutcome.SUCCEEDED.value: implicit_successes - before[0][0]})
            for outcome, alike in groupby(outcomes, key=lambda values: values[2]):
                counts[outcome] += connection.executemany(WRITE, list(alike)).rowcount
            connection.execute(COUNT, {"id": job_id, **{each.value: counts[each.value] for each in RowOutcome}})
            return _renew(connection, claim, implicit_successes, checkpoint, until)

    def release(self, claim: Batch, *, due_at: datetime) -> bool:
        with self._connections.writing() as connection:
            return connection.execute(RELEASE, _claimed(claim) | {"due_at": to_millis(due_at)}).rowcount == 1

    def finish(self, claim: Batch, *, total: int | None = None, error: str | None = None) -> bool:
        values = {"id": columns.short(claim.job_id), "bytes": claim.bytes, "total": total, "error": text_bytes(error)}
        with self._connections.writing() as connection:
            if connection.execute(FINISH, _claimed(claim)).rowcount == 0:
                return False
            connection.execute(COUNT_BYTES, values)
        return True

    def finished_rows(self, claim: Batch) -> frozenset[int]:
        values = columns.short(claim.job_id), claim.first_row, claim.last_row
        return frozenset(row[0] for row in self._connections.rows(FINISHED_ROWS, values))


def _claimed(claim: Batch) -> dict[str, Any]:
    """What a batch must still have for the owner of the claim to change it."""
    return {
        "job_id": columns.short(claim.job_id),
        "number": claim.number,
        "lease": claim.lease,
        "fence": claim.fence,
    }


def _renew(
    connection: Connection, claim: Batch, implicit_successes: int, checkpoint: str | None, until: datetime
) -> Batch | None:
    values = {"implicit_successes": implicit_successes, "checkpoint": text_bytes(checkpoint), "until": to_millis(until)}
    renewed = connection.execute(RENEW, _claimed(claim) | values).fetchall()
    return columns.batch(renewed[0]) if renewed else None
