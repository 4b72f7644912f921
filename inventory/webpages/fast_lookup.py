"""Lookups that ask for a URL and nothing else, answered in front of Flask.

Flask's contexts, routing, arguments and hooks are more than half of what such a lookup costs (docs/scale.md). All other
requests, and lookups that end in a problem, are left to the application, which answers lookups alike.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import ETags
from werkzeug.http import parse_etags

from inventory.errors import CollectionFailed
from inventory.ops import request_log
from inventory.records.service import RecordService
from inventory.web_api.same_origin import FOREIGN
from inventory.webpages.lookup import PATH, SOURCE, LookupResponse, look_up

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

URL_ONLY = re.compile(r"url=((?:[A-Za-z0-9._~!*'(),/:?@$=-]|%[0-7][0-9A-Fa-f])+)")
"""A query that is one URL in ASCII: every way to parse a query reads the same in it."""
STATUS_LINES = {200: "200 OK", 202: "202 ACCEPTED", 304: "304 NOT MODIFIED"}
NO_ETAGS = ETags()


class FastLookup:
    """A WSGI application that answers lookups of a URL alone and hands everything else to another application."""

    def __init__(self, app: WSGIApplication, records: RecordService) -> None:
        self._app = app
        self._records = records

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        query = URL_ONLY.fullmatch(environ.get("QUERY_STRING", "")) if _is_candidate(environ) else None
        if query is None:
            return self._app(environ, start_response)
        began = time.perf_counter()
        request_id = request_log.identify(environ.get("HTTP_X_REQUEST_ID", ""))
        response = self._response(unquote_to_bytes(query[1]).decode("ascii"), environ)
        if response is None:
            environ["HTTP_X_REQUEST_ID"] = request_id
            return self._app(environ, start_response)
        headers = [*response.headers.items(), ("X-Request-ID", request_id)]
        if response.body:
            headers.append(("Content-Length", str(len(response.body))))
        start_response(STATUS_LINES[response.status], headers)
        request_log.account("GET", PATH, PATH, response.status, began)
        return [response.body]

    def _response(self, url: str, environ: WSGIEnvironment) -> LookupResponse | None:
        """The response, or None if it is a problem."""
        try:
            response, _ = look_up(
                self._records,
                self._records.target(SOURCE, url),
                if_none_match=parse_etags(environ["HTTP_IF_NONE_MATCH"]) if "HTTP_IF_NONE_MATCH" in environ else NO_ETAGS,
                mounted_at=environ.get("SCRIPT_NAME", ""),
            )
        except CollectionFailed:
            return None
        except Exception as error:  # noqa: BLE001 - the outermost edge is the application's: it logs and answers the error
            environ[request_log.EARLY_ERROR] = error
            return None
        return response


def _is_candidate(environ: WSGIEnvironment) -> bool:
    """Whether a query of one URL is all of a lookup: it does not prefer to wait, and no other site can have sent it."""
    return (
        environ["PATH_INFO"] == PATH
        and environ["REQUEST_METHOD"] == "GET"
        and "HTTP_PREFER" not in environ
        and FOREIGN not in environ
    )
