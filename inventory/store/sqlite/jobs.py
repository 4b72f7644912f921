"""Jobs: created, listed, ended and removed. Their batches and rows are in `batches`.

The counts stand in the job's own row: each changes in the transaction that writes the rows it counts.
"""
# ruff: noqa: S608 - nothing but our own lists of columns is put into a statement

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from inventory.jobs.model import SPLITTING, Job, JobStatus, Row, RowOutcome
from inventory.listing import Key
from inventory.store.codecs import LARGEST, read_text, to_millis
from inventory.store.sqlite import job_columns as columns
from inventory.store.sqlite.batches import Batches
from inventory.store.sqlite.rows import AHEAD, page

FIND = f"SELECT {columns.JOB} FROM jobs WHERE id = :id"
FIND_LIKE = tuple(
    f"SELECT {columns.JOB} FROM jobs WHERE {column} = :{value}"
    for column, value in (("id", "id"), ("idempotency_key", "idempotency_key"), (columns.DEDUP_KEY, "dedup_key"))
)
INSERT = f"""
    INSERT INTO jobs
    (id, kind, created_at, file_name, file_size, sha256, options, idempotency_key, {columns.DEDUP_KEY}, status, owner)
    VALUES
    (:id, :kind, :created_at, :file_name, :file_size, :sha256, :options, :idempotency_key, :dedup_key, 'queued', :owner)
    RETURNING {columns.JOB}"""
INSERT_SPLITTING = f"""
    INSERT INTO batches (job_id, number, first_row, last_row, rows, bytes, due_at, queued, owner)
    VALUES (:id, {SPLITTING}, 0, 0, 0, 0, :created_at, 1, :owner)"""

LISTING = f"""
    SELECT {columns.JOB} FROM jobs WHERE {{chosen}} AND (created_at, id) < (:instant, :id)
    ORDER BY created_at DESC, id DESC LIMIT :limit"""
OF_KIND = f"SELECT {columns.JOB} FROM jobs WHERE kind = :kind ORDER BY created_at DESC, id DESC LIMIT :limit"
CHECKPOINTS = f"""
    SELECT number, checkpoint FROM batches WHERE job_id = :job_id AND number > {SPLITTING} AND checkpoint IS NOT NULL
    ORDER BY number"""
ROWS = f"""
    SELECT {columns.OUTCOME} FROM outcomes WHERE job_id = :job_id AND {{chosen}} AND number > :after
    ORDER BY number LIMIT :limit"""

DONE = """
    SELECT id FROM jobs WHERE status = 'running'
    AND NOT EXISTS (SELECT 1 FROM batches WHERE job_id = jobs.id AND due_at IS NOT NULL) LIMIT :limit"""
DUE = f"""
    SELECT id FROM jobs WHERE status IN ('queued', 'running') AND (coalesce(
    (SELECT due_at FROM batches WHERE job_id = jobs.id AND due_at IS NOT NULL ORDER BY due_at LIMIT 1), :now) <= :now
    OR EXISTS (SELECT 1 FROM batches WHERE job_id = jobs.id AND {AHEAD})) LIMIT :limit"""
COMPLETE = f"""
    UPDATE jobs SET status = CASE WHEN error IS NULL THEN 'completed' ELSE 'failed' END, finished_at = :now,
    {columns.DEDUP_KEY} = NULL, total = coalesce(total, succeeded + failed + rejected)
    WHERE id = :id"""
CANCEL = f"""
    UPDATE jobs SET status = 'cancelled', finished_at = :now, {columns.DEDUP_KEY} = NULL
    WHERE id = :id AND status IN ('queued', 'running')"""
RELEASE_ALL = "UPDATE batches SET queued = 0, due_at = NULL, lease = NULL WHERE job_id = :id AND due_at IS NOT NULL"

