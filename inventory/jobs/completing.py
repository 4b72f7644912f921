"""The end of jobs whose batches are all done: workers and the scheduler look for it."""

from __future__ import annotations

from datetime import datetime

import structlog

from inventory.jobs.model import Job, JobStatus
from inventory.jobs.ports import Jobs
from inventory.notifier import Notifier

log = structlog.get_logger(__name__)

MAX_COMPLETED = 10
"""Jobs that are completed in one call of the store."""


def complete_jobs(jobs: Jobs, notifier: Notifier, *, now: datetime) -> None:
    """End the jobs whose batches are all done, and announce it."""
    while completed := jobs.complete(now=now, limit=MAX_COMPLETED):
        for job_id in completed:
            if job := jobs.find(job_id):
                _log_end(job)
            notifier.announce_job(job_id, ended=True)


def _log_end(job: Job) -> None:
    tell = log.error if job.status is JobStatus.FAILED else log.info
    seconds = (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else None
    tell(
        f"job_{job.status}",
        job_id=job.id,
        kind=job.kind,
        total=job.total,
        succeeded=job.counts.succeeded,
        failed=job.counts.failed,
        rejected=job.counts.rejected,
        seconds=seconds,
        error=job.error,
    )
