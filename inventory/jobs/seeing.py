"""Which jobs the caller of the current request sees, and may change."""

from __future__ import annotations

from collections.abc import Sequence

from inventory.jobs.model import Job
from inventory.limits import Limits, within_any
from inventory.services import services

SEEING = "read", "import"
"""Either verb is enough to see the jobs that lie within its limits: who imports is to know what becomes of it."""


def seen_job(job_id: str) -> Job:
    """The job, if its limits lie within those of the caller; else `UnknownJob`."""
    return services().jobs.find(job_id, limits_of_seeing())


def limits_of_seeing() -> Sequence[Limits | None]:
    """The caller sees the jobs that lie within any of these limits."""
    return [services().limits.of(verb) for verb in SEEING]


def changed_job(job_id: str) -> Job:
    """The job as `seen_job` finds it, if the caller may also import all that the job may; else `OutOfScope`."""
    job = seen_job(job_id)
    services().limits.require_within("import", job.limits)
    return job


def seen_jobs(jobs: Sequence[Job]) -> Sequence[Job]:
    """Those of the jobs whose limits lie within those of the caller."""
    limits = limits_of_seeing()
    return [each for each in jobs if within_any(each.limits, limits)]
