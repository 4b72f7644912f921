"""Reads the forms of our pages, for `arguments.load`."""

from __future__ import annotations

from flask import Request
from werkzeug.datastructures import MultiDict

from inventory.errors import InvalidRequest
from inventory.ui.visitors import FIELD
from inventory.web_api import arguments


def form(request: Request) -> dict[str, str]:
    """The fields that were sent, the first of each name, without the token; `InvalidRequest` if the form was cut."""
    return {name: value for name, value in sent(request).items() if name != FIELD}


def sent(request: Request) -> MultiDict[str, str]:
    """All fields that were sent; `InvalidRequest` if the form was cut."""
    try:
        return request.form
    except arguments.errors_of_cut_bodies() as error:
        raise InvalidRequest("The form did not arrive whole. Send it again.") from error


def whole(text: str) -> int | str:
    """The whole number that a field has; else its text, which the schema refuses."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text
