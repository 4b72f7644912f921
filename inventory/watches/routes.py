"""`/api/v1/watches`: what is watched, and the messages about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from operator import attrgetter
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
from inventory.limits import within
from inventory.listing import Key, keyset_page, sifted_page
from inventory.services import services
from inventory.watches import documents, message_schemas, schemas
from inventory.watches.members import settings_from, with_members
from inventory.watches.model import Finding, Watch
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
IN_ORDER = attrgetter("created_at", "id")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


@blueprint.route("/watches")
class Watches(MethodView):
    """The watches."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, schemas.WatchesPage, description="One page", example="watches/watches")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("watch", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """List watches, newest first. A key that is limited to hosts or tags sees those that are within its limits."""
        find, document = services().watches.listing, _document
        if services().limits.of("watch") is None:
            return json_response(keyset_page("watches", query, find, document, IN_ORDER))
        return json_response(sifted_page("watches", query, find, document, IN_ORDER, _seen_watches))

    @blueprint.arguments(schemas.WatchRequest)
    @blueprint.response(201, schemas.WatchSchema, description="It watches", example="watches/made")
    @blueprint.problems(*SETTINGS_PROBLEMS, TooManyWatches)
    @blueprint.needs("watch", limited=True)
    def post(self, body: dict[str, Any]) -> Response:
        """Watch targets: collect them on a schedule, and send messages about what changes."""
        made = services().watches.create(settings_from(body), services().limits.of("watch"))
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
        watch = _seen(watch_id)
        scheduled = services().watches.scheduled([watch]).get(watch.id, 0)
        return json_response(_document(watch, scheduled=scheduled))

    @blueprint.arguments(schemas.WatchChange)
    @blueprint.response(200, schemas.WatchSchema, description="Changed", example="watches/made")
    @blueprint.problems(*SETTINGS_PROBLEMS, UnknownWatch)
    @blueprint.needs("watch", limited=True)
    def patch(self, body: dict[str, Any], watch_id: str) -> Response:
        """Change a watch. What it has found is in its next message all the same."""
        change, limits = partial(with_members, members=body), services().limits.of("watch")
        return _made(services().watches.change(_seen(watch_id).id, change, limits))

    @blueprint.response(204, description="Removed, with its messages and what it found")
    @blueprint.problems(ForeignOrigin, StorageUnavailable, UnknownWatch)
    @blueprint.needs("watch", limited=True)
    def delete(self, watch_id: str) -> Response:
        """Remove a watch. The webhooks stay."""
        services().watches.delete(_seen(watch_id).id)
        return Response(status=204)


@blueprint.route("/watches/<watch_id>/pause")
class Pause(MethodView):
    """A pause."""

    @blueprint.response(200, schemas.WatchSchema, description="It is paused", example="watches/paused")
    @blueprint.problems(ForeignOrigin, StorageUnavailable, UnknownWatch, TooManyRequests)
    @blueprint.needs("watch", limited=True)
    def post(self, watch_id: str) -> Response:
        """Pause a watch: it collects nothing, and what happens until it is resumed is in no message."""
        return json_response(_document(services().watches.pause(_seen(watch_id).id)))


@blueprint.route("/watches/<watch_id>/resume")
class Resume(MethodView):
    """The end of a pause."""

    @blueprint.response(200, schemas.WatchSchema, description="It watches again", example="watches/resumed")
    @blueprint.problems(ForeignOrigin, StorageUnavailable, UnknownWatch, TooManyRequests)
    @blueprint.needs("watch", limited=True)
    def post(self, watch_id: str) -> Response:
        """Let a watch that is paused go on. It belongs to the key that resumes it, and is paused when that key ends."""
        return json_response(_document(services().watches.resume(_seen(watch_id).id)))


@blueprint.route("/watches/<watch_id>/test")
class Test(MethodView):
    """A test."""

    @blueprint.arguments(schemas.WatchTestRequest)
    @blueprint.response(200, schemas.WatchTestSchema, description="What it would have told", example="watches/tested")
    @blueprint.problems(*USUAL, InvalidRequest, InvalidQuery, QueryTooBroad, UnknownWatch, TooManyRequests)
    @blueprint.needs("watch", limited=True)
    def post(self, body: dict[str, Any], watch_id: str) -> Response:
        """Say what a watch would have told of the last days, from what is known of them. Nothing is sent."""
        rehearsal = services().watches.test(_seen(watch_id).id, days=body["days"])
        return json_response(documents.rehearsal_document(rehearsal))


@blueprint.route("/watches/<watch_id>/messages")
class Messages(MethodView):
    """What was told."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, message_schemas.MessagesPage, description="One page", example="watches/messages")
    @blueprint.problems(InvalidRequest, UnknownWatch, StorageUnavailable)
    @blueprint.needs("watch", limited=True)
    def get(self, query: dict[str, Any], watch_id: str) -> Response:
        """List the messages of a watch, newest first."""
        find = partial(services().watches.messages, _seen(watch_id).id)
        return json_response(keyset_page("messages", query, find, documents.listed_message, IN_ORDER))


