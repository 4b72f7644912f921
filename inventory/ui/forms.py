"""Reads the forms of our pages, for `arguments.load`."""

from __future__ import annotations

from flask import Request

from inventory.errors import InvalidRequest
from inventory.ui.visitors import FIELD
from inventory.web_api import arguments


def form(request: Request) -> dict[str, str]:
    """The fields that were sent, the first of each name, without the token; `InvalidRequest` if the form was cut."""
    try:
        return {name: value for name, value in request.form.items() if name != FIELD}
    except arguments.errors_of_cut_bodies() as error:
        raise InvalidRequest("The form did not arrive whole. Send it again.") from error
