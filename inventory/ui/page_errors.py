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
    answer = problems.answer(error)
    if not wants_page():
        return answer
    response = page("problem.html", answer.status_code, problem=json.loads(answer.get_data()))
    for name in ("Retry-After", "Allow", "WWW-Authenticate"):
        if name in answer.headers:
            response.headers[name] = answer.headers[name]
    return response


def problem_of(error: InventoryError) -> dict[str, Any]:
    """The problem of an error, for a page that shows it beside what was asked for (`problem_box` of `_macros.html`)."""
    return cast("dict[str, Any]", json.loads(problems.answer(error).get_data()))
