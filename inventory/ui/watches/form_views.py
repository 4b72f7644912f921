"""`/watches/new` and `/watches/ID/edit`: the form of a watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Request, Response, request, url_for
from marshmallow import Schema

from inventory.errors import (
    InvalidRequest,
    InventoryError,
    NameTaken,
    OutOfScope,
    TooManyWebhooks,
    UnknownWatch,
    UnknownWebhook,
)
from inventory.ui.forms import sent
from inventory.ui.page_errors import page_blueprint, page_with
from inventory.ui.pages import page, see_other
from inventory.ui.watches.members import UNITS, WatchFields, fields_from, fields_of, members_from, usual_fields
from inventory.ui.watches.views import webhook_urls
from inventory.watches import answers, schemas
from inventory.watches.documents import Document
from inventory.watches.model import On
from inventory.watches.service import Made
from inventory.web_api import arguments, needs

blueprint = page_blueprint("watch_forms")

NEW, CHANGE = schemas.WatchRequest(), schemas.WatchChange()
MAX_TICKED = 50
"""Webhooks that can be ticked. Others are named by their ids or URLs."""
ABOUT = {
    NameTaken: "name",
    UnknownWebhook: "webhook",
    TooManyWebhooks: "webhook",
    OutOfScope: "webhook",
}
"""The field that an error is about which does not say so."""


@blueprint.get("/watches/new")
@needs.needs("watch", limited=True)
def new() -> Response:
    """The form of a watch that is to be made; `query` may be given."""
    return _form(usual_fields(), query=request.args.get("query"))


@blueprint.post("/watches")
@needs.needs("watch", limited=True)
def create() -> Response:
    """Make it, and lead to it; or the form with what is wrong."""
    try:
        made = answers.create(_members(NEW))
    except InventoryError as error:
        return _form(fields_from(sent(request)), error=error)
    return _made(made, 201)


@blueprint.get("/watches/<watch_id>/edit")
@needs.needs("watch", limited=True)
def edit(watch_id: str) -> Response:
    """The form of a watch that there is."""
    watch = answers.watch(watch_id, counted=False)
    return _form(fields_of(watch), watch=watch)


@blueprint.post("/watches/<watch_id>/edit")
@needs.needs("watch", limited=True, action="watch.change")
def change(watch_id: str) -> Response:
    """Change it, and lead to it; or the form with what is wrong."""
    watch = answers.watch(watch_id, counted=False)
    try:
        made = answers.change(watch_id, _members(CHANGE))
    except UnknownWatch:
        raise
    except InventoryError as error:
        return _form(fields_from(sent(request)), watch=watch, error=error)
    return _made(made, 200)


def _members(schema: Schema) -> Any:
    def read(request: Request) -> Mapping[str, Any]:
        return members_from(fields_from(sent(request)))

    return arguments.load(schema, read, request)


def _form(
    fields: WatchFields, *, watch: Document | None = None, query: str | None = None, error: InventoryError | None = None
) -> Response:
    urls = webhook_urls()
    ticked = dict.fromkeys([*(watch["webhook"] if watch else ()), *fields.webhook, *list(urls)[:MAX_TICKED]])
    return page_with(
        "watch_form.html",
        error,
        fields=fields,
        query=fields.query if query is None else query,
        watch=watch,
        errors=_errors(error),
        webhooks={each: urls.get(each, each) for each in ticked},
        kinds=list(On),
        units=list(UNITS),
    )


def _errors(error: InventoryError | None) -> Mapping[str, Sequence[str]]:
    """What is wrong with each field."""
    if isinstance(error, InvalidRequest) and error.errors:
        return error.errors
    return {field: [str(error)] for kind, field in ABOUT.items() if type(error) is kind}


def _made(made: Made, status: int) -> Response:
    """The way to the watch; or the secrets of webhooks that were made for it, which are shown this once."""
    where = url_for("watch_pages.one_watch", watch_id=made.watch.id)
    if not made.secrets:
        return see_other(where)
    response = page("watch_made.html", status, watch=answers.shown(made.watch), secrets=made.secrets, urls=webhook_urls())
    response.headers["Location"] = where
    return response
