"""How a view of any feature answers with a job: the one thing of this feature's views that others use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, url_for

from inventory.jobs.documents import job_document
from inventory.jobs.examples import QUEUED
from inventory.jobs.model import Job
from inventory.jobs.schemas import JobSchema
from inventory.web_api.blueprint import Blueprint, View
from inventory.web_api.responses import json_response


def accepts_job(blueprint: Blueprint, **differs: Any) -> Callable[[View], View]:
    """Document that a view answers with an accepted job; `differs` are members of the example."""
    description = "Accepted, durably; Location has the job"
    return blueprint.response(202, JobSchema, description=description, example=QUEUED | differs)


def accepted(job: Job, now: datetime) -> Response:
    """202 with the job as it stands at `now`, and where to find it later."""
    response = json_response(job_document(job, now), 202)
    response.headers["Location"] = url_for("jobs.OneJob", job_id=job.id)
    return response
