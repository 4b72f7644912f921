"""How views answer with a job or its rows: what the views of other features use of this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter

from flask import Response, request, url_for

from inventory.access.current import caller
from inventory.jobs.allowed import all_or_broken_off
from inventory.jobs.documents import Document, job_document
from inventory.jobs.exports import rows_as_csv
from inventory.jobs.model import Job, RowOutcome
from inventory.jobs.schemas import JobSchema
from inventory.jobs.stream_slots import DOWNLOADING
from inventory.limits import Limits, within_any
from inventory.listing import sifted
from inventory.services import services
from inventory.web_api.blueprint import Blueprint, View
from inventory.web_api.responses import json_response

IN_ORDER = attrgetter("created_at", "id")
"""The position of a job in listings."""
SEEING = "read", "import"
"""Either verb is enough to see the jobs that lie within its limits: who imports is to know what becomes of it."""


def accepts_job(blueprint: Blueprint, example: str) -> Callable[[View], View]:
    """Document that a view answers with an accepted job."""
    return blueprint.response(202, JobSchema, description="Accepted, durably; Location has the job", example=example)


def shown(job: Job, now: datetime) -> Document:
    """A job at `now` as the caller sees it: admins see whose it is."""
    return job_document(job, now, with_owner=services().limits.of("admin") is None)


def accepted(job: Job, now: datetime) -> Response:
    """202 with the job as it stands at `now`, and where to find it later."""
    response = json_response(shown(job, now), 202)
    response.headers["Location"] = url_for("jobs.OneJob", job_id=job.id)
    return response


def seen_job(job_id: str) -> Job:
    """The job, if its limits lie within those of the caller; else `UnknownJob`."""
    return services().jobs.find(job_id, limits_of_seeing())


def limits_of_seeing() -> Sequence[Limits | None]:
    """The caller sees the jobs that lie within any of these limits."""
    return [services().limits.of(verb) for verb in SEEING]


def changed_job(job_id: str) -> Job:
    """The same, if the caller may also import all that the job may; else `OutOfScope`."""
    job = seen_job(job_id)
    services().limits.require_within("import", job.limits)
    return job


def seen_jobs(jobs: Sequence[Job]) -> Sequence[Job]:
    """Those of the jobs whose limits lie within those of the caller."""
    limits = limits_of_seeing()
    return [each for each in jobs if within_any(each.limits, limits)]


def newest_jobs(limit: int) -> Sequence[Job]:
    """The newest jobs that the caller sees."""
    find = partial(services().jobs.listing, None)
    if None in limits_of_seeing():
        return find(limit=limit, after=None)
    return sifted(find, seen_jobs, IN_ORDER, limit=limit, after=None)[0]


def csv_of_rows(job_id: str, outcome: RowOutcome | None) -> Response:
    """All rows with the outcome as a CSV file."""
    pages = services().jobs.all_rows(seen_job(job_id).id, outcome)
    return download(rows_as_csv(pages, services().settings.masking), "text/csv", f"{job_id}-{outcome or 'rows'}.csv")


def download(content: Iterator[bytes], media_type: str, name: str) -> Response:
    """A file that is made while it is sent. That keeps a thread busy as long as a stream does: it takes a slot.

    It breaks off when the caller's key ends, which clients report as an error.
    """
    slot = services().streams.slots.take(request.environ.get("gunicorn.socket"), DOWNLOADING)
    allowed = all_or_broken_off(content, partial(services().access.still_holds, caller()))
    response = Response(allowed, mimetype=media_type)
    response.call_on_close(slot.close)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
