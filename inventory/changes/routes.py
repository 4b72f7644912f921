"""`/api/v1/metadata/diff`: what changed between two snapshots of a webpage."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView

from inventory.changes import documents, schemas
from inventory.errors import (
    CredentialsInUrl,
    ForbiddenAddress,
    InvalidRequest,
    InvalidUrl,
    NoSuchSnapshot,
    NotFound,
    NotInInventory,
    StorageUnavailable,
    TooManyRequests,
    UnsupportedScheme,
    UrlTooLong,
)
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response
from inventory.webpages.lookup import SOURCE

blueprint = Blueprint("changes", __name__, url_prefix="/api/v1", description="What changed")

URL_PROBLEMS = (InvalidRequest, InvalidUrl, UnsupportedScheme, CredentialsInUrl, UrlTooLong, ForbiddenAddress)


@blueprint.route("/metadata/diff")
class MetadataDiff(MethodView):
    """Two snapshots of one webpage."""

    @blueprint.arguments(schemas.DiffQuery, location="query")
    @blueprint.response(200, schemas.DiffSchema, description="All that differs", example="changes/diff")
    @blueprint.alt_response(304, description="Unchanged: If-None-Match has the ETag of this diff", success=True)
    @blueprint.problems(*URL_PROBLEMS, NotInInventory, NoSuchSnapshot, NotFound, TooManyRequests, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """Compare two snapshots of a URL: the latest two, or those of two ids or instants."""
        target = services().records.target(SOURCE, query["url"])
        older, newer = services().changes.pair(target, query["from_"], query["to"])
        etag = documents.etag(older, newer)
        if request.if_none_match.contains_weak(etag):
            response = Response(status=304)
        else:
            diff = services().changes.diff(older, newer)
            response = json_response(documents.diff_document(target, older, newer, diff))
        response.set_etag(etag)
        return response
