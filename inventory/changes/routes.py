"""`/api/v1/metadata/diff` and `/timeline`, `/api/v1/changes`: what changed on one webpage, and in the whole fleet."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView

from inventory.changes import answers, fleet_schemas, schemas
from inventory.errors import (
    CredentialsInUrl,
    ForbiddenAddress,
    InvalidQuery,
    InvalidRequest,
    InvalidUrl,
    NoSuchSnapshot,
    NotFound,
    NotInInventory,
    StorageUnavailable,
    TooManyChanges,
    TooManyRequests,
    UnsupportedScheme,
    UrlTooLong,
)
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("changes", __name__, url_prefix="/api/v1", description="What changed")

URL_PROBLEMS = (InvalidRequest, InvalidUrl, UnsupportedScheme, CredentialsInUrl, UrlTooLong, ForbiddenAddress)


@blueprint.route("/metadata/diff")
class MetadataDiff(MethodView):
    """Two snapshots of one webpage."""

    @blueprint.arguments(schemas.DiffQuery, location="query")
    @blueprint.response(200, schemas.DiffSchema, description="All that differs", example="changes/diff")
    @blueprint.alt_response(304, description="Unchanged: If-None-Match has the ETag of this diff", success=True)
    @blueprint.problems(*URL_PROBLEMS, NotInInventory, NoSuchSnapshot, NotFound, TooManyRequests, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """Compare two snapshots of a URL: the latest two, or those of two ids or instants."""
        compared = answers.pair(query)
        if request.if_none_match.contains_weak(compared.etag):
            response = Response(status=304)
        else:
            response = json_response(answers.diff_of(compared))
        response.set_etag(compared.etag)
        return response


@blueprint.route("/metadata/timeline")
class Timeline(MethodView):
    """What changed on one webpage, snapshot by snapshot."""

    @blueprint.arguments(schemas.TimelineQuery, location="query")
    @blueprint.response(200, schemas.TimelinePage, description="One page, newest first", example="changes/timeline")
    @blueprint.problems(*URL_PROBLEMS, NotInInventory, TooManyRequests, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """List a URL's snapshots, newest first, and which fields changed at each; the text of pages is not compared."""
        return json_response(answers.timeline(query))


@blueprint.route("/changes")
class Changes(MethodView):
    """What changed in the fleet."""

    @blueprint.arguments(fleet_schemas.ChangesQuery, location="query")
    @blueprint.response(200, fleet_schemas.ChangesPage, description="One page, newest first", example="changes/changes")
    @blueprint.problems(InvalidRequest, InvalidQuery, TooManyChanges, TooManyRequests, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """List what changed, newest first: which field of which target, and between which two collections."""
        return json_response(answers.changes(query))


@blueprint.route("/changes/groups")
class ChangeGroups(MethodView):
    """The same in groups."""

    @blueprint.arguments(fleet_schemas.ChangeGroupsQuery, location="query")
    @blueprint.response(200, fleet_schemas.ChangeGroupsSchema, description="The largest groups", example="changes/groups")
    @blueprint.problems(InvalidRequest, InvalidQuery, TooManyChanges, TooManyRequests, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """Group what changed: the same change on many targets is one row, with what these have in common."""
        return json_response(answers.groups(query, request.environ["SCRIPT_NAME"]))
