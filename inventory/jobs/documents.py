"""The documents that the jobs API answers and streams."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any

from inventory.clock import rfc3339
from inventory.jobs.job_type import WHOLE_LINE, LineFormat
from inventory.jobs.model import FILE_FORMAT, Job, Row
from inventory.masking import Masking

Document = dict[str, Any]


def job_document(job: Job, now: datetime, *, with_owner: bool = False) -> Document:
    """A job at `now`: `percent` 0 to 100, `rate` in rows a second, `eta_seconds` whole; None while unknown."""
    counts, elapsed = job.counts, _elapsed(job, now)
    document: Document = {
        "job_id": job.id,
        "kind": job.kind,
        "file_name": job.file_name,
        "file_size": job.file_size,
        "format": _format(job),
        "status": job.status.value,
        "total": job.total,
        "processed": counts.processed,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "rejected": counts.rejected,
        "bytes_read": counts.bytes_read,
        "percent": _percent(job),
        "rate": round(counts.processed / elapsed, 1) if elapsed else None,
        "eta_seconds": _eta(job, elapsed),
        "created_at": rfc3339(job.created_at),
        "started_at": None if job.started_at is None else rfc3339(job.started_at),
        "finished_at": None if job.finished_at is None else rfc3339(job.finished_at),
        "error": job.error,
    }
    if job.limits is not None:
        document["limits"] = job.limits.texts
    if with_owner and job.owner:
        document["owner"] = job.owner
    return document


def row_document(row: Row, masking: Masking) -> Document:
    """The outcome of a row. Its input is as it was sent; what is said of it is masked."""
    return {
        "row": row.row,
        "input": row.input,
        "outcome": row.outcome.value,
        "record_id": row.record_id,
        "detail": None if row.detail is None else masking(row.detail),
        "code": row.code,
        "finished_at": rfc3339(row.finished_at),
    }


def format_document(kept: Mapping[str, Any]) -> Document:
    """What was found out about a file, as `FILE_FORMAT` keeps it."""
    is_table = kept["line_format"] == LineFormat.CSV and kept["delimiter"] != WHOLE_LINE
    return {
        "name": kept.get("shape") or kept["line_format"],
        "encoding": kept["encoding"],
        "column": kept.get("column_name") or kept["member"],
        "delimiter": kept["delimiter"] if is_table else None,
    }


def _format(job: Job) -> Document | None:
    """What was found out about the file when it was uploaded; None without a file, or for one of an earlier version."""
    kept = job.options.get(FILE_FORMAT)
    return None if kept is None else format_document(kept)


def _elapsed(job: Job, now: datetime) -> float | None:
    """Seconds that the job has run for; None before it starts, or where clocks that differ say so."""
    if job.started_at is None:
        return None
    seconds = ((job.finished_at or now) - job.started_at).total_seconds()
    return seconds if seconds > 0 else None


def _done(job: Job) -> tuple[int, int] | None:
    """How much is done of how much: rows once all are known, bytes until then; None if there is nothing to count."""
    done, whole = (job.counts.bytes_read, job.file_size) if job.total is None else (job.counts.processed, job.total)
    return (min(done, whole), whole) if whole else None


def _percent(job: Job) -> float | None:
    """Rounded down, so that only a complete job has 100."""
    if job.total == 0:
        return 100.0
    progress = _done(job)
    if progress is None:
        return None
    done, whole = progress
    percent = done * 1_000 // whole / 10
    return percent if job.total is not None else min(percent, 99.9)


def _eta(job: Job, elapsed: float | None) -> int | None:
    """Seconds to the end at the average rate so far; 0 at the end."""
    if job.status.finished:
        return 0
    progress = _done(job)
    if progress is None or elapsed is None:
        return None
    done, whole = progress
    return ceil(elapsed * (whole - done) / done) if done else None
