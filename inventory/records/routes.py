"""`/api/v1/records`: what the inventory holds."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.records import documents, schemas
from inventory.records.model import RecordFilter
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.pagination import json_page

blueprint = Blueprint("records", __name__, url_prefix="/api/v1", description="What the inventory holds")


@blueprint.route("/records")
class Records(MethodView):
    """What the inventory holds."""

    @blueprint.arguments(schemas.RecordsQuery, location="query")
    @blueprint.response(200, schemas.RecordsPage, description="One page", example="records/records")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """List records, newest first, without contents."""
        find = partial(services().records.listing, RecordFilter(query["source"], query["status"], query["host"]))
        return json_page("records", query, find, documents.listed_record, attrgetter("accepted_at", "id"))
