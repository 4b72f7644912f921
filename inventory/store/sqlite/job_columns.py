"""Jobs, batches and outcomes of rows, as values of the model, from rows of the SQLite store by position."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from string import hexdigits
from typing import Any

from inventory.jobs.model import Batch, Counts, Job, JobStatus, Row, RowOutcome
from inventory.store.codecs import content_bytes, from_millis, read_content, read_text, text_bytes, to_millis

DEDUP_KEY, IMPLICIT_SUCCESSES = "likeness", "unlisted"
"""Columns of older names. Renaming them would break a program of an older version that still uses the file, and the way back
to that version."""

JOB = (
    "id, kind, created_at, file_name, file_size, sha256, options, idempotency_key, status, started_at, finished_at, total,"
    " succeeded, failed, rejected, bytes_read, error, owner"
)
BATCH = f"job_id, number, first_row, last_row, rows, bytes, due_at, lease, fence, attempt, {IMPLICIT_SUCCESSES}, checkpoint"
OUTCOME = "number, outcome, finished_at, record_id, content"

_LOWER = frozenset(hexdigits.lower())


def short(name: str) -> bytes | str:
    """An id of 32 hexadecimal digits as 16 bytes, in the same order; any other text as it is, so that nothing has it."""
    return bytes.fromhex(name) if len(name) == 32 and _LOWER.issuperset(name) else name


def long(kept: bytes | str) -> str:
    """The id that `short` made short."""
    return kept.hex() if isinstance(kept, bytes) else kept


def new_job(job: Job) -> dict[str, Any]:
    return {
        "id": short(job.id),
        "kind": job.kind,
        "created_at": to_millis(job.created_at),
        "file_name": text_bytes(job.file_name),
        "file_size": job.file_size,
        "sha256": job.sha256,
        "options": content_bytes(job.options),
        "idempotency_key": text_bytes(job.idempotency_key),
        "dedup_key": sha256(text_bytes(job.dedup_key) or b"").digest(),
        "owner": job.owner,
    }


def job(row: Sequence[Any]) -> Job:
    """The job in a row of the columns `JOB`."""
    return Job(
        id=long(row[0]),
        kind=row[1],
        created_at=from_millis(row[2]),
        file_name=read_text(row[3]),
        file_size=row[4],
        sha256=row[5],
        options=read_content(row[6]),
        idempotency_key=read_text(row[7]),
        status=JobStatus(row[8]),
        started_at=_instant(row[9]),
        finished_at=_instant(row[10]),
        total=row[11],
        counts=Counts(row[12], row[13], row[14], row[15]),
        error=read_text(row[16]),
        owner=row[17],
    )


def batch(row: Sequence[Any]) -> Batch:
    """The claimed batch in a row of the columns `BATCH`."""
    return Batch(
        job_id=long(row[0]),
        number=row[1],
        first_row=row[2],
        last_row=row[3],
        rows=row[4],
        bytes=row[5],
        due_at=from_millis(row[6]),
        lease=row[7],
        fence=row[8],
        attempt=row[9],
        implicit_successes=row[10],
        checkpoint=read_text(row[11]),
    )


def new_outcome(job_id: bytes | str, row: Row) -> tuple[Any, ...]:
    """The values of an outcome: the job's id, short, and the columns `OUTCOME`."""
    content = content_bytes({"row": [row.input, row.code, row.detail]})
    record_id = None if row.record_id is None else short(row.record_id)
    return job_id, row.row, row.outcome.value, to_millis(row.finished_at), record_id, content


def outcome(row: Sequence[Any]) -> Row:
    """The outcome in a row of the columns `OUTCOME`."""
    text, code, detail = read_content(row[4])["row"]
    record_id = None if row[3] is None else long(row[3])
    return Row(row[0], text, RowOutcome(row[1]), from_millis(row[2]), record_id, code, detail)


def _instant(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)
