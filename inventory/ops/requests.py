"""Around every request: an id that the caller, the log and an error report share, and one line in the log."""

from __future__ import annotations

import re
import time
from secrets import token_hex

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def register(app: Flask) -> None:
    """Give each request of the app an id and a line."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()
    sent = request.headers.get("X-Request-ID", "")
    g.request_id = sent if REQUEST_ID.fullmatch(sent) else token_hex(16)
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    # The path alone: a query can carry what must not be written down, such as a token in a URL that is looked up.
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        latency_ms=round((time.perf_counter() - g.began) * 1000, 2),
    )
    return response
