"""`/api/v1/keys`: who may do what."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from operator import attrgetter
from typing import Any

from flask import Response, url_for
from flask.views import MethodView

from inventory.access import schemas
from inventory.access.documents import key_document, usage_document
from inventory.access.model import Caller
from inventory.errors import ForeignOrigin, InvalidRequest, NameTaken, StorageUnavailable, UnknownKey
from inventory.listing import keyset_page
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.pagination import PageQuery
from inventory.web_api.responses import json_response

blueprint = Blueprint("keys", __name__, url_prefix="/api/v1", description="Keys, and what they allow")

USUAL = (ForeignOrigin, StorageUnavailable)


@blueprint.route("/keys")
class Keys(MethodView):
    """The keys."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, schemas.KeysPage, description="One page", example="access/keys")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("admin")
    def get(self, query: dict[str, Any]) -> Response:
        """List keys, newest first, those that are over included."""
        document = partial(key_document, now=services().keys.clock())
        return json_response(keyset_page("keys", query, services().keys.listing, document, attrgetter("created_at", "id")))

    @blueprint.arguments(
        schemas.KeyRequest, example={"name": "ci", "scopes": ["read", "collect:*.example.com"], "expires_in": 2_592_000}
    )
    @blueprint.response(201, schemas.KeySchema, description="It is new; keep its text", example="access/made")
    @blueprint.problems(*USUAL, InvalidRequest, NameTaken, 413, 415)
    @blueprint.needs("admin")
    def post(self, body: dict[str, Any]) -> Response:
        """Make a key. Its text is answered this once, and kept nowhere."""
        if "expires_in" in body:
            body["expires_in"] = timedelta(seconds=body["expires_in"])
        key, text = services().keys.create(**body)
        response = json_response(key_document(key, services().keys.clock(), text), 201)
        response.headers["Location"] = url_for("keys.OneKey", key_id=key.id)
        response.headers["Cache-Control"] = "no-store"
        return response


@blueprint.route("/keys/<key_id>")
class OneKey(MethodView):
    """One key."""

    @blueprint.response(200, schemas.OneKeySchema, description="The key", example="access/with_usage")
    @blueprint.problems(UnknownKey, StorageUnavailable)
    @blueprint.needs("admin")
    def get(self, key_id: str) -> Response:
        """One key, without its text, and what is left of its quotas."""
        key = services().keys.find(key_id)
        usage = [usage_document(each) for each in services().quotas.read(Caller(address="", scopes=(), key=key))]
        return json_response(key_document(key, services().keys.clock()) | {"usage": usage})

    @blueprint.response(204, description="Revoked: within two seconds no request is admitted with it")
    @blueprint.problems(*USUAL, UnknownKey)
    @blueprint.needs("admin", action="key.revoke")
    def delete(self, key_id: str) -> Response:
        """Revoke a key, for good. Its name is free again. Its watches are paused; its jobs go on."""
        services().keys.revoke(key_id)
        return Response(status=204)
