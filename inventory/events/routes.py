"""`/api/v1/events`: list and count the log events that were imported."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.events import documents, schemas
from inventory.events.model import EventFilter
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.pagination import json_page
from inventory.web_api.responses import json_response

FORMAT = """\
Lines of imported log files. Each is a JSON object with `timestamp` (RFC 3339; UTC if it names no offset; or a number of
seconds or milliseconds since 1970), `level`, `service` and `message`; it may have `attributes` (an object) and `trace_id`
(32 hexadecimal digits). Other members are kept among the attributes. A line that is not a log event is a rejected row of its
job, which says why."""

blueprint = Blueprint("events", __name__, url_prefix="/api/v1", description=FORMAT)


@blueprint.route("/events")
class Events(MethodView):
    """Log events."""

    @blueprint.arguments(schemas.EventsQuery, location="query")
    @blueprint.response(200, schemas.EventsPage, description="One page", example="events/events")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """List log events, newest first."""
        find = partial(services().events.listing, _chosen(query))
        return json_page("events", query, find, documents.event_document, attrgetter("timestamp", "id"))


@blueprint.route("/events/stats")
class Stats(MethodView):
    """How many log events there are."""

    @blueprint.arguments(schemas.FilterQuery, location="query")
    @blueprint.response(200, schemas.StatsSchema, description="The counts", example="events/stats")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """Count log events by level, by service and by hour."""
        return json_response(documents.stats_document(services().events.stats(_chosen(query))))


def _chosen(query: dict[str, Any]) -> EventFilter:
    return EventFilter(query["job"], query["level"], query["service"], query["since"], query["until"])
