"""`/api/v1/audit`: who did what."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.access import audit_schemas as schemas
from inventory.access.audit import chosen
from inventory.access.audit_documents import entry_document
from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.listing import keyset_page
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

ABOUT = """\
Who did what: each request that changed something, each refusal of a key, and, unless everything is open to everybody, each
lookup that accepted a collection. Nothing changes an entry; old ones are removed after INVENTORY_KEEP_AUDIT_FOR."""

blueprint = Blueprint("audit", __name__, url_prefix="/api/v1", description=ABOUT)


@blueprint.route("/audit")
class AuditEntries(MethodView):
    """The audit."""

    @blueprint.arguments(schemas.AuditQuery, location="query")
    @blueprint.response(200, schemas.AuditPage, description="One page", example="access/audit")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("admin")
    def get(self, query: dict[str, Any]) -> Response:
        """List who did what, newest first."""
        names = ("address", "action", "since", "until")
        entries = chosen(services().audit.clock(), key=query["key"], **{name: query[name] for name in names})
        return json_response(
            keyset_page("entries", query, partial(services().audit.listing, entries), entry_document, attrgetter("at", "id"))
        )
