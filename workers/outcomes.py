"""What became of the record or the job that an RQ job names, in words for its dashboard."""

from __future__ import annotations

from datetime import datetime

from inventory.jobs.model import Job
from inventory.records.model import Record, State


def of_record(before: Record | None, after: Record | None, *, settled: int, now: datetime) -> str:
    """What became of a record that was as `before`; with others, `settled` says how many collections ended meanwhile."""
    was_due = before is not None and before.due_at is not None
    collected = f"; this RQ job collected {settled:,}" if settled > was_due else ""
    return _state(after, was_due=was_due, now=now) + collected


def of_job(job: Job | None, *, settled: int) -> str:
    """How far a job came, and how many collections ended meanwhile."""
    if job is None:
        return "deleted"
    total = "" if job.total is None else f" of {job.total:,}"
    collected = f", and {settled:,} collected" if settled else ""
    return f"{job.status}: {job.counts.processed:,}{total} rows{collected}"


def _state(record: Record | None, *, was_due: bool, now: datetime) -> str:
    if record is None:
        return "deleted"
    failed = None if record.failure is None else record.failure.code
    match record.state:
        case State.STORED:
            return "stored" if was_due else "already collected"
        case State.FAILED:
            return f"failed: {failed}" if was_due else f"already failed: {failed}"
        case State.PENDING:
            if record.attempt and failed:
                return f"to be tried again: {failed}"
            return "waits for its host" if record.due_at and record.due_at > now else "not collected yet"
        case State.RUNNING:
            return "being collected by another worker"
