"""What pages answer in place of what was asked for: the way to the login, or a page that shows the problem."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, json, redirect, request, url_for
from werkzeug.exceptions import HTTPException, NotFound

from inventory.errors import InventoryError, Unauthenticated
from inventory.ui.login import lead_to_login
from inventory.ui.pages import page, wants_page
from inventory.web_api import problems
from inventory.web_api.same_origin import SAFE

GRAPHQL = "graphql.Graphql"
FOR_PEOPLE = {
    404: "There is no page at this address. The links above lead to those that there are.",
    405: "This address is not for looking at: a form of another page sends something to it.",
}
"""In place of what a program is told."""


def page_blueprint(name: str) -> Blueprint:
    """A blueprint of pages: a person sees its errors as pages, a program gets the problems that the API answers."""
    blueprint = Blueprint(name, __name__, template_folder="templates")
    blueprint.register_error_handler(Unauthenticated, lead_to_login)
    blueprint.register_error_handler(InventoryError, problem_page)
    return blueprint


def register(app: Flask) -> None:
    """Answer browsers with pages where no page is, too. To programs, and below /api, the app's problems remain."""
    app.register_error_handler(InventoryError, _outside_pages)
    app.register_error_handler(HTTPException, _framework_page)
    app.register_error_handler(Exception, _unforeseen_page)


def problem_page(error: InventoryError) -> Response:
    """The problem of an error, as a page for a person."""
    return page_with("problem.html", error) if wants_page() else problems.answer(error)


def page_with(template: str, error: InventoryError | None, **members: Any) -> Response:
    """A page that shows the problem of an error beside all else (`problem_box` of `_macros.html`), if there is an error.

    It has the status of the error then, and headers such as `Retry-After`.
    """
    if error is None:
        return page(template, problem=None, **members)
    return _page_of(problems.answer(error), template, **members)


def problem_of(error: InventoryError) -> dict[str, Any]:
    """The problem of an error, for a part of a page that shows it in a way of its own."""
    return _document(problems.answer(error))


def _page_of(answer: Response, template: str, **members: Any) -> Response:
    """The page that shows a problem, with what its headers say to browsers."""
    response = page(template, answer.status_code, problem=_document(answer), **members)
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in answer.headers:
            response.headers[name] = answer.headers[name]
    return response


def _document(answer: Response) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(answer.get_data()))


def _outside_pages(error: InventoryError) -> Response:
    """What people look at there. GraphQL has a form for them, which shows what is wrong with a query, once there is one."""
    if request.method not in SAFE:
        return problems.answer(error)
    if isinstance(error, Unauthenticated):
        return lead_to_login(error)
    if request.endpoint != GRAPHQL or not wants_page():
        return problem_page(error)
    return page_with("graphql.html", error if request.args else None)


def _unforeseen_page(error: Exception) -> Response:
    answer = problems.unforeseen(error)
    return _page_of(answer, "problem.html") if wants_page() else answer


def _without_slash() -> str | None:
    """The address that is asked for without the slash at its end, if that is one; as the rule makes it, not as it came."""
    adapter = current_app.create_url_adapter(request)
    if adapter is None or request.method not in SAFE or not request.path.endswith("/"):
        return None
    try:
        endpoint, values = adapter.match(request.path.removesuffix("/"))
    except HTTPException:
        return None
    query = request.query_string.decode("latin-1")
    return f"{url_for(endpoint, **values)}{'?' * bool(query)}{query}"


def _framework_page(error: HTTPException) -> Response:
    """The page of an error, but of 500: Flask raises that where the page of an unforeseen error could not be made.

    An address with a slash too many at its end leads to the page.
    """
    if isinstance(error, NotFound) and wants_page() and (address := _without_slash()) is not None:
        return cast("Response", redirect(address, 308))
    answer = problems.answer_framework(error)
    if not wants_page() or not 400 <= answer.status_code < 500:
        return answer
    document = _document(answer)
    answer.set_data(json.dumps(document | {"detail": FOR_PEOPLE.get(answer.status_code, document["detail"])}))
    return _page_of(answer, "problem.html")
