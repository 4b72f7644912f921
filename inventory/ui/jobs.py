"""`/jobs` and `/jobs/{id}`: jobs in a browser; without JavaScript a page shows the state at the time of the request."""

from __future__ import annotations

from flask import Blueprint, Response, request

from inventory.errors import Unauthenticated, UnknownJob
from inventory.jobs import schemas
from inventory.jobs.documents import job_document
from inventory.jobs.responses import csv_of_rows, newest_jobs, seen_job
from inventory.services import services
from inventory.ui.login import lead_to_login
from inventory.ui.pages import page
from inventory.web_api import arguments, needs

blueprint = Blueprint("job_pages", __name__, template_folder="templates")

PAGE_JOBS = 50
ROWS_QUERY = schemas.RowsQuery()

blueprint.register_error_handler(Unauthenticated, lead_to_login)


@blueprint.get("/jobs")
@needs.needs("read", limited=True, other="import")
def all_jobs() -> Response:
    """The newest jobs."""
    now = services().jobs.clock()
    documents = [job_document(job, now) for job in newest_jobs(PAGE_JOBS)]
    return page("jobs.html", jobs=documents)


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


@blueprint.app_template_filter()
def number(value: int | None) -> str:
    """A count, such as `12,345`."""
    return "?" if value is None else f"{value:,}"


@blueprint.app_template_filter()
def percent(value: float | None) -> str:
    """A share of 100."""
    return "–" if value is None else f"{value:.1f} %"


@blueprint.app_template_filter()
def rate(value: float | None) -> str:
    """Rows a second."""
    return "–" if value is None else f"{value:,g} rows/s"


@blueprint.app_template_filter()
def duration(seconds: int | None) -> str:
    """A time to wait, in its two largest units."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(seconds, 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@blueprint.app_template_filter()
def instant(text: str | None) -> str:
    """An instant to the second, in UTC."""
    return "–" if text is None else f"{text[:19].replace('T', ' ')}Z"
