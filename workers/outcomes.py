"""What became of the record or the job that an RQ job names, in words for its dashboard."""

from __future__ import annotations

from inventory.jobs.model import Job
from inventory.records.model import Record, State


def of_record(before: Record | None, after: Record | None, *, settled: int) -> str:
    """What became of a record that was as `before`, and of how many others; `settled` collections ended meanwhile."""
    changed = before is not None and after is not None and after.fence != before.fence
    others = settled - int(changed and settled > 0)
    also = f", and {others:,} other{'s' if others > 1 else ''}" if others else ""
    return _state(after, was_due=before is not None and before.due_at is not None) + also


def of_job(job: Job | None, *, settled: int) -> str:
    """How far a job came, and how many collections ended meanwhile."""
    if job is None:
        return "deleted"
    total = "" if job.total is None else f" of {job.total:,}"
    collected = f", and {settled:,} collected" if settled else ""
    return f"{job.status}: {job.counts.processed:,}{total} rows{collected}"


def _state(record: Record | None, *, was_due: bool) -> str:
    if record is None:
        return "deleted"
    failed = None if record.failure is None else record.failure.code
    match record.state:
        case State.STORED:
            return "stored" if was_due else "already collected"
        case State.FAILED:
            return f"failed: {failed}" if was_due else f"already failed: {failed}"
        case State.PENDING:
            return f"to be tried again: {failed}" if failed else "waits for its host"
        case State.RUNNING:
            return "being collected by another worker"
