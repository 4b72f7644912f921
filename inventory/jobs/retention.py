"""What is left of jobs in the file store when nobody needs it any more. Every function may raise `StorageUnavailable`."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from inventory.files import Files
from inventory.jobs.chunks import PARTS, UPLOADS, job_of, upload_name
from inventory.jobs.ports import Jobs


def retire_jobs(jobs: Jobs, files: Files, *, before: datetime, limit: int) -> int:
    """Remove up to `limit` rows of jobs that finished before, and the jobs and files without any left; how many jobs went.

    A file whose removal is interrupted is one that no job has, and swept.
    """
    gone = jobs.retire(before=before, limit=limit)
    files.delete([upload_name(job_id) for job_id in gone])
    return len(gone)


def sweep_uploads(jobs: Jobs, files: Files, *, before: datetime, after: str, limit: int) -> str:
    """Remove those among the `limit` next uploads behind a name that are from `before` and that no job has.

    A job is created right behind its upload, so an old one without a job is one whose API process died in between. Should
    that have slept instead, its job ends as failed: the file is gone. Returns where the next call goes on, "" at the end.
    """
    names = files.names(UPLOADS, before=before, after=after, limit=limit)
    existing = jobs.existing([job_of(name) for name in names])
    files.delete([name for name in names if job_of(name) not in existing])
    return names[-1] if len(names) == limit else ""


def sweep_parts(jobs: Jobs, files: Files, *, after: str, limit: int) -> str:
    """Remove those among the `limit` next parts behind a name whose job is finished or gone; returns as `sweep_uploads`."""
    names = files.names(PARTS, after=after, limit=limit)
    for job_id, parts in groupby(names, job_of):
        job = jobs.find(job_id)
        if job is None or job.status.finished:
            files.delete(parts)
    return names[-1] if len(names) == limit else ""
