"""`/api/v1/activity`: how many collections ended in each hour, and how."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.activity import answers, schemas
from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("activity", __name__, url_prefix="/api/v1", description="What became of collections, over time")


@blueprint.route("/activity")
class CollectionActivity(MethodView):
    """Collections over time."""

    @blueprint.arguments(schemas.ActivityQuery, location="query")
    @blueprint.response(200, schemas.ActivitySchema, description="Hour by hour", example="activity/activity")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """Count the collections that ended in each hour: stored, and failed by code."""
        return json_response(answers.activity(query))
