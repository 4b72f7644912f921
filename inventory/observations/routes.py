"""`/api/v1/search`: which targets show something."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView

from inventory.clock import rfc3339
from inventory.errors import InvalidQuery, InvalidRequest, QueryTooBroad, StorageUnavailable, TooManyRequests, TooManyStreams
from inventory.jobs.responses import download
from inventory.observations import answers, exports, schemas
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("search", __name__, url_prefix="/api/v1", description="Which targets show something, now or before")

QUESTION_PROBLEMS = (InvalidRequest, InvalidQuery, QueryTooBroad, TooManyRequests, StorageUnavailable)
AS_CSV = {
    "schema": {"type": "string"},
    "example": "id,source,url,status,collected_at,field,value,volatile,first_seen,last_seen,gone\r\n"
    "100680ad546ce6a577f42f52df33b4cf,webpage,https://example.com/,stored,2026-01-31T12:00:00.123Z,header.server,nginx,"
    "false,2026-01-03T12:00:00.001Z,2026-01-31T12:00:00.123Z,\r\n",
}


@blueprint.route("/search")
class Search(MethodView):
    """Targets by what they show."""

    @blueprint.arguments(schemas.SearchQuery, location="query")
    @blueprint.response(200, schemas.SearchPage, description="One page", example="observations/search")
    @blueprint.problems(*QUESTION_PROBLEMS)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """Find targets by what they show, or showed at an instant; the latest collected come first."""
        return json_response(answers.search(query))


@blueprint.route("/search/facets")
class Facets(MethodView):
    """The values of a field."""

    @blueprint.arguments(schemas.FacetsQuery, location="query")
    @blueprint.response(200, schemas.FacetsSchema, description="The commonest first", example="observations/facets")
    @blueprint.problems(*QUESTION_PROBLEMS)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """Count the values of a field among the targets that a query matches. Each has a link to the targets with it."""
        return json_response(answers.facets(query, request.environ["SCRIPT_NAME"]))


@blueprint.route("/search/fields")
class Fields(MethodView):
    """Names of fields."""

    @blueprint.arguments(schemas.FieldsQuery, location="query")
    @blueprint.response(200, schemas.FieldsSchema, description="What can be asked for", example="observations/fields")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """List the fields that queries can name, and since when the inventory knows anything.

        Who may read some hosts or tags only sees the fields of docs/queries.md, and no names that targets show.
        """
        return json_response(answers.fields(query))


@blueprint.route("/search/export")
class Export(MethodView):
    """All targets, as a file."""

    @blueprint.arguments(schemas.ExportQuery, location="query")
    @blueprint.response(
        200,
        {"type": "string"},
        content_type="application/jsonl",
        description="All of them. A file whose connection ended before the end of the response is not whole",
        example="observations/jsonl",
    )
    @blueprint.doc(responses={200: {"content": {"text/csv": AS_CSV}}})
    @blueprint.problems(*QUESTION_PROBLEMS, TooManyStreams)
    @blueprint.needs("export", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """Send all targets that a query matches, as CSV or as JSON lines.

        In CSV an apostrophe precedes what a spreadsheet would take for a formula. If the inventory cannot go on, it ends
        the connection before the end of the response, which clients report as an error.
        """
        show = services().search.fields(query["show"])
        media_type, write = exports.FORMATS[query["format"]]
        with services().search.slot():
            question = services().search.question(query["q"], query["at"], limits=services().limits.of("export"))
            pages = services().search.pages(question, show=show)
        name = f"search-{rfc3339(services().records.clock()).replace(':', '')}.{query['format']}"
        return download(write(pages, bool(show)), media_type, name)
