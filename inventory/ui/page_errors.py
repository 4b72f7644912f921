"""What pages answer in place of what was asked for: the way to the login, or a page that shows the problem."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, json

from inventory.errors import InventoryError, Unauthenticated
from inventory.ui.login import lead_to_login
from inventory.ui.pages import page, wants_page
from inventory.web_api import problems


def page_blueprint(name: str) -> Blueprint:
    """A blueprint of pages: a person sees its errors as pages, a program gets the problems that the API answers."""
    blueprint = Blueprint(name, __name__, template_folder="templates")
    blueprint.register_error_handler(Unauthenticated, lead_to_login)
    blueprint.register_error_handler(InventoryError, problem_page)
    return blueprint


def problem_page(error: InventoryError) -> Response:
    """The problem of an error, as a page for a person."""
    return page_with("problem.html", error) if wants_page() else problems.answer(error)


def page_with(template: str, error: InventoryError | None, **members: Any) -> Response:
    """A page that shows the problem of an error beside all else (`problem_box` of `_macros.html`), if there is an error.

    It has the status of the error then, and headers such as `Retry-After`.
    """
    if error is None:
        return page(template, problem=None, **members)
    answer = problems.answer(error)
    response = page(template, answer.status_code, problem=json.loads(answer.get_data()), **members)
    for name in ("Retry-After", "WWW-Authenticate"):
        if name in answer.headers:
            response.headers[name] = answer.headers[name]
    return response


def problem_of(error: InventoryError) -> dict[str, Any]:
    """The problem of an error, for a page or a part of one that shows it in a way of its own."""
    return cast("dict[str, Any]", json.loads(problems.answer(error).get_data()))
