"""`/api/v1/events`: list and count the log events that were imported."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.events import answers, schemas
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

FORMAT = """\
Lines of imported log files, as most loggers write them: docs/log-events.md names the shapes. Each has a `timestamp`, in UTC
if it names no offset, a `level` (`info` without one), a `service` (`unknown` without one), a `message`, and perhaps a
`trace_id` of 32 hexadecimal digits. All else is kept among the `attributes`. A line that is not a log event is a rejected
row of its job, which says why."""

blueprint = Blueprint("events", __name__, url_prefix="/api/v1", description=FORMAT)


@blueprint.route("/events")
class Events(MethodView):
    """Log events."""

    @blueprint.arguments(schemas.EventsQuery, location="query")
    @blueprint.response(200, schemas.EventsPage, description="One page", example="events/events")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """List log events, newest first."""
        return json_response(answers.events(query))


@blueprint.route("/events/stats")
class Stats(MethodView):
    """How many log events there are."""

    @blueprint.arguments(schemas.FilterQuery, location="query")
    @blueprint.response(200, schemas.StatsSchema, description="The counts", example="events/stats")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """Count log events by level, by service and by hour."""
        return json_response(answers.stats(query))
