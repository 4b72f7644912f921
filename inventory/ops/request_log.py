"""Gives every request an id, a line in the log and a count. Caller, log and error documents share the id."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from random import getrandbits

import structlog
from flask import Flask, Response, g, request

from inventory import log_lines
from inventory.ops import request_metrics

log = structlog.get_logger(__name__)

EARLY_ERROR = "inventory.error"
"""The key in the environment of a request for an error that was found before Flask, which then answers it."""
HEALTH_CHECKS = ("/healthz", "/readyz")
"""Routes that are asked every few seconds: their usual answers are counted, and no lines in the log."""
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def register(app: Flask) -> None:
    """Give each request of the app an id, a line and a count."""
    app.before_request(_begin)
    app.after_request(_end)


def valid_id(sent: str) -> str:
    """The id of a request: the one that was sent if it is valid, else a new one.

    It is no secret, so the system is not asked for it: that would take four times as long, 1 % of a 304.
    """
    return sent if REQUEST_ID.fullmatch(sent) else f"{getrandbits(128):032x}"


def identify(sent: str) -> str:
    """The id of a request. Every line logged from now on has it."""
    request_id = valid_id(sent)
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id


def identify_none() -> None:
    """Lines logged from now on are of several requests, and have no id."""
    structlog.contextvars.unbind_contextvars("request_id")


def account(method: str, path: str, route: str, status: int, began: float) -> None:
    """Log and count a request that began at that `time.perf_counter`, without its query, which can have a secret."""
    seconds = time.perf_counter() - began
    if route not in HEALTH_CHECKS or status not in (200, 503):
        log.info("request", method=method, path=path, status=status, latency_ms=round(seconds * 1000, 2))
    request_metrics.observe(method, route, status, seconds)


def account_all(method: str, path: str, route: str, answered: Sequence[tuple[int, str, float]]) -> None:
    """Log and count requests of which status, id and seconds are given, as `account` does each, in one write."""
    lines = [
        {"method": method, "path": path, "status": status, "latency_ms": round(seconds * 1000, 2), "event": "request"}
        | {"request_id": request_id}
        for status, request_id, seconds in answered
    ]
    log_lines.write_infos(__name__, lines)
    for status, _, seconds in answered:
        request_metrics.observe(method, route, status, seconds)


def _begin() -> None:
    g.began = time.perf_counter()
    g.request_id = identify(request.headers.get("X-Request-ID", ""))
    if EARLY_ERROR in request.environ:
        raise request.environ[EARLY_ERROR]


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    route = request.url_rule.rule if request.url_rule else "none"
    account(request.method, request.path, route, response.status_code, g.began)
    return response
