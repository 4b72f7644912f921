"""`/jobs` and `/jobs/{id}`: jobs in a browser; without JavaScript a page shows the state at the time of the request."""

from __future__ import annotations

from flask import Response, request

from inventory.errors import UnknownJob
from inventory.jobs import answers, schemas
from inventory.jobs.documents import job_document
from inventory.jobs.responses import csv_of_rows
from inventory.jobs.seeing import seen_job
from inventory.services import services
from inventory.ui.page_errors import page_blueprint
from inventory.ui.pages import page
from inventory.web_api import arguments, needs

blueprint = page_blueprint("job_pages")

NEWEST = {"status": None, "limit": 50, "cursor": None}
ROWS_QUERY = schemas.RowsQuery()


@blueprint.get("/jobs")
@needs.needs("read", limited=True, other="import")
def all_jobs() -> Response:
    """The newest jobs."""
    return page("jobs.html", jobs=answers.jobs(NEWEST)["jobs"])


@blueprint.get("/jobs/<job_id>/rows.csv")
@needs.needs("read", limited=True, other="import")
def rows_of_job(job_id: str) -> Response:
    """The rows of a job as a file, for a browser, which cannot send `Accept: text/csv`."""
    return csv_of_rows(job_id, arguments.load(ROWS_QUERY, arguments.query, request)["outcome"])


@blueprint.get("/jobs/<job_id>")
@needs.needs("read", limited=True, other="import")
def one_job(job_id: str) -> Response:
    """One job and its progress as it happens."""
    try:
        job = seen_job(job_id)
    except UnknownJob:
        return page("no_job.html", 404, job_id=job_id)
    return page("job.html", job=job_document(job, services().jobs.clock()), over=job.status.finished)
