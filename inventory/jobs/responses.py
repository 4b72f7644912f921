"""How views answer with a job or its rows: what the views of other features use of this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from flask import Response, request, url_for
from marshmallow import fields

from inventory.access.current import caller
from inventory.jobs.allowed import all_or_broken_off
from inventory.jobs.answers import shown
from inventory.jobs.exports import rows_as_csv
from inventory.jobs.model import Job, RowOutcome
from inventory.jobs.schemas import FormatSchema, JobSchema
from inventory.jobs.seeing import seen_job
from inventory.jobs.stream_slots import DOWNLOADING
from inventory.services import services
from inventory.web_api.blueprint import Blueprint, View
from inventory.web_api.responses import json_response


def accepts_job(blueprint: Blueprint, example: str) -> Callable[[View], View]:
    """Document that a view answers with an accepted job."""
    return blueprint.response(202, JobSchema, description="Accepted, durably; Location has the job", example=example)


def format_field(description: str) -> fields.Nested:
    """Document a member that is as `format` of a job, null if there is none."""
    return fields.Nested(FormatSchema, required=True, allow_none=True, metadata={"description": description})


def accepted(job: Job, now: datetime) -> Response:
    """202 with the job as it stands at `now`, and where to find it later."""
    response = json_response(shown(job, now), 202)
    response.headers["Location"] = url_for("jobs.OneJob", job_id=job.id)
    return response


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
