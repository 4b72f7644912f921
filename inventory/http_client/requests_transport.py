"""The transport on requests and urllib3, and the only module that knows them.

Their adapter, pools and connections are used, but not their reader. http.client takes a head or a body that was truncated
for a whole one, and accepts invalid sizes.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from functools import partial
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from inventory.errors import SourceFailure
from inventory.http_client.connector import Connector
from inventory.http_client.failures import Codes, failure_of
from inventory.http_client.guard import Guard
from inventory.http_client.resolver import Resolve, Resolver, resolve
from inventory.http_client.response_reader import ResponseReader, SocketReader
from inventory.http_client.tls import TlsDetails, check_name, details_of, verifying
from inventory.http_client.transport import Request, RequestTiming, Response

KEPT_HOSTS = 64
KEPT_CONNECTIONS = 32
"""Upstreams whose connections are kept, and how many of each."""

_making_tls = threading.Lock()

_STALE = frozenset({"invalid_response", "incomplete_response"})
"""How a request fails on a kept connection that the upstream closed at that moment."""

_FOREIGN = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)
"""The roots of all errors that a request can raise; `UnicodeError` and `LocationParseError` are ValueErrors."""

_CODES: Codes = (
    ((ssl.SSLError, ssl.CertificateError), "tls_failure", True),
    ((urllib3.exceptions.SSLError, requests.exceptions.SSLError), "tls_failure", True),
    ((TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout), "timeout", False),
    ((ConnectionRefusedError,), "connection_refused", False),
    ((http.client.RemoteDisconnected,), "invalid_response", True),
    ((http.client.IncompleteRead, urllib3.exceptions.IncompleteRead), "incomplete_response", False),
    ((urllib3.exceptions.InvalidChunkLength, requests.exceptions.ChunkedEncodingError), "incomplete_response", False),
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError), "incomplete_response", False),
    ((UnicodeError, urllib3.exceptions.LocationValueError, http.client.InvalidURL), "dns_failure", True),
    ((requests.exceptions.InvalidURL,), "dns_failure", True),
    ((http.client.HTTPException, urllib3.exceptions.InvalidHeader), "invalid_response", True),
    ((requests.exceptions.InvalidHeader, urllib3.exceptions.HeaderParsingError), "invalid_response", True),
)


class RequestsTransport:
    """Sends requests where the guard allows it. Threads may share it; its kept connections do not cross a fork.

    A request is sent again when a kept connection turns out to be closed. Without `resend` it is not: the upstream may
    have counted it.
    """

    def __init__(
        self, guard: Guard, *, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None, resend: bool = True
    ) -> None:
        self._guard = guard
        self._resolve = resolve
        self._tls = tls
        self._resend = resend
        self._lock = threading.Lock()
        self._process: tuple[int, _Adapter] | None = None

    def send(self, request: Request) -> Response:
        adapter = self._adapter()
        while True:
            exchange = _Exchange(request, adapter)
            try:
                with _translated(request.url.host):
                    return adapter.exchange(exchange)
            except SourceFailure as error:
                if exchange.connected or not self._resend or error.code not in _STALE:
                    raise

    def _adapter(self) -> _Adapter:
        """This process's connections: a fork must not share its parent's."""
        with self._lock:
            if self._process is None or self._process[0] != os.getpid():
                connector = Connector(self._guard, Resolver(self._resolve))
                self._process = os.getpid(), _Adapter(connector, self._tls)
            return self._process[1]


class _Exchange(requests.PreparedRequest):
    """A request of ours as requests takes it, and what is noted on its way. `connected`: it needed a new connection."""

    connected = False
    remote_address = ""
    tls: TlsDetails | None = None
    response: _HttpClientResponse

    def __init__(self, request: Request, adapter: _Adapter) -> None:
        super().__init__()
        self.method, self.url, self.headers = "GET", request.url.href, CaseInsensitiveDict(request.headers)
        self.request = request
        self.adapter = adapter
        self.timing = RequestTiming()


class _HttpClientResponse(http.client.HTTPResponse):
    """What http.client and urllib3 get to see of a response: no headers, so that they decide nothing."""

    def __init__(self, sock: socket.socket, method: str | None, request: Request) -> None:
        super().__init__(sock, method=method)
        self.sent_at = request.deadline.now()
        source = SocketReader(
            self.fp.detach(), sock, request.deadline, partial(failure_of, host=request.url.host, codes=_CODES)
        )
        self.reader = ResponseReader(source, request.deadline)
        self.fp = self.reader.file  # type: ignore[assignment]

    def begin(self, *_: object, **__: object) -> None:
        self.reader.read_head()
        head = self.reader.head
        self.status = self.code = head.status
        self.version = 10 if head.http_version == "1.0" else 11
        self.reason = head.reason
        self.headers = self.msg = http.client.HTTPMessage()
        self.chunked, self.length, self.will_close = False, None, self.reader.will_close


class _HttpConnection(HTTPConnection):
    """An http connection. Its pool sets `exchange` before each request; the other attributes last as long as it does."""

    exchange: _Exchange
    remote_address: str
    tls: TlsDetails | None = None

    def _new_conn(self) -> socket.socket:
        exchange = self.exchange
        exchange.connected = True
        with _translated(exchange.request.url.host, connecting=True):
            sock, self.remote_address = exchange.adapter.connector.connect(exchange.request, exchange.timing)
        return sock

    def response_class(  # type: ignore[override]
        self, sock: socket.socket, method: str | None = None
    ) -> _HttpClientResponse:
        """Called by http.client as soon as the request was sent."""
        exchange = self.exchange
        exchange.remote_address, exchange.tls = self.remote_address, self.tls
        exchange.response = _HttpClientResponse(sock, method, exchange.request)
        return exchange.response


class _HttpsConnection(_HttpConnection, HTTPSConnection):
    """An https connection; the certificate is verified for the name in the URL, whatever address was called."""

    def connect(self) -> None:
        """Connect and shake hands. The shared context is only read: urllib3 would set it up again for each connection."""
        exchange = self.exchange
        url, deadline = exchange.request.url, exchange.request.deadline
        name = url.host.strip("[]").rstrip(".")
        with _making_tls:  # which takes a while: not in each thread
            context = exchange.adapter.tls or default_tls(names="_" not in name)
        self.sock = self._new_conn()
        begun = deadline.now()
        with _translated(url.host, connecting=True):
            self.sock.settimeout(deadline.left())
            sock: Any = context.wrap_socket(self.sock, server_hostname=name)
            self.sock = sock
            if not context.check_hostname:
                check_name(sock, name)
        sock.suppress_ragged_eofs = False  # an end without close_notify is told from one with it
        self.is_verified = True
        self.tls = details_of(sock)
        exchange.timing.tls = deadline.now() - begun


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection

    def _make_request(self, conn: Any, method: str, url: str, *, exchange: _Exchange, **options: Any) -> Any:  # type: ignore[override]
        """Send the target as the URL spells it: urllib3 would normalise it."""
        conn.exchange = exchange
        return super()._make_request(conn, method, exchange.request.url.target, **options)


class _HttpsPool(_HttpPool, HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    """requests' adapter on guarded connections: no proxies, no retries, no cookies, no reading of the environment."""

    def __init__(self, connector: Connector, tls: ssl.SSLContext | None) -> None:
        self.connector = connector
        self.tls = tls
        super().__init__(KEPT_HOSTS, KEPT_CONNECTIONS, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        # All our pools are made alike. urllib3's own key has 27 parts, whose making is a measurable part of a fetch.
        self.poolmanager.key_fn_by_scheme = dict.fromkeys(("http", "https"), itemgetter("scheme", "host", "port"))

    def exchange(self, exchange: _Exchange) -> Response:
        urllib3_response = self.send(exchange, stream=True, timeout=exchange.request.deadline.left()).raw
        response, timing = exchange.response, exchange.timing
        timing.first_byte = (response.reader.first_byte_at or response.sent_at) - response.sent_at
        return Response(
            reader=response.reader,
            remote_address=exchange.remote_address,
            tls=exchange.tls,
            timing=timing,
            close=partial(_close, response, urllib3_response),
        )

    def get_connection_with_tls_context(self, request: Any, *_: Any, **__: Any) -> Any:
        """The pool of the request's host. Its `urlopen` passes `exchange` on to `_make_request`."""
        url = request.request.url
        pool = self.poolmanager.connection_from_host(url.host.strip("[]"), url.port, url.scheme)
        return SimpleNamespace(urlopen=partial(pool.urlopen, exchange=request))

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing to set up: our TLS context verifies."""

    def request_url(self, request: Any, *_: Any, **__: Any) -> str:
        """Path and query; `_make_request` sends them as they are spelled."""
        return str(request.request.url.target)

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """A response without the cookies and headers that requests would parse."""
        response = requests.Response()
        response.request, response.raw = req, resp
        return response


def _close(response: _HttpClientResponse, urllib3_response: Any) -> None:
    """Give the connection back if it can carry another request, else close it."""
    if response.reader.reusable():
        response.close()
        urllib3_response.release_conn()
    else:
        urllib3_response.close()


def default_tls(*, names: bool = True) -> ssl.SSLContext:
    """Verifies against the authorities of requests (certifi) and of the system; made on the first call."""
    return verifying(DEFAULT_CA_BUNDLE_PATH, names=names)


@contextlib.contextmanager
def _translated(host: str, *, connecting: bool = False) -> Iterator[None]:
    """Raise as `SourceFailure` what the libraries raise. While `connecting`, a reset is not an incomplete response."""
    try:
        yield
    except _FOREIGN as error:
        translated = failure_of(error, host, _CODES)
        if connecting and translated.code == "incomplete_response":
            translated = SourceFailure("connection_failed", str(translated), evidence=translated.evidence)
        raise translated from error
