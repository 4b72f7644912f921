"""requests' adapter on connections that go only where the guard lets them."""

from __future__ import annotations

import functools
import http.client
import socket
import ssl
from typing import Any, NoReturn

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from inventory.http_client.connector import Exchange, Road
from inventory.http_client.failures import FOREIGN, connection_failure
from inventory.http_client.response import Response
from inventory.http_client.tls import TlsDetails, details_of

KEPT_HOSTS = 64
KEPT_CONNECTIONS = 32
"""Upstreams whose connections are kept, and how many of each."""


class _OnRoad(HTTPConnection):
    """What plain and TLS connections share. `peer` and `tls` outlive an exchange, as the connection does."""

    def __init__(self, *args: Any, road: Road, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._road = road
        self.peer = ""
        self.tls: TlsDetails | None = None
        self.response_class = self._begin_response  # type: ignore[assignment]

    def _new_conn(self) -> socket.socket:
        sock = self._road.connect()
        self.peer = self._road.lane.exchange.remote_address
        return sock

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        """Send the target of the exchange as it stands: urllib3 would spell it anew."""
        exchange = self._road.lane.exchange
        super().request(method, exchange.url.target, *args, **kwargs)
        exchange.sent_at = exchange.deadline.now()

    def _begin_response(self, sock: socket.socket, method: str | None = None) -> http.client.HTTPResponse:
        exchange = self._road.lane.exchange
        exchange.remote_address, exchange.tls = self.peer, self.tls
        exchange.answer = Response(sock, method, exchange.deadline)
        return exchange.answer


class _Plain(_OnRoad):
    """An http connection."""


class _Tls(_OnRoad, HTTPSConnection):
    """An https connection; the certificate is verified for the name in the URL, whatever address was called."""

    def connect(self) -> None:
        """Connect and shake hands. The shared context is only read: urllib3 would set it up again for each connection."""
        exchange = self._road.lane.exchange
        sock = self._new_conn()
        begun = exchange.deadline.now()
        try:
            sock.settimeout(exchange.deadline.left())
            self.sock = self._road.tls.wrap_socket(sock, server_hostname=exchange.url.host.strip("[]").rstrip("."))
        except FOREIGN as error:
            sock.close()
            raise connection_failure(error, exchange.url.host) from error
        self.is_verified = True
        self.tls = details_of(self.sock)
        exchange.handshake += exchange.deadline.now() - begun


class GuardedAdapter(HTTPAdapter):
    """requests' adapter on guarded connections: no proxies, no retries, no cookies, no reading of the environment."""

    def __init__(self, road: Road) -> None:
        self._road = road
        super().__init__(KEPT_HOSTS, KEPT_CONNECTIONS, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools hand out guarded connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pool_classes(self._road)

    def proxy_manager_for(self, *_: Any, **__: Any) -> NoReturn:
        """A proxy would connect for us, behind the guard's back."""
        raise AssertionError("the inventory uses no proxy")

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        """The pool of the current exchange's host."""
        url = self._road.lane.exchange.url
        pool: HTTPConnectionPool = self.poolmanager.connection_from_host(url.host.strip("[]"), url.port, url.scheme)
        return pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing to set up: the road's TLS context verifies."""

    def request_url(self, *_: Any, **__: Any) -> str:
        """Path and query as the URL spells them."""
        return self._road.lane.exchange.url.target

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """A response without the cookies and headers that requests would parse."""
        response = requests.Response()
        response.request, response.raw = req, resp
        return response

    def exchange(self, exchange: Exchange) -> None:
        """Send the request and read the head of the response, which is then `exchange.answer`."""
        self._road.lane.exchange = exchange
        request = requests.PreparedRequest()
        request.method, request.url = "GET", exchange.url.href
        request.headers = CaseInsensitiveDict(exchange.headers)
        exchange.carrier = self.send(request, stream=True, timeout=exchange.deadline.left()).raw


def default_tls() -> ssl.SSLContext:
    """Verifies against the authorities of certifi and of the system, to which an operator can add their own."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _pool_classes(road: Road) -> dict[str, type[HTTPConnectionPool]]:
    class Http(HTTPConnectionPool):
        ConnectionCls = staticmethod(functools.partial(_Plain, road=road))  # type: ignore[assignment]

    class Https(HTTPSConnectionPool):
        ConnectionCls = staticmethod(functools.partial(_Tls, road=road))  # type: ignore[assignment]

    return {"http": Http, "https": Https}
