"""Reads what the forms of our pages send, in a query or in a body."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Request, request
from marshmallow import Schema
from werkzeug.datastructures import MultiDict

from inventory.errors import InvalidRequest
from inventory.web_api import arguments

CSRF_FIELD = "csrf_token"


def load_query(schema: Schema, most: int | None = None, *, counts_empty: Collection[str] = ()) -> Any:
    """What a schema loads from the query of the page's URL.

    A form sends all its fields: those that were left empty do not count, but for these that mean something when empty.
    `most` is how many entries of a listing a page has room for, whatever `limit` says.
    """
    read = arguments.reader("query", schema)

    def filled(sent: Request) -> dict[str, Any]:
        return {name: value for name, value in read(sent).items() if value not in ("", [""]) or name in counts_empty}

    query = arguments.load(schema, filled, request)
    return query if most is None else query | {"limit": min(query["limit"], most)}


def form(request: Request) -> dict[str, str]:
    """The fields that were sent in a body, the first of each name, without the token; for `arguments.load`."""
    return {name: value for name, value in sent(request).items() if name != CSRF_FIELD}


def sent(request: Request) -> MultiDict[str, str]:
    """All fields that were sent in a body; `InvalidRequest` if it was cut."""
    try:
        return request.form
    except arguments.errors_of_cut_bodies() as error:
        raise InvalidRequest("The form did not arrive whole. Send it again.") from error


def whole(text: str) -> int | str:
    """The whole number that a field has; else its text, which the schema refuses."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text
