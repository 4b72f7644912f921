"""`/api/v1/jobs`: list, show, follow, cancel and retry jobs."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from typing import Any

from flask import Response, request
from flask.views import MethodView

from inventory import json_bytes
from inventory.access.current import caller
from inventory.errors import (
    ForeignOrigin,
    InvalidRequest,
    JobFinished,
    NotRetryable,
    StorageUnavailable,
    TooManyStreams,
    UnknownJob,
)
from inventory.jobs import answers, schemas
from inventory.jobs.allowed import while_allowed
from inventory.jobs.responses import accepted, accepts_job, csv_of_rows
from inventory.jobs.seeing import seen_job
from inventory.jobs.stream import Message, seen_to_the_end
from inventory.services import services
from inventory.web_api import same_origin
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("jobs", __name__, url_prefix="/api/v1", description="Bulk work and its progress")

RECONNECT = b"retry: 2000\n\n"
COMMENT = b":\n\n"
LAST_EVENT_ID = {
    "in": "header",
    "name": "Last-Event-ID",
    "description": "The id of the last message that was received.",
    "schema": {"type": "string"},
    "example": "25000-1203086-100000-running",
}
ROWS_AS_CSV = (
    "row,input,outcome,record_id,detail,code,finished_at\r\n"
    "3,https://nowhere.example/,failed,,nowhere.example has no address.,dns_failure,2026-01-31T12:00:02.456Z\r\n"
)
AS_CSV = {"text/csv": {"schema": {"type": "string"}, "example": ROWS_AS_CSV}}


@blueprint.route("/jobs")
class Jobs(MethodView):
    """All jobs."""

    @blueprint.arguments(schemas.JobsQuery, location="query")
    @blueprint.response(200, schemas.JobsPage, description="One page", example="jobs/jobs")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read", limited=True, other="import")
    def get(self, query: dict[str, Any]) -> Response:
        """List jobs, newest first. A key that is limited to hosts or tags sees those that are within its limits."""
        return json_response(answers.jobs(query))


@blueprint.route("/jobs/<job_id>")
class OneJob(MethodView):
    """One job."""

    @blueprint.response(200, schemas.JobSchema, description="The job", example="jobs/running")
    @blueprint.problems(UnknownJob, StorageUnavailable)
    @blueprint.needs("read", limited=True, other="import")
    def get(self, job_id: str) -> Response:
        """One job and its progress."""
        return json_response(answers.job(job_id))


@blueprint.route("/jobs/<job_id>/rows")
class Rows(MethodView):
    """The rows of a job."""

    @blueprint.arguments(schemas.RowsQuery, location="query")
    @blueprint.response(200, schemas.RowsPage, description="One page, or all as CSV", example="jobs/rows")
    @blueprint.doc(responses={200: {"content": AS_CSV}})
    @blueprint.problems(InvalidRequest, UnknownJob, TooManyStreams, StorageUnavailable)
    @blueprint.needs("read", limited=True, other="import")
    def get(self, query: dict[str, Any], job_id: str) -> Response:
        """List a job's rows that have an outcome, by number; with `Accept: text/csv` all of the filter, as a file.

        In the file an apostrophe precedes what a spreadsheet would take for a formula, whichever delimiter it uses.
        """
        if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
            response = csv_of_rows(job_id, query["outcome"])
        else:
            response = json_response(answers.rows(job_id, query))
        response.vary.add("Accept")
        return response


@blueprint.route("/jobs/<job_id>/cancel")
class Cancel(MethodView):
    """Cancelling a job."""

    @blueprint.response(200, schemas.JobSchema, description="Cancelled", example="jobs/cancelled")
    @blueprint.problems(ForeignOrigin, UnknownJob, JobFinished, StorageUnavailable)
    @blueprint.needs("import", limited=True)
    def post(self, job_id: str) -> Response:
        """Cancel a job; the rows that have an outcome keep it."""
        return json_response(answers.cancel(job_id))


@blueprint.route("/jobs/<job_id>/retry")
class Retry(MethodView):
    """Retrying a job's failed rows."""

    @accepts_job(blueprint, "jobs/queued")
    @blueprint.problems(ForeignOrigin, UnknownJob, NotRetryable, StorageUnavailable)
    @blueprint.needs("import", limited=True, counted="imports")
    def post(self, job_id: str) -> Response:
        """Retry a finished job's failed rows as a new job. While that is unfinished, a repetition answers the same job."""
        return accepted(answers.retry(job_id), services().jobs.clock())


@blueprint.route("/jobs/<job_id>/events")
class Events(MethodView):
    """A job's progress as it happens."""

    @blueprint.doc(parameters=[LAST_EVENT_ID])
    @blueprint.response(
        200,
        {"type": "string"},
        content_type="text/event-stream",
        description="Events `progress` and, at last, `end`, whose data is the job",
        example="jobs/events",
    )
    @blueprint.alt_response(204, description="The end was received: nothing follows, do not connect again", success=True)
    @blueprint.problems(ForeignOrigin, UnknownJob, TooManyStreams, StorageUnavailable)
    @blueprint.needs("read", limited=True, other="import")
    def get(self, job_id: str) -> Response:
        """Follow a job by server-sent events: its state, progress at most four times a second, and its end.

        A comment is sent after 15 s of silence. `Last-Event-ID` resumes after what was received. The stream of a key that is
        revoked or expires ends within 15 s.
        """
        if same_origin.was_foreign(request.environ):
            raise same_origin.foreign_origin(request.environ)
        job, last = seen_job(job_id), request.headers.get("Last-Event-ID", "")
        if seen_to_the_end(job, last):
            return Response(status=204)
        slot = services().streams.slots.take(request.environ.get("gunicorn.socket"))
        is_allowed = partial(services().access.still_holds, caller())
        messages = while_allowed(services().streams.follow(job, last, slot.client), is_allowed)
        response = Response(_event_stream(messages), mimetype="text/event-stream")
        response.call_on_close(slot.close)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"
        return response


def _event_stream(messages: Generator[Message | None, None, None]) -> Iterator[bytes]:
    with closing(messages):
        yield RECONNECT
        for message in messages:
            if message is None:
                yield COMMENT
            else:
                document = json_bytes.dumps(message.document)
                yield b"event: %b\nid: %b\ndata: %b\n\n" % (message.event.encode(), message.id.encode(), document)
