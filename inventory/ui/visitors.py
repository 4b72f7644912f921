"""Who looks at our pages: the session of a browser that logged in, and the tokens that its own pages send (CSRF).

A request whose key is in a header needs no token: no page of another site can send one. Of those that are authenticated by
the cookie alone, each that may change something has to carry a token.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from inventory.access import credentials, current
from inventory.access.model import Caller, Mode, Verb
from inventory.access.request_check import allows, by_session
from inventory.access.service import EVERYTHING, has_verb
from inventory.access.sessions import COOKIE, LIFETIME
from inventory.errors import CsrfFailed, KeyRequired, StorageUnavailable, Unauthenticated
from inventory.services import services
from inventory.ui.forms import CSRF_FIELD, sent
from inventory.web_api.needs import ADMIN, need_of
from inventory.web_api.same_origin import SAFE

View = TypeVar("View", bound=Callable[..., Any])

HEADER = "X-CSRFToken"
FORM = "application/x-www-form-urlencoded"
LOGIN_COOKIE = "inventory_login"
"""The session of nobody yet, in which the form of the login is sent. It has a name of its own, because another site may lead
to that form: then the browser keeps back the cookie of who is logged in, which this one must not replace."""
NOBODY = ""
"""In place of the digest of a key."""
SECRET, LOGIN_SECRET = "csrf_token", "login_token"
"""The members of Flask's session with which flask-wtf compares tokens, one for each of the cookies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What a page shows of who looks at it. `can_log_in`: keys count for something, and none came in a header.

    `name` is that of a key, or of the user of a proxy; `csrf` is the token for what the page sends, with a session.
    """

    caller: Caller
    can_log_in: bool = False
    name: str | None = None
    csrf: str | None = None

    def may(self, verb: str) -> bool:
        """Whether the visitor may do this, with some targets at least."""
        return has_verb(self.caller.scopes, Verb(verb))

    def may_open(self, endpoint: str) -> bool:
        """Whether the page of an endpoint would let the visitor in."""
        return allows(self.caller, need_of(current_app.view_functions[endpoint]) or ADMIN)


class CookieSessions(SessionInterface):
    """Flask's session, from our cookies. It is there to be read: logging in and out set these."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        """The secrets of a request's cookies, empty without one. While the store is away there are none."""
        members: dict[str, str] = {}
        if "HTTP_COOKIE" in request.environ and keys_count():
            # Nothing can be answered here. The check of the request meets the store again, if it needs it.
            with suppress(StorageUnavailable):
                for cookie, member in ((COOKIE, SECRET), (LOGIN_COOKIE, LOGIN_SECRET)):
                    if found := services().sessions.read(request.cookies.get(cookie, "")):
                        members[member] = found.csrf_secret
        return SecureCookieSession(members)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing: no view changes it."""


def register(app: Flask) -> None:
    """Read the sessions of the app's requests, and check the tokens of those that need one."""
    app.session_interface = CookieSessions()
    app.before_request(_check_changes)


def keys_count() -> bool:
    """Whether keys count for something: not where everything is open."""
    return services().access.mode is not Mode.OPEN


def visitor() -> Visitor:
    """Who looks at the page that is made."""
    caller = _looking()
    if not keys_count():
        return Visitor(caller=caller)
    if caller.key is None:
        return Visitor(caller=caller, can_log_in=True)
    if credentials.sent(request.environ).key is not None:
        return Visitor(caller=caller, name=caller.user or caller.key.name)
    token = _token(SECRET) if SECRET in session else None
    return Visitor(caller=caller, can_log_in=True, name=caller.key.name, csrf=token)


def token_for_login() -> tuple[str, str | None]:
    """The token for the form of the login, and a `LOGIN_COOKIE` for it, unless the browser sent one."""
    cookie = None
    if LOGIN_SECRET not in session:
        cookie = services().sessions.begin(NOBODY)
        begun = services().sessions.read(cookie)
        assert begun is not None
        session[LOGIN_SECRET] = begun.csrf_secret
    return _token(LOGIN_SECRET), cookie


def _token(member: str) -> str:
    return cast(str, generate_csrf(services().sessions.secret, member))


def caller_with_key() -> Caller | None:
    """Who sent a request that needs no key, if a key says so; one that does not count, or a store that is away, does not."""
    sent = credentials.sent(request.environ)
    if sent.key is sent.cookie is None:
        return None
    try:
        return credentials.caller_of(services().access, request.environ, current.caller().address)
    except (Unauthenticated, StorageUnavailable):
        return None


def _looking() -> Caller:
    """Who looks at the page that is made; one who may do nothing, where a key counts and theirs cannot be told."""
    found: Caller | None = g.get("caller")
    if found is not None:
        return found
    try:
        if "need" not in g:  # the request was refused before anybody was asked for a key
            raise KeyRequired
        return credentials.caller_of(services().access, request.environ, "")
    except (Unauthenticated, StorageUnavailable):
        return Caller(address="", scopes=() if keys_count() else EVERYTHING)


def let_in() -> bool:
    """Answer whoever looks at a page for everybody as the caller they are; False where that needs a key that may read.

    Views that need a key need not call this.
    """
    try:
        caller = credentials.caller_of(services().access, request.environ, current.caller().address)
    except Unauthenticated:
        return False
    current.set_caller(caller)
    return has_verb(caller.scopes, Verb.READ)


def checks_token(view: View) -> View:
    """Mark a view that calls `check_form` itself, before all else: its token is in a form with a file.

    Nobody may read such a body before its limits are checked, nor keep it in memory.
    """
    view.checks_token = True  # type: ignore[attr-defined]
    return view


def check_form(token: str) -> None:
    """`CsrfFailed` if the request needs a token and this one, a field of its form, is none."""
    if by_session():
        _check(token, SECRET)


def check_token(member: str = SECRET) -> None:
    """`CsrfFailed` unless the request has the token of a page of ours for this secret of the session."""
    _check(_sent_token(), member)


def _check(token: str | None, member: str) -> None:
    try:
        validate_csrf(token, services().sessions.secret, int(LIFETIME.total_seconds()), member)
    except ValidationError as error:
        raise CsrfFailed(
            f"{error} The request has the cookie of a login, so it needs the token of a page of ours in {HEADER}. Load the"
            " page again. A program sends its key instead, as `Authorization: Bearer`."
        ) from error


def _check_changes() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method not in SAFE and by_session() and not getattr(view, "checks_token", False):
        check_token()


def _sent_token() -> str | None:
    """The header counts, else the field of a form of ours. flask-wtf's `CSRFProtect` would read every body, uploads too."""
    return request.headers.get(HEADER) or (sent(request).get(CSRF_FIELD) if request.mimetype == FORM else None)
