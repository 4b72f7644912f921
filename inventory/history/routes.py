"""`/api/v1/history`: the lookups that were made."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import ForeignOrigin, InvalidRequest, StorageUnavailable
from inventory.history import answers, schemas
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("history", __name__, url_prefix="/api/v1", description="Lookups that were made")


@blueprint.route("/history")
class History(MethodView):
    """Lookups of the sources in INVENTORY_HISTORY_SOURCES."""

    @blueprint.arguments(schemas.HistoryQuery, location="query")
    @blueprint.response(200, schemas.HistoryPage, description="One page", example="history/lookups")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """List lookups, newest first."""
        return json_response(answers.lookups(query))

    @blueprint.response(204, description="The history is empty")
    @blueprint.problems(ForeignOrigin, StorageUnavailable)
    @blueprint.needs("delete")
    def delete(self) -> Response:
        """Forget all lookups."""
        services().history.clear()
        return Response(status=204)
