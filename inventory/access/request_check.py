"""The check of each request of the Flask application, before its view is called: who asks, and whether they may."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Flask, Response, g, request

from inventory.access import credentials
from inventory.access.current import set_caller
from inventory.access.model import Caller, Verb
from inventory.access.scopes import grants
from inventory.access.service import NOT_COLLECTED, AccessService, has_verb
from inventory.web_api import needs, security_headers
from inventory.web_api.needs import PUBLIC, Need
from inventory.web_api.same_origin import WITHOUT_EFFECT

AddressOf = Callable[[str, str], str]
"""The address of a client: of the peer, or, if that is a proxy, what it says in `X-Forwarded-For`."""


def peer_alone(peer: str, _forwarded_for: str) -> str:
    """The address of whoever opened the connection."""
    return peer


def register(app: Flask, access: AccessService, address_of: AddressOf = peer_alone) -> None:
    """Check each request of an app whose views are all registered.

    A view that does not say what it needs is for admins alone. An error of routing, and OPTIONS, which Flask answers with
    the methods of a route, tell nothing that `/openapi.json` does not tell everybody. `g.caller` is None where nobody was
    asked for a key, and `g.need` is what the view needs, None where there is no view.
    """
    all_needs = needs.all_needs(app)

    def check() -> None:
        need = _need(all_needs)
        g.need, g.caller = need, None
        address = address_of(request.environ.get("REMOTE_ADDR", ""), request.environ.get("HTTP_X_FORWARDED_FOR", ""))
        if need is None or need.verb == PUBLIC:
            set_caller(Caller(address=address, scopes=()))  # who may be anybody
            return
        caller = _authenticated(access, address)
        g.caller = caller
        set_caller(caller)
        _check(access, caller, need)

    app.before_request(check)
    app.after_request(_keep_private)


def _need(all_needs: Mapping[tuple[str, str], Need | None]) -> Need | None:
    """What the view of this request needs, None if no view will be called."""
    rule = request.url_rule
    if rule is None or (request.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False)):  # as Flask asks
        return None
    return all_needs.get((rule.endpoint, request.method)) or needs.ADMIN


def allows(caller: Caller, need: Need) -> bool:
    """Whether a caller may do what a view needs."""
    if need.verb == PUBLIC:
        return True
    may = has_verb if need.limited else grants
    return any(may(caller.scopes, Verb(verb)) for verb in (need.verb, need.other) if verb is not None)


def by_session() -> bool:
    """Whether the request is authenticated by the cookie of a browser, which a page of another site may have sent."""
    found: Caller | None = g.get("caller")
    return found is not None and found.key is not None and credentials.sent(request.environ).key is None


def _keep_private(response: Response) -> Response:
    found: Caller | None = g.get("caller")
    if found is not None and found.key is not None:
        response.headers.setdefault("Cache-Control", security_headers.PRIVATE)
    return response


def _authenticated(access: AccessService, address: str) -> Caller:
    caller = credentials.caller_of(access, request.environ, address)
    text = credentials.sent(request.environ).key
    if text is not None and access.admit(text) is None:
        access.learn(text, caller)
    return caller


def _check(access: AccessService, caller: Caller, need: Need) -> None:
    if not allows(caller, need):
        access.require(caller, Verb(need.verb), limited=need.limited)
    may = has_verb if need.limited else grants
    if need.effect is not None and not may(caller.scopes, Verb(need.effect)):
        request.environ.setdefault(WITHOUT_EFFECT, NOT_COLLECTED)
