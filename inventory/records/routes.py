"""`/api/v1/records`: what the inventory holds."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.listing import keyset_page, sifted_page
from inventory.records import documents, schemas
from inventory.records.limited import finder
from inventory.records.model import RecordFilter
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("records", __name__, url_prefix="/api/v1", description="What the inventory holds")
IN_ORDER = attrgetter("accepted_at", "id")


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
        chosen = RecordFilter(query["source"], query["status"], query["host"])
        find, limits = services().records.listing, services().limits.of("read")
        if limits is None:
            return json_response(keyset_page("records", query, partial(find, chosen), documents.listed_record, IN_ORDER))
        sift = partial(services().limits.sift, "read")
        return json_response(
            sifted_page("records", query, finder(find, chosen, limits), documents.listed_record, IN_ORDER, sift)
        )
