"""What an access log says of a request, in a line for a person, where its document has no message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inventory.events import levels
from inventory.events.names import MISSING, Member


def _members(*names: str) -> list[Member]:
    return [Member.of(name) for name in names]


METHOD = _members(
    "method", "request_method", "RequestMethod", "verb", "http.request.method", "httpMethod", "http_method",
    "httpRequest.requestMethod", "request.method", "req.method", "cs-method",
    "ClientRequestMethod", "httpRequest.httpMethod", "request.operation",
)  # fmt: skip
URL = _members(
    "request_uri", "uri", "path", "url", "RequestPath", "requestURI", "url.original", "url.path", "http.url",
    "httpRequest.requestUrl", "request.uri", "request.url", "req.url", "cs-uri", "cs-uri-stem",
    "request.path", "httpRequest.uri", "ClientRequestURI", "ClientRequestPath", "resourcePath", "routeKey",
)  # fmt: skip
STATUS = _members(
    "status", "status_code", "statusCode", "DownstreamStatus", "http.response.status_code", "http_status",
    "httpRequest.status", "responseStatus.code", "response.status", "res.statusCode", "sc-status",
    "response_status", "response_code", "responseCode", "EdgeResponseStatus", "OriginStatus", "elb_status_code",
)  # fmt: skip
LONGEST = 8_192
"""Characters of a URL that are quoted."""


def described(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """The request with its status, and the level that the status has; None if the document tells of no request."""
    request = document.get("request")
    if type(request) is not str:
        method = _first(METHOD, document)
        url = _first(URL, document) if method is not None else None
        if url is not None:
            request = f"{method} {url}"
        elif "remote_addr" in document and "status" in document:  # a connection on which no request came
            request = "-"
        else:
            return None
    status = _first(STATUS, document)
    line = request[:LONGEST] if status is None else f"{request[:LONGEST]} {status}"
    return line, levels.of_status(status)


def _first(members: list[Member], document: Mapping[str, Any]) -> str | None:
    for member in members:
        value, _ = member.find(document)
        if value is not MISSING and type(value) in (str, int):
            return str(value)
    return None
