"""`/login` and `/logout`: a person logs in with a key, which then is in a signed cookie, as its digest.

Guessing is not slowed down beyond what a request costs: a key has 190 bits of entropy (docs/access.md).
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, request

from inventory.access import current
from inventory.access.sessions import COOKIE, LIFETIME
from inventory.errors import CsrfFailed, KeyRequired, NotFound, Unauthenticated
from inventory.services import services
from inventory.ui.forms import sent
from inventory.ui.pages import page, see_other, wants_page
from inventory.ui.visitors import LOGIN_COOKIE, LOGIN_SECRET, caller_with_key, check_token, keys_count, token_for_login
from inventory.web_api import needs, problems, work
from inventory.web_api.needs import PUBLIC
from inventory.web_api.same_origin import SAFE, foreign_origin, is_foreign

blueprint = Blueprint("login", __name__, template_folder="templates")

PATH = "/login"
OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path of ours with its query, in ASCII: one that begins with two slashes would name another host."""
MAX_PATH = 2_000
NOT_OURS = "This form was not ours, or it was too old. Try again; the browser has to take cookies."


@blueprint.before_request
def _only_with_keys_and_from_us() -> None:
    if not keys_count():
        raise NotFound("There is no login, because everything is open (INVENTORY_ACCESS=open).")
    if request.method not in SAFE and is_foreign(request.environ):  # an origin that may use the API does not log people out
        raise foreign_origin(request.environ)


@blueprint.get(PATH)
@needs.needs(PUBLIC)
def log_in_page() -> Response:
    """The form for a key; with a session, who is logged in and the way out."""
    return _page(request.args.get("next"))


@blueprint.post(PATH)
@needs.needs(PUBLIC, action="session.create")
def log_in() -> Response:
    """Begin a session with the key of the form, and lead on to where the person wanted to go."""
    fields = sent(request)
    text, where = fields.get("key", "").strip(), fields.get("next", "")
    try:
        # Or another site could log a person in with a key of its own, and see what is done under it.
        check_token(LOGIN_SECRET)
        if not text:
            raise KeyRequired("Paste a key. `inventory keys create` makes one, and shows it once.")
        caller = services().access.authenticate(None, text, None, current.caller().address)
    except (CsrfFailed, Unauthenticated) as error:
        work.note_problem(*problems.status_and_code(type(error)))
        return _page(where, NOT_OURS if isinstance(error, CsrfFailed) else str(error), 401)
    assert caller.key is not None
    current.set_caller(caller)  # for the audit
    return _with_cookie(_see(own_path(where)), COOKIE, services().sessions.begin(caller.key.digest))


@blueprint.post("/logout")
@needs.needs(PUBLIC, action="session.delete")
def log_out() -> Response:
    """End the session in this browser."""
    caller = caller_with_key()
    if caller is None:
        response = _page(None, "Nobody was logged in any more.", 401)
    else:
        current.set_caller(caller)
        check_token()
        response = _see(PATH)
    response.delete_cookie(COOKIE, secure=request.is_secure, httponly=True, samesite="Strict")
    return response


def lead_to_login(error: Unauthenticated) -> Response:
    """What a page answers for want of a key: a person is led to the login, a program gets the problem."""
    if not wants_page():
        return problems.answer(error)
    work.note_problem(*problems.status_and_code(type(error)))
    return _see(f"{PATH}?next={quote(_page_of_request(), safe='/')}")


def _page_of_request() -> str:
    """The page that was asked for; of a form the page that it is on, because the form itself is not sent again."""
    if request.method in SAFE:
        return request.full_path.rstrip("?")
    form = urlsplit(request.referrer or "")
    if form.netloc != request.host:
        return "/"
    path = form.path.removeprefix(request.script_root)
    return f"{path}?{form.query}" if form.query else path


def own_path(where: str | None) -> str:
    """A path to lead on to, if it is one of ours, else the home page."""
    return where if where and len(where) <= MAX_PATH and OWN_PATH.fullmatch(where) else "/"


def _page(where: str | None, error: str | None = None, status: int = 200) -> Response:
    token, cookie = token_for_login()
    response = page(
        "login.html",
        status,
        next=own_path(where),
        error=error,
        foreign=is_foreign(request.environ),  # then the browser kept back the cookie of who is logged in
        login_token=token,
    )
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response if cookie is None else _with_cookie(response, LOGIN_COOKIE, cookie)


def _with_cookie(response: Response, name: str, value: str) -> Response:
    response.set_cookie(name, value, max_age=LIFETIME, secure=request.is_secure, httponly=True, samesite="Strict")
    return response


def _see(where: str) -> Response:
    return see_other(request.script_root + where)
