"""The road to an upstream: resolved once, every address checked, the checked one called, and its peer checked again.

An `Exchange` is one request and its response. The thread that is about to send one puts it into its `Lane`; whichever
connection then carries the request finds it there: connections are kept and shared, exchanges are not.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inventory.errors import SourceFailure
from inventory.http_client.deadline import Deadline
from inventory.http_client.failures import FOREIGN, connection_failure
from inventory.http_client.guard import Guard
from inventory.http_client.resolver import Resolver
from inventory.http_client.response import Response
from inventory.http_client.tls import TlsDetails
from inventory.urls import Url


@dataclass
class Exchange:
    """One request and its response, and what was noted on the way. Seconds are of the deadline's clock.

    `answer` is there once the head was read; `carrier` is the urllib3 response that holds the connection.
    """

    url: Url
    headers: Mapping[str, str]
    deadline: Deadline
    answer: Response = field(init=False)
    carrier: Any = None
    remote_address: str = ""
    tls: TlsDetails | None = None
    connected: bool = False
    dns: float = 0.0
    connecting: float = 0.0
    handshake: float = 0.0
    sent_at: float = 0.0

    @property
    def waited(self) -> float:
        """Seconds between the request and the first byte of its response."""
        return (self.answer.first_byte_at or self.sent_at) - self.sent_at

    def finish(self) -> None:
        """Give the connection back if it can carry another request, else close it."""
        keep = self.answer.reusable()
        self.answer.close()
        if keep:
            self.carrier.release_conn()
        else:
            self.carrier.close()


class Lane(threading.local):
    """The exchange that the current thread is about to make."""

    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Road:
    """What every connection of one fetcher has in common."""

    guard: Guard
    resolver: Resolver
    tls: ssl.SSLContext
    lane: Lane = field(default_factory=Lane)

    def connect(self) -> socket.socket:
        """A socket to the host of the current exchange: resolved once, every address checked, the checked one called."""
        exchange = self.lane.exchange
        if why := self.guard.refuses(exchange.url.port):
            raise SourceFailure("forbidden_address", f"{exchange.url.host}: {why}", permanent=True)
        now = exchange.deadline.now
        exchange.connected = True
        begun = now()
        addresses = self._addresses(exchange)
        resolved = now()
        sock = self._first_that_answers(addresses, exchange)
        exchange.dns += resolved - begun
        exchange.connecting += now() - resolved
        exchange.remote_address = _peer(sock)
        if reason := self.guard.verdict(exchange.remote_address):
            sock.close()
            raise forbidden(exchange.url, exchange.remote_address, reason)
        return sock

    def _addresses(self, exchange: Exchange) -> Sequence[str]:
        literal = exchange.url.address
        addresses = [str(literal)] if literal else self.resolver.addresses(exchange.url.host, exchange.deadline)
        for address in addresses:
            if reason := self.guard.verdict(address):
                raise forbidden(exchange.url, address, reason)
        return addresses

    def _first_that_answers(self, addresses: Sequence[str], exchange: Exchange) -> socket.socket:
        """Try the addresses in order, each with its share of the time that is left."""
        failure: SourceFailure | None = None
        for tried, address in enumerate(addresses):
            try:
                share = exchange.deadline.left() / (len(addresses) - tried)
                return _open(address, exchange.url.port, share)
            except FOREIGN as error:
                failure = connection_failure(error, exchange.url.host)
        raise failure or AssertionError("a resolver gives at least one address")


def forbidden(url: Url, address: str, reason: str) -> SourceFailure:
    """The guard's refusal. It is no `OSError`: urllib3 would take it for a connection that is worth another try.

    Where a name leads is for the log alone: else anybody could ask us for the addresses of names that only we can resolve.
    """
    where = "is not" if url.address is not None else "does not lead to"
    evidence = {"address": address, "reason": reason}
    return SourceFailure("forbidden_address", f"{url.host} {where} a public address", permanent=True, evidence=evidence)


def _peer(sock: socket.socket) -> str:
    """The address at the other end, which may have hung up already."""
    try:
        return str(sock.getpeername()[0])
    except OSError:
        sock.close()
        raise


def _open(address: str, port: int, timeout: float) -> socket.socket:
    """A connected socket to a numeric address."""
    family, kind, protocol, _, place = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(place)
    except BaseException:
        sock.close()
        raise
    return sock
