"""`/api/v1/records`: what the inventory holds."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.records import answers, schemas
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("records", __name__, url_prefix="/api/v1", description="What the inventory holds")


@blueprint.route("/records")
class Records(MethodView):
    """What the inventory holds."""

    @blueprint.arguments(schemas.RecordsQuery, location="query")
    @blueprint.response(200, schemas.RecordsPage, description="One page", example="records/records")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """List records, newest first, without contents.

        With a key that is limited to hosts or tags a page may have fewer than `limit`, although `next_cursor` has others.
        """
        return json_response(answers.records(query))