EXISTING = "SELECT id FROM jobs WHERE id = ?"
OVER = "SELECT id FROM jobs WHERE finished_at < :before ORDER BY finished_at LIMIT 1"
REMOVE = tuple(
    f"""DELETE FROM {table} WHERE job_id = :id AND number IN
    (SELECT number FROM {table} WHERE job_id = :id ORDER BY number LIMIT :limit)"""
    for table in ("outcomes", "batches")
)


class SqliteJobs(Batches):
    def create(self, job: Job) -> Job:
        values = columns.new_job(job)
        with self._connections.writing() as connection:
            for statement in FIND_LIKE:
                if found := connection.execute(statement, values).fetchall():
                    return columns.job(found[0])
            created = connection.execute(INSERT, values).fetchall()
            connection.execute(INSERT_SPLITTING, values)
        return columns.job(created[0])

    def find(self, job_id: str) -> Job | None:
        found = self._connections.rows(FIND, {"id": columns.short(job_id)})
        return columns.job(found[0]) if found else None

    def listing(self, status: JobStatus | None, *, limit: int, after: Key | None) -> Sequence[Job]:
        values = page(limit, after)
        values |= {"id": columns.short(values["id"]), "status": status and status.value}
        return [columns.job(row) for row in self._connections.rows(listing_statement(status), values)]

    def of_kind(self, kind: str, *, limit: int) -> Sequence[Job]:
        return [columns.job(row) for row in self._connections.rows(OF_KIND, {"kind": kind, "limit": limit})]

    def checkpoints(self, job_id: str) -> Mapping[int, str]:
        found = self._connections.rows(CHECKPOINTS, {"job_id": columns.short(job_id)})
        return {number: read_text(checkpoint) or "" for number, checkpoint in found}

    def complete(self, *, now: datetime, limit: int) -> Sequence[str]:
        chosen = {"limit": limit}
        if not self._connections.rows(DONE, chosen):
            return []
        with self._connections.writing() as connection:
            ids = [row[0] for row in connection.execute(DONE, chosen).fetchall()]
            connection.executemany(COMPLETE, [{"id": job_id, "now": to_millis(now)} for job_id in ids])
        return [columns.long(job_id) for job_id in ids]

    def cancel(self, job_id: str, *, now: datetime) -> bool:
        values = {"id": columns.short(job_id), "now": to_millis(now)}
        with self._connections.writing() as connection:
            cancelled = connection.execute(CANCEL, values).rowcount == 1
            if cancelled:
                connection.execute(RELEASE_ALL, values)
        return cancelled

    def due(self, *, now: datetime, limit: int) -> Sequence[str]:
        found = self._connections.rows(DUE, {"now": to_millis(now), "limit": limit})
        return [columns.long(row[0]) for row in found]

    def rows(self, job_id: str, outcome: RowOutcome | None, *, limit: int, after: int) -> Sequence[Row]:
        values = {
            "job_id": columns.short(job_id),
            "outcome": outcome and outcome.value,
            "limit": limit,
            "after": min(after, LARGEST),
        }
        return [columns.outcome(row) for row in self._connections.rows(rows_statement(outcome), values)]

    def existing(self, job_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(job_id for job_id in job_ids if self._connections.rows(EXISTING, (columns.short(job_id),)))

    def retire(self, *, before: datetime, limit: int) -> Sequence[str]:
        chosen = {"before": to_millis(before)}
        gone: list[str] = []
        if not self._connections.rows(OVER, chosen):
            return gone
        with self._connections.writing() as connection:
            while limit > 0 and (over := connection.execute(OVER, chosen).fetchall()):
                for statement in REMOVE:
                    limit -= connection.execute(statement, {"id": over[0][0], "limit": limit}).rowcount
                if limit > 0:
                    connection.execute("DELETE FROM jobs WHERE id = ?", over[0])
                    gone.append(columns.long(over[0][0]))
        return gone


def listing_statement(status: JobStatus | None) -> str:
    return LISTING.format(chosen="TRUE" if status is None else "status = :status")


def rows_statement(outcome: RowOutcome | None) -> str:
    return ROWS.format(chosen="TRUE" if outcome is None else "outcome = :outcome")
