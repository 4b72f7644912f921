"""What a request proves its caller by: a key in a header, or the cookie of a browser that logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from werkzeug.datastructures import EnvironHeaders
from werkzeug.http import parse_cookie

from inventory.access.model import Caller
from inventory.access.service import AccessService, sent_key, with_user
from inventory.access.sessions import COOKIE
from inventory.web_api.same_origin import says_foreign

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Credentials(NamedTuple):
    """The headers that may have a key, and the cookie of a session; None for what was not sent."""

    authorization: str | None
    x_api_key: str | None
    cookie: str | None

    @property
    def key(self) -> str | None:
        """The text of the key, which counts before the cookie."""
        return sent_key(self.authorization, self.x_api_key)


def sent(environ: WSGIEnvironment) -> Credentials:
    """What a request was sent with. A cookie that a page of another site has sent does not count, unless by a link.

    It does not for the origins of INVENTORY_CORS_ORIGINS either: scripts of their pages send a key of their own.
    """
    has_cookie = "HTTP_COOKIE" in environ and (not says_foreign(environ) or is_link(environ))
    cookie = parse_cookie(environ).get(COOKIE) if has_cookie else None
    return Credentials(environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY"), cookie)


def is_link(environ: WSGIEnvironment) -> bool:
    """Whether the browser shows the answer as a page of its own, which the page that led to it cannot read."""
    shown = (environ.get("HTTP_SEC_FETCH_MODE"), environ.get("HTTP_SEC_FETCH_DEST")) == ("navigate", "document")
    return shown and environ["REQUEST_METHOD"] == "GET"


def caller_of(access: AccessService, environ: WSGIEnvironment, address: str) -> Caller:
    """Who sent a request from this address, and for which user if it is a proxy; raises as `authenticate` does."""
    return with_user(access.authenticate(*sent(environ), address), EnvironHeaders(environ).get)
