"""Every error as `application/problem+json` (RFC 9457), in one form, whoever raised it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import structlog
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from inventory import json_bytes
from inventory.clock import rfc3339
from inventory.errors import STATUS, CollectionFailed, InvalidRequest, InventoryError, StorageUnavailable, TooManyRequests

log = structlog.get_logger(__name__)

RETRY_STORAGE_AFTER = 2
"""Seconds that a caller is asked to wait when the store does not answer."""
RETRY_SOON = 2
"""Seconds until it is worth asking again for what there was no room for."""

FRAMEWORK_CODES: Mapping[int, tuple[int, str, str]] = {
    400: (422, "invalid_request", "The request cannot be understood."),
    404: (404, "not_found", "There is no such route; /docs lists all of them."),
    405: (405, "method_not_allowed", "This route does not take this method; the header Allow says which it takes."),
    413: (413, "request_too_large", "The request body is too large; a JSON body may have 64 KiB."),
    414: (422, "url_too_long", "The request line is too long."),
    415: (415, "unsupported_media_type", "Send the body as application/json."),
    422: (422, "invalid_request", "The request cannot be accepted."),
    500: (500, "internal_error", "This is a fault of the inventory. The log has it under this request_id."),
}
"""What Flask and Werkzeug raise: their status, and our status, code and detail."""


def register(app: Flask) -> None:
    """Answer every error of the app as a problem, the unforeseen ones included."""
    app.register_error_handler(InventoryError, _inventory_error)
    app.register_error_handler(HTTPException, _framework_error)
    app.register_error_handler(Exception, _unforeseen)
    app.after_request(_lead_to_a_path)


def problem(status: int, code: str, detail: str, **members: object) -> Response:
    """A problem document; `members` with the value None are left out."""
    document = problem_document(status, code, detail, g.get("request_id"))
    document |= {name: member for name, member in members.items() if member is not None}
    return Response(json_bytes.dumps(document), status, mimetype="application/problem+json")


def problem_document(status: int, code: str, detail: str, request_id: str | None) -> dict[str, Any]:
    """The members that every problem has."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }


def status_and_code(kind: type[InventoryError]) -> tuple[int, str]:
    """The table's line for an error, or for the nearest of its bases; 500 for those that callers never see."""
    return next((STATUS[base] for base in kind.__mro__ if base in STATUS), FRAMEWORK_CODES[500][:2])


def _inventory_error(error: InventoryError) -> Response:
    status, code = status_and_code(type(error))
    if status == 500:
        return _unforeseen(error)
    response = problem(
        status,
        code,
        error.told if isinstance(error, StorageUnavailable) else str(error),
        errors=error.errors if isinstance(error, InvalidRequest) else None,
        failure=_failure_document(error.failure) if isinstance(error, CollectionFailed) else None,
    )
    if isinstance(error, StorageUnavailable):
        log.error("storage_unavailable", error=str(error))
        response.headers["Retry-After"] = str(RETRY_STORAGE_AFTER)
    elif isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(RETRY_SOON)
    return response


def _failure_document(failure: Mapping[str, object]) -> dict[str, object]:
    """A failure as the API shows it."""
    return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in failure.items()}


def _framework_error(error: HTTPException) -> Response:
    raised = error.code or 500
    if raised < 400:  # a redirect, which Werkzeug raises too
        return cast(Response, error.get_response())
    phrase = HTTPStatus(raised).phrase
    status, code, detail = FRAMEWORK_CODES.get(
        raised, (raised, phrase.lower().replace(" ", "_"), error.description or phrase)
    )
    response = problem(status, code, detail)
    response.headers.extend(
        [(name, value) for name, value in error.get_headers() if name.lower() in {"allow", "retry-after"}]
    )
    return response


def _lead_to_a_path(response: Response) -> Response:
    """Routing redirects to the scheme and the name that it takes to be ours, which a proxy may know better."""
    if response.status_code == HTTPStatus.PERMANENT_REDIRECT:
        where = urlsplit(response.headers["Location"])
        response.headers["Location"] = urlunsplit(("", "", f"/{where.path.lstrip('/')}", where.query, ""))
    return response


def _unforeseen(error: Exception) -> Response:
    log.error("unforeseen_error", exc_info=error)
    return problem(*FRAMEWORK_CODES[500])
