"""Jobs, batches and outcomes as documents of the MongoDB store, and back.

The batch `SPLITTING` is kept in the document of its job, with the fields of other batches. So a job and its first batch are
created together, and end together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from inventory.clock import truncated
from inventory.jobs.model import SPLITTING, Batch, Counts, Job, JobStatus, NewBatch, Row, RowOutcome
from inventory.store.codecs import content_bytes, read_content, read_text, text_bytes
from inventory.store.mongo.documents import Document, aware, aware_or_none

DEDUP_KEY, IMPLICIT_SUCCESSES = "likeness", "unlisted"
"""Fields of older names: an older version may still be writing, and there is a unique index on the first."""
COUNTERS = "succeeded", "failed", "rejected", "bytes_read"
FRESH: Document = {
    "queued": True,
    "lease": None,
    "fence": 0,
    "attempt": 0,
    IMPLICIT_SUCCESSES: 0,
    "checkpoint": None,
} | dict.fromkeys(COUNTERS, 0)


def new_job(job: Job) -> Document:
    """The document of a job that is created. No two have the same `key`, nor the same `DEDUP_KEY`."""
    key = text_bytes(job.idempotency_key)
    return {
        "_id": job.id,
        "kind": job.kind,
        "created_at": truncated(job.created_at),
        "file_name": text_bytes(job.file_name),
        "file_size": job.file_size,
        "sha256": job.sha256,
        "options": content_bytes(job.options),
        "idempotency_key": key,
        "key": job.id if key is None else sha256(key).digest(),
        DEDUP_KEY: sha256(text_bytes(job.dedup_key) or b"").digest(),
        "status": JobStatus.QUEUED.value,
        "started_at": None,
        "finished_at": None,
        "total": None,
        "error": None,
        "counted": False,
        **_new_batch(job.id, NewBatch(SPLITTING, 0, 0, 0, 0), job.created_at, job.owner),
    }


def job(document: Mapping[str, Any], counts: Counts | None = None) -> Job:
    """The job in a document; `counts` are those of its batches, if it has none of its own yet."""
    return Job(
        id=document["_id"],
        kind=document["kind"],
        created_at=aware(document["created_at"]),
        file_name=read_text(document["file_name"]),
        file_size=document["file_size"],
        sha256=document["sha256"],
        options=read_content(document["options"]),
        idempotency_key=read_text(document["idempotency_key"]),
        status=JobStatus(document["status"]),
        started_at=aware_or_none(document["started_at"]),
        finished_at=aware_or_none(document["finished_at"]),
        total=document["total"],
        counts=counts or Counts(*(document[name] for name in COUNTERS)),
        error=read_text(document["error"]),
        owner=document.get("owner") or "",
    )


def new_batch(job_id: str, wanted: NewBatch, due_at: datetime, owner: str = "") -> Document:
    """The document of a new batch. `done` says that all of it was worked on, and that `finish` said so."""
    return {"_id": batch_id(job_id, wanted.number), "done": False, **_new_batch(job_id, wanted, due_at, owner)}


def batch(document: Mapping[str, Any]) -> Batch:
    """The claimed batch in a document, its own or its job's."""
    return Batch(
        job_id=document["job_id"],
        number=document["number"],
        first_row=document["first_row"],
        last_row=document["last_row"],
        rows=document["rows"],
        bytes=document["bytes"],
        due_at=aware(document["due_at"]),
        lease=document["lease"],
        fence=document["fence"],
        attempt=document["attempt"],
        implicit_successes=document[IMPLICIT_SUCCESSES],
        checkpoint=read_text(document["checkpoint"]),
    )


def batch_id(job_id: str, number: int) -> str:
    return f"{job_id}-{number:09d}"


def outcome_id(job_id: str, row: int) -> str:
    """The `_id` of a row's outcome: those of one job in the order of its rows."""
    return f"{job_id}-{row:013d}"


def new_outcome(job_id: str, row: Row) -> Document:
    return {
        "_id": outcome_id(job_id, row.row),
        "job_id": job_id,
        "row": row.row,
        "outcome": row.outcome.value,
        "finished_at": truncated(row.finished_at),
        "record_id": row.record_id,
        "content": content_bytes({"row": [row.input, row.code, row.detail]}),
    }


def outcome(document: Mapping[str, Any]) -> Row:
    text, code, detail = read_content(document["content"])["row"]
    kind, finished_at = RowOutcome(document["outcome"]), aware(document["finished_at"])
    return Row(document["row"], text, kind, finished_at, document["record_id"], code, detail)


def _new_batch(job_id: str, wanted: NewBatch, due_at: datetime, owner: str) -> Document:
    return {
        "job_id": job_id,
        "number": wanted.number,
        "first_row": wanted.first_row,
        "last_row": wanted.last_row,
        "rows": wanted.rows,
        "bytes": wanted.bytes,
        "due_at": truncated(due_at),
        "owner": owner or None,
        **FRESH,
    }
