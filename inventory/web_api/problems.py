"""Every error as `application/problem+json` (RFC 9457), in one form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import structlog
from flask import Flask, Response, current_app, g
from werkzeug.exceptions import HTTPException

from inventory import json_bytes
from inventory.clock import rfc3339
from inventory.errors import (
    STATUS,
    CollectionFailed,
    InvalidFile,
    InvalidQuery,
    InvalidRequest,
    InventoryError,
    OutOfScope,
    QuotaExceeded,
    StorageUnavailable,
    TooManyRequests,
    Unauthenticated,
)
from inventory.masking import UNCONFIGURED, Masking
from inventory.web_api import work

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="inventory"'
MASKING = "inventory.masking"
"""The extension of the Flask application that masks its problems."""
RETRY_AFTER = 2
"""Seconds that a caller is asked to wait while the store is away, or while this process has too many such requests."""

FRAMEWORK_CODES: Mapping[int, tuple[int, str, str]] = {
    400: (422, "invalid_request", "The request cannot be read. Compare it with /docs."),
    404: (404, "not_found", "This route does not exist. /docs lists all routes."),
    405: (
        405,
        "method_not_allowed",
        "This route does not support this method. The header Allow lists those that it supports.",
    ),
    413: (413, "request_too_large", "The request body is too large. At most 64 KiB are taken here."),
    414: (422, "url_too_long", "The request line is too long. Send a shorter URL."),
    415: (415, "unsupported_media_type", "The body is not declared as JSON. Send it with Content-Type: application/json."),
    422: (422, "invalid_request", "The request is not valid. Compare it with /docs."),
    500: (500, "internal_error", "This is an internal error of the inventory. Its log explains it under this request_id."),
}
"""By the status that Flask or Werkzeug raises: the status, code and detail that are answered."""
OUTSIDE_OPERATIONS = """\
Every error is answered as `application/problem+json`. These belong to no single operation:

| status | code | when |
| --- | --- | --- |
| 400 | `invalid_request` | The request is not well-formed HTTP. |
| 401 | `key_required` | Nothing is answered without a key, unless INVENTORY_ACCESS opens it. |
| 403 | `foreign_origin` | A page of another site sent a request that would change something. |
| 403 | `csrf_failed` | A request with the cookie of a login would change something, and has no token of our pages. |
| 404 | `not_found` | The route does not exist. |
| 405 | `method_not_allowed` | The route does not support the method; the header Allow lists those that it supports. |
| 408 | `request_timeout` | The request did not arrive in time. A client may pause for 15 s, and gains time at 8 KiB/s. |
| 413 | `request_too_large` | The headers are too large. |
| 421 | `unknown_host` | The header Host names a host that the inventory does not answer for. |
| 422 | `url_too_long` | The request line is too long. |

Where a key, or an address without one, has quotas (INVENTORY_QUOTAS), each answer to it has `RateLimit-Policy` and
`RateLimit`, such as `"lookups-minute";r=5999;t=60`: what is left, and the seconds until all is left again. 429
`quota_exceeded` has the exact `Retry-After`.
"""


def register(app: Flask, masking: Masking = UNCONFIGURED) -> None:
    """Answer every error of the app as a problem, the unforeseen ones included."""
    app.extensions[MASKING] = masking
    app.register_error_handler(InventoryError, answer)
    app.register_error_handler(HTTPException, answer_framework)
    app.register_error_handler(Exception, unforeseen)
    app.after_request(_redirect_to_path)


def problem(status: int, code: str, detail: str, **members: object) -> Response:
    """A problem as a response of Flask; see `problem_json`."""
    work.note_problem(status, code)
    masking = current_app.extensions.get(MASKING, UNCONFIGURED)
    body = problem_json(status, code, detail, g.get("request_id"), masking=masking, **members)
    return Response(body, status, mimetype=MEDIA_TYPE)


def problem_json(
    status: int,
    code: str,
    detail: str,
    request_id: str | None,
    *,
    masking: Masking = UNCONFIGURED,
    **members: object,
) -> bytes:
    """A problem document in JSON; `members` with the value None are left out.

    Its texts are masked, also where they quote what the caller sent: proxies log answers.
    """
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    document |= {name: member for name, member in members.items() if member is not None}
    return json_bytes.dumps(masking.value(document))


def status_and_code(error: type[InventoryError]) -> tuple[int, str]:
    """The table's line for an error, or for the nearest of its bases; 500 for those that callers never see."""
    return next((STATUS[base] for base in error.__mro__ if base in STATUS), FRAMEWORK_CODES[500][:2])


def members_of(error: InventoryError) -> dict[str, Any]:
    """The members of an error's problem, None for those that it lacks. What callers are not told of it is logged."""
    if isinstance(error, StorageUnavailable):
        log.error("storage_unavailable", error=str(error))
    status, code = status_and_code(type(error))
    return {
        "status": status,
        "code": code,
        "detail": error.public_detail if isinstance(error, StorageUnavailable) else str(error),
        "errors": error.errors if isinstance(error, InvalidRequest) else None,
        "position": error.position if isinstance(error, InvalidQuery) else None,
        "columns": (list(error.columns) or None) if isinstance(error, InvalidFile) else None,
        "failure": _failure_document(error.failure) if isinstance(error, CollectionFailed) else None,
    }


def answer(error: InventoryError) -> Response:
    """An error of ours as a response."""
    if status_and_code(type(error))[0] == 500:
        return unforeseen(error)
    response = problem(**members_of(error))
    if isinstance(error, StorageUnavailable | TooManyRequests):
        response.headers["Retry-After"] = str(RETRY_AFTER)
    elif isinstance(error, Unauthenticated | OutOfScope):
        response.headers["WWW-Authenticate"] = _challenge(error)
    elif isinstance(error, QuotaExceeded):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def unforeseen(error: Exception) -> Response:
    """An error that nothing of ours raises on purpose, as a response; the log has all of it."""
    log.error("unforeseen_error", exc_info=error)
    return problem(*FRAMEWORK_CODES[500])


def answer_framework(error: HTTPException) -> Response:
    """An error of Flask or Werkzeug as a response, a wrong path say; a redirect as it is."""
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


def _challenge(error: Unauthenticated | OutOfScope) -> str:
    """How to authenticate, and what is wrong with the key that was sent (RFC 6750, 3)."""
    if isinstance(error, OutOfScope):
        scope = "".join(each for each in error.needed if "!" <= each <= "~" and each not in '"\\')
        return f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
    return CHALLENGE if error.reason is None else f'{CHALLENGE}, error="{error.reason}"'


def _failure_document(failure: Mapping[str, object]) -> dict[str, object]:
    """A failure as the API shows it."""
    return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in failure.items()}


def _redirect_to_path(response: Response) -> Response:
    """Reduce a redirect of Flask's routing to a path: a proxy may know another scheme and host than Flask assumes."""
    if response.status_code == HTTPStatus.PERMANENT_REDIRECT:
        where = urlsplit(response.headers["Location"])
        response.headers["Location"] = urlunsplit(("", "", f"/{where.path.lstrip('/')}", where.query, ""))
    return response
