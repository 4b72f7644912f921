"""Hits in front of Flask: lookups that ask for a URL and nothing else, of a page that is known and fresh.

Flask's contexts, routing, arguments and hooks are more than half of what a hit costs: without them it takes 170 µs of CPU in
one thread, and 410 with them.
All other requests, and hits that turn out to be something else, are the application's, which answers hits alike.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from werkzeug.datastructures import ETags
from werkzeug.http import parse_etags

from inventory import json_bytes
from inventory.errors import CollectionFailed, NotInInventory
from inventory.ops import requests
from inventory.records import documents
from inventory.records.service import RecordService

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/api/v1/metadata"
PLAIN = re.compile(r"url=((?:[A-Za-z0-9._~!*'(),/:?@$=-]|%[0-7][0-9A-Fa-f])+)")
"""A query that is one URL in ASCII, which reads the same by every reading of a query."""


class Hits:
    """A WSGI application that answers hits and hands everything else to another one."""

    def __init__(self, app: WSGIApplication, source: str, records: RecordService) -> None:
        self._app = app
        self._source = source
        self._records = records

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        query = (
            environ.get("QUERY_STRING", "") if environ["PATH_INFO"] == PATH and environ["REQUEST_METHOD"] == "GET" else ""
        )
        asked = PLAIN.fullmatch(query)
        if asked is None:
            return self._app(environ, start_response)
        began = time.perf_counter()
        request_id = requests.identify(environ.get("HTTP_X_REQUEST_ID", ""))
        answer = self._look_up(unquote(asked[1]), parse_etags(environ.get("HTTP_IF_NONE_MATCH")), environ)
        if answer is None:
            environ["HTTP_X_REQUEST_ID"] = request_id
            return self._app(environ, start_response)
        status, headers, body = answer
        start_response(status, [*headers.items(), ("X-Request-ID", request_id)])
        requests.account("GET", PATH, PATH, int(status[:3]), began)
        return [body]

    def _look_up(self, url: str, known: ETags, environ: WSGIEnvironment) -> tuple[str, dict[str, str], bytes] | None:
        try:
            return self._answer(url, known)
        except (NotInInventory, CollectionFailed):
            return None
        except Exception as error:  # noqa: BLE001 - the outermost boundary is the application's: it logs and answers it
            environ[requests.FAULT] = error
            return None

    def _answer(self, url: str, known: ETags) -> tuple[str, dict[str, str], bytes] | None:
        """Status, headers and body of a hit; None if it is none, or is stale and has to be refreshed."""
        target = self._records.target(self._source, url)
        answer = self._records.look_up(target, collect=False, contents=not known)
        etag = documents.etag(answer.record, stale=False, chosen=None)
        unchanged = known.contains_weak(etag)
        if known and not unchanged:
            answer = self._records.look_up(target, collect=False)
            etag = documents.etag(answer.record, stale=False, chosen=None)
        if answer.record.snapshot_id is None or answer.stale:
            return None
        headers = documents.validators(answer.record, etag, self._records.clock())
        if unchanged:
            del headers["Last-Modified"]  # as in Flask, which leaves it out of a 304
            return "304 NOT MODIFIED", headers, b""
        body = json_bytes.dumps(documents.record_document(answer.known, stale=False, chosen=None))
        return "200 OK", {"Content-Type": "application/json", "Content-Length": str(len(body))} | headers, body
