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

from inventory.problems import FRAMEWORK_CODES

MALFORMED = (400, "invalid_request", "This is not a well-formed HTTP request.")
LARGE_HEADERS = (413, "request_too_large", "The headers of the request are too large.")


class ProblemWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker whose own answers are problems too."""

    def handle_error(self, request: Any, client: socket, address: Any, error: Exception) -> None:
        """Answer a request that could not be read; everything else is gunicorn's to answer."""
        ours = isinstance(error, (InvalidResponseHeader, InvalidResponseHeaderName))
        if ours or not isinstance(error, ParseException):
            super().handle_error(request, client, address, error)
            return
        request_id = uuid4().hex
        self.log.warning("Unreadable request %s from %s: %s", request_id, address, error)
        with suppress(OSError):  # a client that is gone is told nothing
            client.sendall(answer(error, request_id))


def answer(error: ParseException, request_id: str) -> bytes:
    """The whole HTTP answer to a request that could not be read."""
    status, code, detail = MALFORMED
    if isinstance(error, LimitRequestLine):
        status, code, detail = FRAMEWORK_CODES[414]
    elif isinstance(error, LimitRequestHeaders):
        status, code, detail = LARGE_HEADERS
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    body = json.dumps(document | {"request_id": request_id}).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nX-Request-ID: {request_id}\r\n\r\n"
    )
    return head.encode("ascii") + body
