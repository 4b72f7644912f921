"""`/memento/…`: what webpages were at an instant (RFC 7089)."""

from __future__ import annotations

import re

from flask import Response, request
from flask.views import MethodView

from inventory.errors import (
    CredentialsInUrl,
    ForbiddenAddress,
    InvalidDatetime,
    InvalidUrl,
    NoSuchSnapshot,
    NotFound,
    NotInInventory,
    StorageUnavailable,
    UnsupportedScheme,
    UrlTooLong,
)
from inventory.mementos import answers
from inventory.mementos.links import LINK_FORMAT
from inventory.mementos.schemas import AcceptDatetime
from inventory.web_api.blueprint import Blueprint

blueprint = Blueprint("mementos", __name__, url_prefix="/memento", description="What webpages were at an instant (RFC 7089)")

ESCAPED_HOST = re.compile(r"^(https?://)%5B([0-9a-f:.]+)%5D", re.IGNORECASE)
PROBLEMS = (
    InvalidUrl, UnsupportedScheme, CredentialsInUrl, UrlTooLong, ForbiddenAddress, NotInInventory, NoSuchSnapshot, NotFound,
    StorageUnavailable,
)  # fmt: skip


@blueprint.route("/timemap/<stamp>/<path:url>")
class TimeMap(MethodView):
    """When a webpage was seen."""

    @blueprint.response(
        200,
        {"type": "string"},
        content_type=LINK_FORMAT,
        description="Some mementos, the oldest first, and the TimeMap of those before them",
        example="mementos/timemap",
    )
    @blueprint.problems(*PROBLEMS)
    @blueprint.needs("read", limited=True, counted="lookups", action="memento.read")
    def get(self, stamp: str, url: str) -> Response:
        """List when a webpage was seen. `stamp` is `link` for the latest, or an instant before which all are meant."""
        url, root = _after(f"timemap/{stamp}", url), _root()
        return Response(answers.timemap(url, None if stamp == "link" else stamp, root), mimetype=LINK_FORMAT)


@blueprint.route("/timegate/<path:url>")
class TimeGate(MethodView):
    """The memento of an instant."""

    @blueprint.headers(AcceptDatetime)
    @blueprint.response(302, description="Location has the memento that was current then; before the first one, that one")
    @blueprint.problems(InvalidDatetime, *PROBLEMS)
    @blueprint.needs("read", limited=True, counted="lookups", action="memento.read")
    def get(self, url: str) -> Response:
        """Find the memento of the instant in `Accept-Datetime`, or the latest one. The URL is the rest of the path."""
        return _flask(answers.timegate(_after("timegate", url), request.headers.get("Accept-Datetime"), _root()))


@blueprint.route("/<stamp>/<path:url>")
class OneMemento(MethodView):
    """A webpage at an instant."""

    @blueprint.response(
        200,
        {"type": "string", "format": "binary"},
        content_type="application/octet-stream",
        description="The body, of the media type that it had. The status is the one that was seen, whatever it was",
    )
    @blueprint.problems(*PROBLEMS)
    @blueprint.needs("read", limited=True, counted="lookups", action="memento.read")
    def get(self, stamp: str, url: str) -> Response:
        """What a webpage answered at an instant, as an attachment that no browser renders from this origin.

        A redirect leads to what it led to then. A timestamp of 14 digits leads, with 302, where the TimeGate would.
        """
        return _flask(answers.memento(_after(stamp, url), stamp, _root()))


def _after(prefix: str, url: str) -> str:
    """The URL that ends the path, as it was sent: a query is part of it, and no escape is undone but of a host's brackets.

    Clients escape these in a path, as urllib3 does, and in a host nothing else can be meant by them.
    """
    sent = request.environ.get("RAW_URI", "").partition(f"/memento/{prefix}/")[2]
    return ESCAPED_HOST.sub(r"\1[\2]", sent or url)


def _root() -> str:
    return request.root_url.rstrip("/")


def _flask(answer: answers.Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers)
