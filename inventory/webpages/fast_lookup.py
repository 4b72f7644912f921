"""Plain lookups, those that ask for a URL and nothing else, in front of Flask.

Flask's contexts, routing, arguments and hooks are more than half of what a lookup costs: in one thread a hit takes 125 µs of
CPU without them and 300 with them, a miss 130 and 350 (files in memory).
All other request_log, and lookups that end in a problem, are the application's, which answers lookups alike.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlencode

from werkzeug.datastructures import ETags
from werkzeug.http import parse_etags

from inventory import json_bytes
from inventory.errors import CollectionFailed
from inventory.ops import request_log
from inventory.records.service import LookupResult, RecordService
from inventory.web_api.same_origin import FOREIGN
from inventory.webpages import documents

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/api/v1/metadata"
URL_ONLY = re.compile(r"url=((?:[A-Za-z0-9._~!*'(),/:?@$=-]|%[0-7][0-9A-Fa-f])+)")
"""A query that is one URL in ASCII, which reads the same by every reading of a query."""

Response = tuple[str, dict[str, str], bytes]
"""Status, headers and body."""


class FastLookup:
    """A WSGI application that answers plain lookups and hands everything else to another one."""

    def __init__(self, app: WSGIApplication, source: str, records: RecordService) -> None:
        self._app = app
        self._source = source
        self._records = records

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        asked = URL_ONLY.fullmatch(environ.get("QUERY_STRING", "")) if _may_be_plain(environ) else None
        if asked is None:
            return self._app(environ, start_response)
        began = time.perf_counter()
        request_id = request_log.identify(environ.get("HTTP_X_REQUEST_ID", ""))
        response = self._look_up(unquote_to_bytes(asked[1]).decode("ascii"), environ)
        if response is None:
            environ["HTTP_X_REQUEST_ID"] = request_id
            return self._app(environ, start_response)
        status, headers, body = response
        start_response(status, [*headers.items(), ("X-Request-ID", request_id)])
        request_log.account("GET", PATH, PATH, int(status[:3]), began)
        return [body]

    def _look_up(self, url: str, environ: WSGIEnvironment) -> Response | None:
        """The response, or None if it is a problem."""
        try:
            return self._response(url, parse_etags(environ.get("HTTP_IF_NONE_MATCH")), environ.get("SCRIPT_NAME", ""))
        except CollectionFailed:
            return None
        except Exception as error:  # noqa: BLE001 - the outermost boundary is the application's: it logs and answers it
            environ[request_log.FAULT] = error
            return None

    def _response(self, url: str, known: ETags, mounted_at: str) -> Response:
        look_up = partial(self._records.look_up, self._records.target(self._source, url))
        answer = look_up(contents=not known)
        if known and answer.record.snapshot_id is not None:
            etag = documents.etag(answer.record, stale=answer.stale, chosen=None)
            if known.contains_weak(etag):
                return "304 NOT MODIFIED", documents.unchanged(answer.record, etag, self._records.clock()), b""
            answer = look_up()
        return self._hit(answer) if answer.ready else self._miss(answer, mounted_at)

    def _hit(self, answer: LookupResult) -> Response:
        etag = documents.etag(answer.record, stale=answer.stale, chosen=None)
        body = json_bytes.dumps(documents.record_document(answer.known, stale=answer.stale, chosen=None))
        return "200 OK", _about(body) | documents.validators(answer.record, etag, self._records.clock()), body

    def _miss(self, answer: LookupResult, mounted_at: str) -> Response:
        document = documents.pending_document(answer.record, self._records.clock())
        where = urlencode({"url": answer.record.target.key}, safe="!$'()*,/:;?@")  # as in Flask
        body = json_bytes.dumps(document)
        headers = {"Retry-After": str(document["poll_after"]), "Location": f"{mounted_at}{PATH}?{where}"}
        return "202 ACCEPTED", _about(body) | headers, body


def _may_be_plain(environ: WSGIEnvironment) -> bool:
    """A preference may be to wait, which is Flask's, and another site is answered without an effect, by Flask too."""
    return (
        environ["PATH_INFO"] == PATH
        and environ["REQUEST_METHOD"] == "GET"
        and "HTTP_PREFER" not in environ
        and FOREIGN not in environ
    )


def _about(body: bytes) -> dict[str, str]:
    return {"Content-Type": "application/json", "Content-Length": str(len(body))}
