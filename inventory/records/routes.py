"""`/api/v1/records`: what the inventory holds."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.records import documents, examples, schemas
from inventory.records.model import RecordFilter
from inventory.services import services
from inventory.web_api import pagination
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("records", __name__, url_prefix="/api/v1", description="What the inventory holds")


@blueprint.route("/records")
class Records(MethodView):
    """What the inventory holds."""

    @blueprint.arguments(schemas.RecordsQuery, location="query")
    @blueprint.response(200, schemas.RecordsPage, description="One page", example=examples.RECORDS)
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """List records, newest first, without contents."""
        chosen, limit = RecordFilter(query["source"], query["status"], query["host"]), query["limit"]
        rows = services().records.listing(chosen, limit=limit + 1, after=query["cursor"])
        shown, next_cursor = pagination.page(rows, limit, lambda row: (row.accepted_at, row.id))
        return json_response({"records": [documents.listed_record(row) for row in shown], "next_cursor": next_cursor})
