"""`/api/v1/history`: the lookups that were made."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.clock import rfc3339
from inventory.errors import ForeignOrigin, InvalidRequest, StorageUnavailable
from inventory.history import schemas
from inventory.history.model import Lookup
from inventory.services import services
from inventory.web_api import pagination
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("history", __name__, url_prefix="/api/v1", description="Lookups that were made")

EXAMPLE = {
    "lookups": [{"source": "weather", "key": "zurich", "outcome": "hit", "at": "2026-01-31T12:00:00.123Z"}],
    "next_cursor": None,
}


@blueprint.route("/history")
class History(MethodView):
    """Lookups of the sources in INVENTORY_HISTORY_SOURCES."""

    @blueprint.arguments(schemas.HistoryQuery, location="query")
    @blueprint.response(200, schemas.HistoryPage, description="One page", example=EXAMPLE)
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """List lookups, newest first."""
        limit = query["limit"]
        rows = services().history.listing(query["source"], limit=limit + 1, after=query["cursor"])
        shown, next_cursor = pagination.page(rows, limit, lambda row: (row.at, row.id))
        document = {"lookups": [_document(row) for row in shown], "next_cursor": next_cursor}
        return json_response(document)

    @blueprint.response(204, description="There is no history any more")
    @blueprint.problems(ForeignOrigin, StorageUnavailable)
    def delete(self) -> Response:
        """Forget all lookups."""
        services().history.clear()
        return Response(status=204)


def _document(lookup: Lookup) -> dict[str, str]:
    return {"source": lookup.source, "key": lookup.key, "outcome": lookup.outcome.value, "at": rfc3339(lookup.at)}
