"""The quotas of each request of the Flask application: looked at before its view is called, counted once it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import Flask, Response, g, request

from inventory.access.model import Caller, Verb
from inventory.access.quota_model import Counted, Usage, done, header_fields
from inventory.access.quotas import QuotaService, obstacle
from inventory.errors import QuotaExceeded
from inventory.web_api import work
from inventory.web_api.needs import Need
from inventory.web_api.same_origin import WITHOUT_EFFECT

COUNTED_PATHS = ("/api/v1/", "/graphql")
"""The beginning of what is counted: neither metrics nor pages are, but for pages that say so, as those that collect."""


def register(app: Flask, quotas: QuotaService, *, of_keys: bool = True) -> None:
    """Refuse each request of a caller who has used up a quota for it, and count what the others were answered.

    The check of who asks is registered before. Nothing is asked for a caller without quotas. Unless quotas are `of_keys`,
    each address has those of the settings, whatever key it sends: where all is open, anybody can make a key without quotas.
    """

    def check() -> None:
        caller = _counted_caller(quotas, of_keys)
        if caller is None:
            return
        need: Need = g.need
        g.usages, g.counted = quotas.read(caller), counted_as(need, request.path)
        if why := _obstacle(caller, g.usages, g.counted):
            raise why
        if need.effect == Verb.COLLECT and (why := obstacle(caller, g.usages, Counted.COLLECTIONS)):
            request.environ.setdefault(WITHOUT_EFFECT, why)

    def count(response: Response) -> Response:
        caller = _counted_caller(quotas, of_keys)
        if caller is not None:
            kinds = done(g.get("counted"), response.status_code, begun=work.begun()) * work.lookups()
            usages = quotas.count(caller, kinds) if kinds else _usages(quotas, caller)
            response.headers.update(header_fields(usages))
        return response

    app.before_request(check)
    app.after_request(count)


def _counted_caller(quotas: QuotaService, of_keys: bool) -> Caller | None:
    """Who sent the request, if that has quotas."""
    caller: Caller | None = g.get("caller")
    if caller is not None and not of_keys:
        caller = replace(caller, key=None)
    return caller if caller is not None and quotas.of(caller.key) else None


def _usages(quotas: QuotaService, caller: Caller) -> list[Usage]:
    """What a caller had used before the request, which was not counted; one that was out of scope has not read it yet."""
    return list(g.usages if "usages" in g else quotas.read(caller))


def _obstacle(caller: Caller, usages: Sequence[Usage], counted: Counted | None) -> QuotaExceeded | None:
    """Why a request that is counted as this is refused: of several reasons the one that lasts longest.

    What asks for a collection needs something left of lookups too: it is one if it finds the collection begun already.
    """
    needed = (Counted.COLLECTIONS, Counted.LOOKUPS) if counted is Counted.COLLECTIONS else filter(None, [counted])
    found = [why for kind in needed if (why := obstacle(caller, usages, kind))]
    return max(found, key=lambda why: why.retry_after, default=None)


def counted_as(need: Need, path: str) -> Counted | None:
    """What a request of a view is counted as if it succeeds; None if it is not counted."""
    kind = need.counted_as if path.startswith(COUNTED_PATHS) else need.counted
    return Counted(kind) if kind else None
