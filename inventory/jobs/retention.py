"""Removal of files that no job needs any more. Every function may raise `StorageUnavailable`."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from inventory.files import Files
from inventory.jobs.chunks import CHUNKS, UPLOADS, job_of, upload_name
from inventory.jobs.ports import Jobs


def retire_jobs(jobs: Jobs, files: Files, *, before: datetime, limit: int) -> int:
    """Remove up to `limit` rows of jobs that finished before, and jobs without rows; how many jobs. Lost files are swept."""
    gone = jobs.retire(before=before, limit=limit)
    files.delete([upload_name(job_id) for job_id in gone])
    return len(gone)


def sweep_uploads(jobs: Jobs, files: Files, *, before: datetime, after: str, limit: int) -> str:
    """Remove those of the next `limit` uploads after a name that are older than `before` and have no job.

    A job is created right after its upload, so the API process of an old one without a job died in between. If it only
    slept, its job fails because the file is gone. Returns the name where the next call continues, "" at the end.
    """
    names = files.names(UPLOADS, before=before, after=after, limit=limit)
    existing = jobs.existing([job_of(name) for name in names])
    files.delete([name for name in names if job_of(name) not in existing])
    return names[-1] if len(names) == limit else ""


def sweep_chunks(jobs: Jobs, files: Files, *, after: str, limit: int) -> str:
    """Remove those of the next `limit` chunks after a name whose job is finished or gone; returns as `sweep_uploads`."""
    names = files.names(CHUNKS, after=after, limit=limit)
    for job_id, chunks in groupby(names, job_of):
        job = jobs.find(job_id)
        if job is None or job.status.finished:
            files.delete(chunks)
    return names[-1] if len(names) == limit else ""
