"""`/jobs` and `/jobs/{id}`: import a file, follow its job, and see its rows; without JavaScript as things stand now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request, url_for

from inventory.access.current import caller
from inventory.access.model import Verb
from inventory.access.service import has_verb
from inventory.errors import InventoryError, JobFinished, NotRetryable, UnknownJob
from inventory.imports import receiving
from inventory.imports import schemas as import_schemas
from inventory.imports.sniffing import HEAD_BYTES
from inventory.jobs import answers, schemas
from inventory.jobs.model import JobStatus, RowOutcome
from inventory.jobs.responses import csv_of_rows
from inventory.services import services
from inventory.ui.elsewhere import Ways, same_elsewhere
from inventory.ui.formats import instant
from inventory.ui.forms import CSRF_FIELD, load_query
from inventory.ui.page_errors import page_blueprint, page_with
from inventory.ui.pages import page, see_other
from inventory.ui.visitors import check_form, checks_token
from inventory.web_api import arguments, needs

blueprint = page_blueprint("job_pages")

JOBS_QUERY, ROWS_QUERY, IMPORT_QUERY = schemas.JobsQuery(), schemas.RowsQuery(), import_schemas.ImportQuery()
NEWEST = JOBS_QUERY.load({})
PAGE_ROWS = 25
"""Rows of a job on one page, each with a URL that may be long."""
FIRST_ROWS = ROWS_QUERY.load({"limit": PAGE_ROWS})
API = "/api/v1/jobs"
LABELS = "tag"
FIELDS = (CSRF_FIELD, *IMPORT_QUERY.fields)
"""What the form of an import has before its file: the parameters of the API's route, of which `tag` are all labels."""
OVER = tuple(status.value for status in JobStatus if status.finished)


@blueprint.app_template_filter()
def job_name(job: Mapping[str, Any]) -> str:
    """What a page calls a job: by its file, else by what it is and when it was made."""
    return str(job["file_name"] or f"{job['kind'].capitalize()}, {instant(job['created_at'])}")


@blueprint.get("/jobs")
@needs.needs("read", limited=True, other="import")
def all_jobs() -> Response:
    """A page of the jobs, and the form for a new one."""
    return _all_jobs(load_query(JOBS_QUERY, NEWEST["limit"]))


@blueprint.post("/jobs")
@checks_token
@needs.needs("import", limited=True, counted="imports", action="import.create")
def import_file() -> Response:
    """Import the file of the form, as the API's route does, and lead on to its job."""
    sent: dict[str, Any] = {}
    try:
        with receiving.received_form(FIELDS) as form:
            check_form(form.fields.get(CSRF_FIELD, [""])[0])
            sent.update(_parameters(form.fields))
            wanted = receiving.import_request(arguments.load(IMPORT_QUERY, lambda _: sent, request))
            services().imports.check(wanted)
            job = services().imports.accept(wanted, form.upload)
    except InventoryError as error:
        return _all_jobs(NEWEST, error, sent)
    return see_other(url_for("job_pages.one_job", job_id=job.id))


@blueprint.get("/jobs/<job_id>/rows.csv")
@needs.needs("read", limited=True, other="import")
def rows_of_job(job_id: str) -> Response:
    """The rows of a job as a file, for a browser, which cannot send `Accept: text/csv`."""
    return csv_of_rows(job_id, load_query(ROWS_QUERY)["outcome"])


@blueprint.get("/jobs/<job_id>")
@needs.needs("read", limited=True, other="import")
def one_job(job_id: str) -> Response:
    """One job, its progress as it happens, and a page of its rows."""
    return _one_job(job_id, load_query(ROWS_QUERY, PAGE_ROWS))


@blueprint.post("/jobs/<job_id>/cancel")
@needs.needs("import", limited=True)
def cancel(job_id: str) -> Response:
    """Cancel a job, as the API's route does."""
    try:
        answers.cancel(job_id)
    except JobFinished as error:
        return _one_job(job_id, FIRST_ROWS, error)
    return see_other(url_for("job_pages.one_job", job_id=job_id))


@blueprint.post("/jobs/<job_id>/retry")
@needs.needs("import", limited=True, counted="imports")
def retry(job_id: str) -> Response:
    """Try the failed rows of a job again, as the API's route does, and lead on to the new job."""
    try:
        job = answers.retry(job_id)
    except NotRetryable as error:
        return _one_job(job_id, FIRST_ROWS, error)
    return see_other(url_for("job_pages.one_job", job_id=job.id))


def _parameters(fields: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The parameters of an import as its query has them: what was left empty was not sent."""
    texts = {name: text for name, [text, *_] in fields.items() if text.strip() and name != CSRF_FIELD}
    labels = [label.strip() for label in texts.pop(LABELS, "").split(",") if label.strip()]
    return texts | ({LABELS: labels} if labels else {})


def _all_jobs(query: dict[str, Any], error: InventoryError | None = None, sent: Mapping[str, Any] | None = None) -> Response:
    chosen = query["status"].value if query["status"] else ""
    kinds = [
        {"name": each.name, "description": each.description, "options": list(each.options), "file": each.file}
        for each in services().imports.types.values()
    ]
    return page_with(
        "jobs.html",
        error,
        found=answers.jobs(query),
        chosen=query["status"],
        statuses=list(JobStatus),
        sent=sent or {},
        kinds=kinds,
        may_import=has_verb(caller().scopes, Verb.IMPORT),
        head_bytes=HEAD_BYTES,
        upload_limit=services().imports.upload_limit,
        ways=same_elsewhere(API, {"status": chosen}, "jobs", *(["--status", chosen] if chosen else [])),
    )


def _one_job(job_id: str, query: dict[str, Any], error: InventoryError | None = None) -> Response:
    try:
        job = answers.job(job_id)
    except UnknownJob:
        return page("no_job.html", 404, job_id=job_id)
    found = answers.rows(job_id, query)
    return page_with(
        "job.html",
        error,
        job=job,
        over=job["status"] in OVER,
        found=found,
        urls=_urls_of(job["kind"], found["rows"]),
        outcome=query["outcome"],
        ways=_ways(job_id, query["outcome"]),
        outcomes=list(RowOutcome),
        may_import=has_verb(caller().scopes, Verb.IMPORT),
    )


def _ways(job_id: str, outcome: RowOutcome | None) -> Ways:
    """The job elsewhere, and its rows with an outcome."""
    if outcome is None:
        return same_elsewhere(f"{API}/{job_id}", {}, "job", job_id)
    return same_elsewhere(f"{API}/{job_id}/rows", {"outcome": outcome.value}, "job", job_id, "--rows", outcome.value)


def _urls_of(kind: str, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """The URLs of the records that the rows led to, by their ids."""
    record_ids = [row["record_id"] for row in rows if row["record_id"]]
    if kind != "urls" or not record_ids:
        return {}
    return {record_id: record.target.key for record_id, record in services().records.find_all(record_ids).items()}
