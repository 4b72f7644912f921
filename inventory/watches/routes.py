"""`/api/v1/watches`: what is watched, and the messages about it."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from flask.views import MethodView

from inventory.errors import (
    CredentialsInUrl,
    ForbiddenAddress,
    ForeignOrigin,
    InvalidQuery,
    InvalidRequest,
    InvalidUrl,
    NameTaken,
    NotFound,
    QueryTooBroad,
    StorageUnavailable,
    TooManyRequests,
    TooManyWatches,
    TooManyWebhooks,
    UnknownWatch,
    UnknownWebhook,
    UnsupportedScheme,
    UrlTooLong,
    WebhookDisabled,
)
from inventory.watches import answers, message_schemas, schemas
from inventory.watches.service import Made
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.pagination import PageQuery
from inventory.web_api.responses import json_response

blueprint = Blueprint("watches", __name__, url_prefix="/api/v1", description="What is watched, and the messages about it")

USUAL = (ForeignOrigin, StorageUnavailable, 413, 415)
URL_PROBLEMS = (InvalidUrl, UnsupportedScheme, CredentialsInUrl, UrlTooLong, ForbiddenAddress)
SETTINGS_PROBLEMS = (
    *USUAL, InvalidRequest, InvalidQuery, QueryTooBroad, *URL_PROBLEMS, UnknownWebhook, NameTaken, TooManyWebhooks,
    TooManyRequests,
)  # fmt: skip


@blueprint.route("/watches")
class Watches(MethodView):
    """The watches."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, schemas.WatchesPage, description="One page", example="watches/watches")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("watch", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """List watches, newest first. A key that is limited to hosts or tags sees those that are within its limits."""
        return json_response(answers.watches(query))

    @blueprint.arguments(schemas.WatchRequest)
    @blueprint.response(201, schemas.WatchSchema, description="It watches", example="watches/made")
    @blueprint.problems(*SETTINGS_PROBLEMS, TooManyWatches)
    @blueprint.needs("watch", limited=True)
    def post(self, body: dict[str, Any]) -> Response:
        """Watch targets: collect them on a schedule, and send messages about what changes."""
        made = answers.create(body)
        response = _made(made, 201)
        response.headers["Location"] = url_for("watches.OneWatch", watch_id=made.watch.id)
        return response


@blueprint.route("/watches/<watch_id>")
class OneWatch(MethodView):
    """One watch."""

    @blueprint.response(200, schemas.WatchSchema, description="The watch", example="watches/one")
    @blueprint.problems(UnknownWatch, StorageUnavailable)
    @blueprint.needs("watch", limited=True)
    def get(self, watch_id: str) -> Response:
        """One watch, with how many targets are collected for it."""
        return json_response(answers.watch(watch_id))

    @blueprint.arguments(schemas.WatchChange)
    @blueprint.response(200, schemas.WatchSchema, description="Changed", example="watches/made")
    @blueprint.problems(*SETTINGS_PROBLEMS, UnknownWatch)
    @blueprint.needs("watch", limited=True)
    def patch(self, body: dict[str, Any], watch_id: str) -> Response:
        """Change a watch. What it has found is in its next message all the same."""
        return _made(answers.change(watch_id, body))

    @blueprint.response(204, description="Removed, with its messages and what it found")
    @blueprint.problems(ForeignOrigin, StorageUnavailable, UnknownWatch)
    @blueprint.needs("watch", limited=True)
    def delete(self, watch_id: str) -> Response:
        """Remove a watch. The webhooks stay."""
        answers.delete(watch_id)
        return Response(status=204)


@blueprint.route("/watches/<watch_id>/pause")
class Pause(MethodView):
    """A pause."""

    @blueprint.response(200, schemas.WatchSchema, description="It is paused", example="watches/paused")
    @blueprint.problems(ForeignOrigin, StorageUnavailable, UnknownWatch, TooManyRequests)
    @blueprint.needs("watch", limited=True)
    def post(self, watch_id: str) -> Response:
        """Pause a watch: it collects nothing, and what happens until it is resumed is in no message."""
        return json_response(answers.pause(watch_id))


@blueprint.route("/watches/<watch_id>/resume")
class Resume(MethodView):
    """The end of a pause."""

    @blueprint.response(200, schemas.WatchSchema, description="It watches again", example="watches/resumed")
    @blueprint.problems(ForeignOrigin, StorageUnavailable, UnknownWatch, TooManyRequests)
    @blueprint.needs("watch", limited=True)
    def post(self, watch_id: str) -> Response:
        """Let a watch that is paused go on. It belongs to the key that resumes it, and is paused when that key ends."""
        return json_response(answers.resume(watch_id))


@blueprint.route("/watches/<watch_id>/test")
class Test(MethodView):
    """A test."""

    @blueprint.arguments(schemas.WatchTestRequest)
    @blueprint.response(200, schemas.WatchTestSchema, description="What it would have told", example="watches/tested")
    @blueprint.problems(*USUAL, InvalidRequest, InvalidQuery, QueryTooBroad, UnknownWatch, TooManyRequests)
    @blueprint.needs("watch", limited=True)
    def post(self, body: dict[str, Any], watch_id: str) -> Response:
        """Say what a watch would have told of the last days, from what is known of them. Nothing is sent."""
        return json_response(answers.test(watch_id, body))


@blueprint.route("/watches/<watch_id>/messages")
class Messages(MethodView):
    """What was told."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, message_schemas.MessagesPage, description="One page", example="watches/messages")
    @blueprint.problems(InvalidRequest, UnknownWatch, StorageUnavailable)
    @blueprint.needs("watch", limited=True)
    def get(self, query: dict[str, Any], watch_id: str) -> Response:
        """List the messages of a watch, newest first."""
        return json_response(answers.messages(watch_id, query))


