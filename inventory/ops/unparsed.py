"""gunicorn's worker, made to answer what it cannot read as an HTTP request in the form of all other errors.

Such a request never reaches the application, and gunicorn by itself answers with a page of HTML.
"""

from __future__ import annotations

import json
from contextlib import suppress
from http import HTTPStatus
from socket import socket
from typing import Any
from uuid import uuid4

from gunicorn.http.errors import (
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.workers.gthread import ThreadWorker

from inventory.ops import security_headers
from inventory.problems import FRAMEWORK_CODES, problem_document

MALFORMED = (400, "invalid_request", "This is not a well-formed HTTP request.")
FAULT = (500, "internal_error", "This is a fault of the inventory. The log has it under this request_id.")
LARGE_HEADERS = (413, "request_too_large", "The headers of the request are too large.")


class ProblemWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker whose own answers are problems too."""

    def handle_error(self, request: Any, client: socket, address: Any, error: Exception) -> None:
        """Answer a request that could not be read, or whose answer could not be sent as the application meant it."""
        request_id = uuid4().hex
        if _is_ours(error):
            self.log.error("Fault %s while a request was answered", request_id, exc_info=error)
        else:
            self.log.warning("Unreadable request %s from %s: %s", request_id, address, error)
        with suppress(OSError):  # a client that is gone is told nothing
            client.sendall(answer(error, request_id))


def answer(error: Exception, request_id: str) -> bytes:
    """The whole HTTP answer to a request that gunicorn could not have answered."""
    status, code, detail = MALFORMED
    if _is_ours(error):
        status, code, detail = FAULT
    elif isinstance(error, LimitRequestLine):
        status, code, detail = FRAMEWORK_CODES[414]
    elif isinstance(error, LimitRequestHeaders):
        status, code, detail = LARGE_HEADERS
    title = HTTPStatus(status).phrase
    body = json.dumps(problem_document(status, code, detail, request_id)).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nX-Request-ID: {request_id}\r\n{security_headers.lines()}\r\n"
    )
    return head.encode("ascii") + body


def _is_ours(error: Exception) -> bool:
    """Whether it is no fault of the client's."""
    return isinstance(error, (InvalidResponseHeader, InvalidResponseHeaderName)) or not isinstance(error, ParseException)
