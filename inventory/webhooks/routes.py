"""`/api/v1/webhooks`: the receivers of messages, and what was sent to them."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from flask.views import MethodView

from inventory.errors import (
    CredentialsInUrl,
    ForbiddenAddress,
    ForeignOrigin,
    InvalidRequest,
    InvalidUrl,
    NameTaken,
    NotFound,
    StorageUnavailable,
    TooManyRequests,
    TooManyWebhooks,
    UnknownWebhook,
    UnsupportedScheme,
    UrlTooLong,
    WebhookDisabled,
)
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.pagination import PageQuery
from inventory.web_api.responses import json_response
from inventory.webhooks import answers, documents, schemas
from inventory.webhooks.model import Webhook

blueprint = Blueprint("webhooks", __name__, url_prefix="/api/v1", description="Receivers of messages, and deliveries")

URL_PROBLEMS = (InvalidRequest, InvalidUrl, UnsupportedScheme, CredentialsInUrl, UrlTooLong, ForbiddenAddress, 413, 415)
USUAL = (ForeignOrigin, StorageUnavailable)


@blueprint.route("/webhooks")
class Webhooks(MethodView):
    """The receivers."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, schemas.WebhooksPage, description="One page", example="webhooks/webhooks")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("watch")
    def get(self, query: dict[str, Any]) -> Response:
        """List webhooks, newest first."""
        return json_response(answers.webhooks(query))

    @blueprint.arguments(schemas.WebhookRequest)
    @blueprint.response(201, schemas.WebhookSchema, description="It is new; keep its secret", example="webhooks/made")
    @blueprint.alt_response(
        200, schema=schemas.WebhookSchema, description="One has this URL already", example="webhooks/webhook"
    )
    @blueprint.problems(*USUAL, *URL_PROBLEMS, TooManyWebhooks)
    @blueprint.needs("watch")
    def post(self, body: dict[str, Any]) -> Response:
        """Make a webhook for a URL. Its secret is answered this once: `rotate` gives it another."""
        webhook, secret = services().webhooks.create(body["url"])
        response = _answer(webhook, secret, 200 if secret is None else 201)
        response.headers["Location"] = url_for("webhooks.OneWebhook", webhook_id=webhook.id)
        return response


@blueprint.route("/webhooks/<webhook_id>")
class OneWebhook(MethodView):
    """One receiver."""

    @blueprint.response(200, schemas.WebhookSchema, description="The webhook", example="webhooks/disabled")
    @blueprint.problems(UnknownWebhook, StorageUnavailable)
    @blueprint.needs("watch")
    def get(self, webhook_id: str) -> Response:
        """One webhook, and how it answers. Its secrets are not shown."""
        return json_response(answers.webhook(webhook_id))

    @blueprint.arguments(schemas.WebhookChange)
    @blueprint.response(200, schemas.WebhookSchema, description="Changed", example="webhooks/webhook")
    @blueprint.problems(*USUAL, *URL_PROBLEMS, UnknownWebhook, NameTaken)
    @blueprint.needs("watch")
    def patch(self, body: dict[str, Any], webhook_id: str) -> Response:
        """Change its URL, enable it, or disable it."""
        return _answer(services().webhooks.change(webhook_id, **body))

    @blueprint.response(204, description="Removed; deliveries that go on are cancelled")
    @blueprint.problems(*USUAL, UnknownWebhook)
    @blueprint.needs("watch")
    def delete(self, webhook_id: str) -> Response:
        """Remove a webhook."""
        services().webhooks.delete(webhook_id)
        return Response(status=204)


@blueprint.route("/webhooks/<webhook_id>/rotate")
class Rotate(MethodView):
    """Another secret."""

    @blueprint.response(200, schemas.WebhookSchema, description="Keep its new secret", example="webhooks/rotated")
    @blueprint.problems(*USUAL, UnknownWebhook)
    @blueprint.needs("watch")
    def post(self, webhook_id: str) -> Response:
        """Give a webhook a new secret. Messages are signed with the old one, too, for 24 hours."""
        return _answer(*services().webhooks.rotate(webhook_id))


@blueprint.route("/webhooks/<webhook_id>/test")
class Test(MethodView):
    """A test."""

    @blueprint.response(200, schemas.WebhookTestSchema, description="What it answered", example="webhooks/tested")
    @blueprint.problems(*USUAL, UnknownWebhook, TooManyRequests)
    @blueprint.needs("watch")
    def post(self, webhook_id: str) -> Response:
        """Send a signed test message now, within 15 seconds, and say what came of it. It is not sent again."""
        return json_response(answers.test(webhook_id))


@blueprint.route("/webhooks/<webhook_id>/deliveries")
class DeliveriesOfOne(MethodView):
    """What was sent."""

    @blueprint.arguments(schemas.DeliveriesQuery, location="query")
    @blueprint.response(200, schemas.DeliveriesPage, description="One page", example="webhooks/deliveries")
    @blueprint.problems(InvalidRequest, UnknownWebhook, StorageUnavailable)
    @blueprint.needs("watch")
    def get(self, query: dict[str, Any], webhook_id: str) -> Response:
        """List deliveries to a webhook, newest first, with their latest tries."""
        return json_response(answers.deliveries(webhook_id, query))


@blueprint.route("/webhooks/<webhook_id>/deliveries/<delivery_id>/again")
class Again(MethodView):
    """Sending again."""

    @blueprint.response(202, schemas.DeliverySchema, description="It is due now", example="webhooks/again")
    @blueprint.problems(*USUAL, UnknownWebhook, NotFound, WebhookDisabled)
    @blueprint.needs("watch")
    def post(self, webhook_id: str, delivery_id: str) -> Response:
        """Send a delivery again, with the same `webhook-id`; one that waits for its next try is due now."""
        return json_response(documents.delivery_document(services().webhooks.again(webhook_id, delivery_id)), 202)


def _answer(webhook: Webhook, secret: str | None = None, status: int = 200) -> Response:
    """A webhook. No cache may keep its secret."""
    response = json_response(documents.webhook_document(webhook, services().webhooks.clock(), secret), status)
    if secret is not None:
        response.headers["Cache-Control"] = "no-store"
    return response
