"""The transport on requests and urllib3, and the only module that knows them.

Their adapter, pools and connections are used, but they neither write requests, send them nor read responses. http.client
takes a head or a body that was truncated for a whole one, and accepts invalid sizes; urllib3 takes twice the time.
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
from typing import Any

import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from inventory.errors import SourceFailure
from inventory.http_client.connector import Connector
from inventory.http_client.failures import Codes, failure_of
from inventory.http_client.guard import Guard
from inventory.http_client.resolver import Resolve, Resolver, resolve
from inventory.http_client.response_reader import MAX_LATE, ResponseReader, SocketReader
from inventory.http_client.tls import TlsDetails, check_name, details_of, verifying
from inventory.http_client.transport import Request, RequestTiming, Response
from inventory.urls import Url

KEPT_HOSTS = 64
KEPT_CONNECTIONS = 32
"""Upstreams whose connections are kept, and how many of each."""

_making_tls = threading.Lock()

_STALE = frozenset({"invalid_response", "incomplete_response"})
"""How a request fails on a kept connection that the upstream closed at that moment."""

_FOREIGN = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)
"""The roots of all errors that a request can raise; `UnicodeError` and `LocationParseError` are ValueErrors."""

_CODES: Codes = (
    ((ssl.SSLError, ssl.CertificateError), "tls_failure", True),
    ((urllib3.exceptions.SSLError,), "tls_failure", True),
    ((TimeoutError, urllib3.exceptions.TimeoutError), "timeout", False),
    ((ConnectionRefusedError,), "connection_refused", False),
    ((http.client.RemoteDisconnected,), "invalid_response", True),
    ((http.client.IncompleteRead, urllib3.exceptions.IncompleteRead), "incomplete_response", False),
    ((urllib3.exceptions.InvalidChunkLength,), "incomplete_response", False),
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError), "incomplete_response", False),
    ((UnicodeError, urllib3.exceptions.LocationValueError, http.client.InvalidURL), "dns_failure", True),
    ((http.client.HTTPException, urllib3.exceptions.InvalidHeader), "invalid_response", True),
    ((urllib3.exceptions.HeaderParsingError,), "invalid_response", True),
)


class RequestsTransport:
    """Sends requests where the guard allows it. Threads may share it; its kept connections do not cross a fork.

    A request is sent again when a kept connection turns out to be closed. Without `resend` it is not: the upstream may
    have counted it. Without `keep` each request has a connection of its own, to an address that was checked for it.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        resend: bool = True,
        keep: bool = True,
    ) -> None:
        self._guard = guard
        self._resolve = resolve
        self._tls = tls
        self._resend = resend
        self._keep = keep
        self._lock = threading.Lock()
        self._process: tuple[int, _Adapter] | None = None

    def send(self, request: Request) -> Response:
        adapter = self._adapter()
        while True:
            exchange = _Exchange(request, adapter)
            try:
                with _translated(request.url.host):
                    return adapter.pool(request.url).exchange(exchange)
            except SourceFailure as error:
                if exchange.connected or not self._resend or error.code not in _STALE:
                    raise

    def _adapter(self) -> _Adapter:
        """This process's connections: a fork must not share its parent's."""
        with self._lock:
            if self._process is None or self._process[0] != os.getpid():
                connector = Connector(self._guard, Resolver(self._resolve))
                self._process = os.getpid(), _Adapter(connector, self._tls, keep=self._keep)
            return self._process[1]


class _Exchange:
    """A request, and what is noted on its way. `connected`: it needed a new connection."""

    connected = False

    def __init__(self, request: Request, adapter: _Adapter) -> None:
        self.request = request
        self.adapter = adapter
        self.timing = RequestTiming()

    def encoded(self) -> bytes:
        """The request as it is sent; `ValueError` if a header line would be several."""
        request = self.request
        first = f"{request.method} {request.url.target} HTTP/1.1"
        lines = [first, *(f"{name}: {value}" for name, value in request.headers.items())]
        head = "\r\n".join(lines)
        if not head.count("\r") == head.count("\n") == len(lines) - 1:
            raise ValueError("a header line of the request contains a line break")
        return f"{head}\r\n\r\n".encode("latin-1") + request.body


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

    def answer(self) -> ResponseReader:
        """Send the request of `exchange`, and read the head of its response."""
        exchange = self.exchange
        deadline, timing = exchange.request.deadline, exchange.timing
        if self.sock is None:
            self.connect()
        sock: socket.socket = self.sock
        timeout, left = sock.gettimeout(), deadline.left()
        if timeout is None or abs(timeout - left) > MAX_LATE:  # the last request on it left about what this one has
            timeout = left
            sock.settimeout(timeout)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a response may have come before
            sock.sendall(exchange.encoded())
        sent_at = deadline.now()
        failed = partial(failure_of, host=exchange.request.url.host, codes=_CODES)
        reader = ResponseReader(SocketReader(sock, deadline, failed, timeout), deadline)
        reader.read_head()
        timing.first_byte = (reader.first_byte_at or sent_at) - sent_at
        return reader


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

    def exchange(self, exchange: _Exchange) -> Response:
        """Send a request, and read the head of its response."""
        connection: Any = self._get_conn()
        connection.exchange = exchange
        answered = False
        try:
            reader: ResponseReader = connection.answer()
            answered = True
        finally:
            if not answered:
                connection.close()
        return Response(
            reader=reader,
            remote_address=connection.remote_address,
            tls=connection.tls,
            timing=exchange.timing,
            close=partial(self._close, connection, reader),
        )

    def _close(self, connection: Any, reader: ResponseReader) -> None:
        """Keep the connection if it can carry another request, else close it."""
        if connection.exchange.adapter.keep and reader.reusable():
            self._put_conn(connection)
        else:
            connection.close()


class _HttpsPool(_HttpPool, HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    """requests' adapter on guarded connections: no proxies, no retries, no cookies, no reading of the environment."""

    def __init__(self, connector: Connector, tls: ssl.SSLContext | None, *, keep: bool) -> None:
        self.connector = connector
        self.tls = tls
        self.keep = keep
        super().__init__(KEPT_HOSTS, KEPT_CONNECTIONS, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def pool(self, url: Url) -> _HttpPool:
        """The connections to the host of a URL."""
        manager, key = self.poolmanager, (url.scheme, url.host.strip("[]"), url.port)
        pool: Any = manager.pools.get(key)
        if pool is None:
            context = {**manager.connection_pool_kw, **dict(zip(("scheme", "host", "port"), key, strict=True))}
            # All our pools are made alike. urllib3's own key has 27 parts, whose making is a measurable part of a fetch.
            pool = manager.connection_from_pool_key(key, context)
        found: _HttpPool = pool
        return found


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
