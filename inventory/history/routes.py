"""`/api/v1/history`: the lookups that were made."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, current_app
from flask.views import MethodView

from inventory import json_bytes, pagination
from inventory.api import Blueprint
from inventory.clock import rfc3339
from inventory.errors import ForeignOrigin, InvalidRequest, StorageUnavailable
from inventory.history import schemas
from inventory.history.model import Lookup
from inventory.history.service import HistoryService

blueprint = Blueprint("history", __name__, url_prefix="/api/v1", description="Lookups that were made")

EXAMPLE = {
    "lookups": [{"source": "weather", "key": "zurich", "outcome": "hit", "at": "2026-01-31T12:00:00.123Z"}],
    "next_cursor": None,
}


def history() -> HistoryService:
    """The service that this application was wired with."""
    return cast(HistoryService, current_app.extensions["inventory.history"])


@blueprint.route("/history")
class History(MethodView):
    """Lookups of the sources in INVENTORY_HISTORY_SOURCES."""

    @blueprint.arguments(schemas.HistoryQuery, location="query")
    @blueprint.response(200, schemas.HistoryPage, description="One page", example=EXAMPLE)
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """List lookups, newest first."""
        limit = query["limit"]
        rows = history().listing(query["source"], limit=limit + 1, after=query["cursor"])
        shown, next_cursor = pagination.page(rows, limit, lambda row: (row.at, row.id))
        document = {"lookups": [_document(row) for row in shown], "next_cursor": next_cursor}
        return Response(json_bytes.dumps(document), mimetype="application/json")

    @blueprint.response(204, description="There is no history any more")
    @blueprint.problems(ForeignOrigin, StorageUnavailable)
    def delete(self) -> Response:
        """Forget all lookups."""
        history().clear()
        return Response(status=204)


def _document(lookup: Lookup) -> dict[str, str]:
    return {"source": lookup.source, "key": lookup.key, "outcome": lookup.outcome.value, "at": rfc3339(lookup.at)}
