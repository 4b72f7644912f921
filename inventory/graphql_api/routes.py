"""`/graphql`: records, searches, snapshots and jobs, and what is chosen of them, by one query. It only reads."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request
from flask.views import MethodView

from inventory.errors import ForeignOrigin, InvalidRequest, StorageUnavailable
from inventory.graphql_api import schemas
from inventory.services import services
from inventory.web_api import work
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("graphql", __name__, url_prefix="/graphql", description="Records, searches and jobs by one query")

MEDIA_TYPE, LEGACY = "application/graphql-response+json", "application/json"
EXAMPLE = {
    "query": "query ($url: String!) { record(url: $url) { status headers { name value } } }",
    "variables": {"url": "https://example.com/"},
}
ANSWERED = {
    "schema": schemas.GraphqlAnswerSchema,
    "content_type": MEDIA_TYPE,
    "description": "It was executed. A field that failed is null, and among `errors`",
    "example": "graphql_api/answer",
}
DOCUMENTED = {
    200: {"content": {LEGACY: {"schema": schemas.GraphqlAnswerSchema, "example": "graphql_api/answer"}}},
    422: {"content": {MEDIA_TYPE: {"schema": schemas.GraphqlAnswerSchema, "example": "graphql_api/refused"}}},
}


@blueprint.route("")
class Graphql(MethodView):
    """GraphQL over HTTP, edition of September 2026."""

    @blueprint.arguments(schemas.PostedRequest, example=EXAMPLE)
    @blueprint.response(200, **ANSWERED)
    @blueprint.doc(responses=DOCUMENTED)
    @blueprint.problems(InvalidRequest, ForeignOrigin, StorageUnavailable, 413, 415)
    @blueprint.needs("read", limited=True, action="graphql.read")
    def post(self, asked: dict[str, Any]) -> Response:
        """Ask by a query of GraphQL. It counts as one lookup for each field of `Query`.

        Where only `application/json` is accepted, what was executed is answered as that.
        """
        return _response(asked)

    @blueprint.arguments(schemas.SentRequest, location="query")
    @blueprint.response(200, **ANSWERED)
    @blueprint.doc(responses=DOCUMENTED)
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, asked: dict[str, Any]) -> Response:
        """Ask the same, with all of it in the URL."""
        return _response(asked)


def _response(asked: dict[str, Any]) -> Response:
    from inventory.graphql_api import execution  # here: graphql-core takes 0.2 s, and most processes are never asked

    answer = execution.answer(
        asked["query"],
        asked["variables"],
        asked["operationName"] or None,
        request_id=g.request_id,
        masking=services().settings.masking,
    )
    work.note_parts(lookups=answer.lookups, problems=answer.problems)
    response = json_response(answer.document, answer.status)
    executed = "data" in answer.document
    accepted = request.accept_mimetypes.best_match([MEDIA_TYPE, LEGACY] if executed else [MEDIA_TYPE])
    response.mimetype = accepted or MEDIA_TYPE
    response.vary.add("Accept")
    return response