@blueprint.route("/watches/<watch_id>/messages/<number>")
class OneMessage(MethodView):
    """One message."""

    @blueprint.response(200, message_schemas.MessageSchema, description="The message", example="watches/message")
    @blueprint.problems(UnknownWatch, NotFound, StorageUnavailable)
    @blueprint.needs("watch", limited=True)
    def get(self, watch_id: str, number: str) -> Response:
        """One message, with what its receivers get, and how each delivery went."""
        return json_response(answers.message(watch_id, number))


@blueprint.route("/watches/<watch_id>/messages/<number>/findings")
class Findings(MethodView):
    """All of a message."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, message_schemas.FindingsPage, description="One page", example="watches/findings")
    @blueprint.problems(InvalidRequest, UnknownWatch, NotFound, StorageUnavailable)
    @blueprint.needs("watch", limited=True)
    def get(self, query: dict[str, Any], watch_id: str, number: str) -> Response:
        """List what a message tells, target by target, newest first."""
        return json_response(answers.findings(watch_id, number, query))


@blueprint.route("/watches/<watch_id>/messages/<number>/deliveries/<delivery_id>/again")
class Again(MethodView):
    """Sending again."""

    @blueprint.response(202, message_schemas.MessageDeliverySchema, description="It is due now", example="watches/again")
    @blueprint.problems(ForeignOrigin, StorageUnavailable, UnknownWatch, NotFound, UnknownWebhook, WebhookDisabled)
    @blueprint.needs("watch", limited=True)
    def post(self, watch_id: str, number: str, delivery_id: str) -> Response:
        """Send a message to one of its destinations again, with the same id."""
        return json_response(answers.again(watch_id, number, delivery_id), 202)


def _made(made: Made, status: int = 200) -> Response:
    """A watch. No cache may keep the secrets of its webhooks."""
    response = json_response(answers.shown(made.watch, secrets=made.secrets), status)
    if made.secrets:
        response.headers["Cache-Control"] = "no-store"
    return response
