"""What the audit keeps of a request of the Flask application, once it is answered."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from inventory.access.actions import action_of
from inventory.access.audit import DONE, AuditService
from inventory.access.current import caller
from inventory.access.model import Verb
from inventory.errors import STATUS, ForeignOrigin
from inventory.web_api import work
from inventory.web_api.needs import PUBLIC, Need
from inventory.web_api.same_origin import SAFE

MADE = frozenset({HTTPStatus.CREATED, HTTPStatus.ACCEPTED})
"""Statuses whose Location has the id of what was made."""
MADE_BY_FORMS = frozenset({"import.create"})
"""Actions of forms of our pages that are answered 303, whose Location has the id."""
FOREIGN = STATUS[ForeignOrigin][1]
REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})


def register(app: Flask, audit: AuditService, count_refusal: Callable[[str], object]) -> None:
    """Note each request of an app, after `request_check`, that changes something, and each refusal of a key.

    What needs `read` changes nothing, whatever its method: a query that is sent by POST.
    Whoever proved nothing, by no key or by a wrong one where one is needed, makes no entry: it could make any number.
    Neither does a page of another site, whatever the browser of its visitor sends along.
    `count_refusal` counts each refusal by its code.
    """

    def note(response: Response) -> Response:
        status, code = work.problem() or (response.status_code, _outcome(response))
        refusal = code if status in REFUSED else _refused_part()
        outcome = refusal or code
        if refusal:
            count_refusal(refusal)
        need: Need | None = g.get("need")  # there is none if the request did not come so far as to be checked
        if need is None or status == HTTPStatus.UNAUTHORIZED or outcome == FOREIGN:
            return response
        changes = request.method not in SAFE and need.verb != Verb.READ and (need.verb != PUBLIC or need.action)
        if changes or (refusal and caller().key is not None):
            rule = request.url_rule.rule if request.url_rule else request.path
            action = need.action or action_of(request.method, rule)
            audit.note(caller(), action, _target(action, response), outcome=outcome, request_id=g.request_id)
        return response

    app.after_request(note)


def _refused_part() -> str | None:
    """The code with which a part of what a request asked for was refused."""
    return next((code for status, code in work.part_problems() if status in REFUSED), None)


def _outcome(response: Response) -> str:
    """What became of a request that no problem of ours answers: `done`, or the status."""
    return DONE if response.status_code < HTTPStatus.BAD_REQUEST else str(response.status_code)


def _target(action: str, response: Response) -> str:
    """What the request was about: the ids in its path, the URL of its page, the id of what it made, or the name of that."""
    if request.view_args:
        return "/".join(map(str, request.view_args.values()))
    loaded: dict[str, Any] = g.get("loaded") or {}
    if action.startswith("metadata."):
        return str(loaded.get("url", ""))
    is_made = response.status_code in MADE or (response.status_code == HTTPStatus.SEE_OTHER and action in MADE_BY_FORMS)
    made = response.headers.get("Location", "") if is_made else ""
    return urlsplit(made).path.rpartition("/")[2] or str(loaded.get("name", ""))
