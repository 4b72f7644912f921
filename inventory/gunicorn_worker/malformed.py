"""What is answered, in the form of all other errors, to what gunicorn cannot read as an HTTP request."""

from __future__ import annotations

from http import HTTPStatus

from gunicorn.http.errors import (
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)

from inventory.web_api import security_headers
from inventory.web_api.problems import FRAMEWORK_CODES, MEDIA_TYPE, problem_json

MALFORMED = (400, "invalid_request", "This is not a well-formed HTTP request.")
LARGE_HEADERS = (413, "request_too_large", "The headers of the request are too large.")
SLOW = (408, "request_timeout", "The request did not arrive in time. Send it again, whole.")


class RequestTimeout(ParseException):  # type: ignore[misc]
    """A request whose client took too long to send it."""

    def __str__(self) -> str:
        return "did not arrive in time"


class BodyTooLarge(ParseException):  # type: ignore[misc]
    """A request whose chunked body is larger, or in more chunks, than any that is taken whole."""

    def __str__(self) -> str:
        return "the body is too large"


def answer(error: Exception, request_id: str) -> bytes:
    """The whole HTTP answer to a request that gunicorn could not have answered."""
    status, code, detail = MALFORMED
    if is_ours(error):
        status, code, detail = FRAMEWORK_CODES[500]
    elif isinstance(error, LimitRequestLine):
        status, code, detail = FRAMEWORK_CODES[414]
    elif isinstance(error, LimitRequestHeaders):
        status, code, detail = LARGE_HEADERS
    elif isinstance(error, BodyTooLarge):
        status, code, detail = FRAMEWORK_CODES[413]
    elif isinstance(error, RequestTimeout):
        status, code, detail = SLOW
    title = HTTPStatus(status).phrase
    body = problem_json(status, code, detail, request_id)
    head = (
        f"HTTP/1.1 {status} {title}\r\nConnection: close\r\nContent-Type: {MEDIA_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\nX-Request-ID: {request_id}\r\n{security_headers.lines()}\r\n"
    )
    return head.encode("ascii") + body


def is_ours(error: Exception) -> bool:
    """Whether the fault is ours, and not the client's."""
    return isinstance(error, (InvalidResponseHeader, InvalidResponseHeaderName)) or not isinstance(error, ParseException)