@blueprint.route("/watches/<watch_id>/messages/<number>")
class OneMessage(MethodView):
    """One message."""

    @blueprint.response(200, message_schemas.MessageSchema, description="The message", example="watches/message")
    @blueprint.problems(UnknownWatch, NotFound, StorageUnavailable)
    @blueprint.needs("watch", limited=True)
    def get(self, watch_id: str, number: str) -> Response:
        """One message, with what its receivers get, and how each delivery went."""
        message = services().watches.message(_seen(watch_id).id, _number(number))
        return json_response(documents.message_document(message, services().watches.deliveries(message)))


@blueprint.route("/watches/<watch_id>/messages/<number>/findings")
class Findings(MethodView):
    """All of a message."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, message_schemas.FindingsPage, description="One page", example="watches/findings")
    @blueprint.problems(InvalidRequest, UnknownWatch, NotFound, StorageUnavailable)
    @blueprint.needs("watch", limited=True)
    def get(self, query: dict[str, Any], watch_id: str, number: str) -> Response:
        """List what a message tells, target by target, newest first."""
        find = partial(_findings, _seen(watch_id).id, _number(number))
        return json_response(keyset_page("findings", query, find, lambda row: documents.finding_document(*row), _position))


@blueprint.route("/watches/<watch_id>/messages/<number>/deliveries/<delivery_id>/again")
class Again(MethodView):
    """Sending again."""

    @blueprint.response(202, message_schemas.MessageDeliverySchema, description="It is due now", example="watches/again")
    @blueprint.problems(ForeignOrigin, StorageUnavailable, UnknownWatch, NotFound, UnknownWebhook, WebhookDisabled)
    @blueprint.needs("watch", limited=True)
    def post(self, watch_id: str, number: str, delivery_id: str) -> Response:
        """Send a message to one of its destinations again, with the same id."""
        delivery = services().watches.again(_seen(watch_id).id, _number(number), delivery_id)
        return json_response(documents.delivery_document(delivery), 202)


def _seen(watch_id: str) -> Watch:
    """The watch, if its limits lie within those of the caller; else `UnknownWatch`."""
    return services().watches.find(watch_id, services().limits.of("watch"))


def _seen_watches(watches: Sequence[Watch]) -> Sequence[Watch]:
    limits = services().limits.of("watch")
    return [each for each in watches if within(each.limits, limits)]


def _document(watch: Watch, **more: Any) -> documents.Document:
    """A watch as the caller sees it: admins see whose it is."""
    return documents.watch_document(watch, with_owner=services().limits.of("admin") is None, **more)


def _findings(watch_id: str, number: int, *, limit: int, after: Key | None) -> Sequence[tuple[Finding, str | None]]:
    """Findings, each with the URL of its target."""
    found = services().watches.findings(watch_id, number, limit=limit, after=after)
    records = services().records.find_all(list({each.record_id for each in found}))
    keys = {record_id: record.target.key for record_id, record in records.items()}
    return [(each, keys.get(each.record_id)) for each in found]


def _position(row: tuple[Finding, str | None]) -> Key:
    return row[0].at, row[0].id


def _number(text: str) -> int:
    """The number of a message."""
    if not _NUMBER.fullmatch(text):
        raise NotFound(f"{text[:50]} is not the number of a message; /api/v1/watches/ID/messages lists all.")
    return int(text)


def _made(made: Made, status: int = 200) -> Response:
    """A watch. No cache may keep the secrets of its webhooks."""
    response = json_response(_document(made.watch, secrets=made.secrets), status)
    if made.secrets:
        response.headers["Cache-Control"] = "no-store"
    return response
