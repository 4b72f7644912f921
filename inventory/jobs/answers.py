"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from inventory.jobs.documents import Document, job_document, row_document
from inventory.jobs.model import Job
from inventory.jobs.seeing import changed_job, limits_of_seeing, seen_job, seen_jobs
from inventory.listing import keyset_page, sifted_page
from inventory.services import services

IN_ORDER = attrgetter("created_at", "id")


def jobs(query: dict[str, Any]) -> Document:
    """One page of the jobs that a `JobsQuery` means."""
    find, document = partial(services().jobs.listing, query["status"]), partial(shown, now=services().jobs.clock())
    if None in limits_of_seeing():
        return keyset_page("jobs", query, find, document, IN_ORDER)
    return sifted_page("jobs", query, find, document, IN_ORDER, seen_jobs)


def job(job_id: str) -> Document:
    """One job and its progress."""
    return shown(seen_job(job_id), services().jobs.clock())


def rows(job_id: str, query: dict[str, Any]) -> Document:
    """One page of the rows of a job that a `RowsQuery` means."""
    find = partial(services().jobs.rows, seen_job(job_id).id, query["outcome"])
    document = partial(row_document, masking=services().settings.masking)
    return keyset_page("rows", query, find, document, attrgetter("row"))


def cancel(job_id: str) -> Document:
    """The job that is cancelled now; `JobFinished` if it is over."""
    return shown(services().jobs.cancel(changed_job(job_id).id), services().jobs.clock())


def retry(job_id: str) -> Job:
    """The new job for the failed rows of one that is over; `NotRetryable` if there are none."""
    return services().jobs.retry(changed_job(job_id).id)


def shown(job: Job, now: datetime) -> Document:
    """A job at `now` as the caller sees it: admins see whose it is."""
    return job_document(job, now, with_owner=services().limits.of("admin") is None)
