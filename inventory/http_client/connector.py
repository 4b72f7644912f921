"""Opens connections: a name is resolved once, every address is checked, a checked one is called, and its peer checked."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inventory.errors import SourceFailure
from inventory.http_client.deadline import Deadline
from inventory.http_client.guard import Guard
from inventory.http_client.own_addresses import is_own
from inventory.http_client.resolver import Resolver
from inventory.http_client.transport import Request, RequestTiming
from inventory.urls import Url


@dataclass(frozen=True, slots=True)
class Connector:
    """Connects to where the guard allows it."""

    guard: Guard
    resolver: Resolver
    is_own: Callable[[str], bool] = is_own

    def connect(self, request: Request, timing: RequestTiming) -> tuple[socket.socket, str]:
        """A socket to the host of a request, and the address at its other end; `timing` gets the seconds it took.

        Raises `SourceFailure` for what the guard forbids, and `OSError` when no address accepts the connection.
        """
        url, deadline = request.url, request.deadline
        if reason := self.guard.refuses(url.port):
            raise SourceFailure("forbidden_address", f"{url.host}: {reason}", permanent=True)
        begun = deadline.now()
        addresses = self._addresses(url, deadline)
        resolved = deadline.now()
        sock = _first_to_accept(addresses, url.port, deadline)
        timing.dns, timing.connect = resolved - begun, deadline.now() - resolved
        try:
            peer = str(sock.getpeername()[0])
            self._check(url, peer)
        except (OSError, SourceFailure):
            sock.close()
            raise
        return sock, peer

    def _addresses(self, url: Url, deadline: Deadline) -> Sequence[str]:
        literal = url.address
        addresses = [str(literal)] if literal else self.resolver.addresses(url.host, deadline)
        for address in addresses:
            self._check(url, address)
        return addresses

    def _check(self, url: Url, address: str) -> None:
        """The address of a name is for the log alone: else anybody could look up, through us, names that only we can."""
        reason = self.guard.verdict(address)
        if reason is None and not self.guard.opens(address) and self.is_own(address):
            reason = "this machine"
        if reason:
            relation = "is not" if url.address is not None else "does not lead to"
            raise SourceFailure(
                "forbidden_address",
                f"{url.host} {relation} a public address",
                permanent=True,
                evidence={"address": address, "reason": reason},
            )


def _first_to_accept(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """Try the addresses in order, each with its share of the time that is left."""
    last: OSError | None = None
    for tried, address in enumerate(addresses):
        share = deadline.left() / (len(addresses) - tried)
        try:
            return _open(address, port, share)
        except OSError as error:
            last = error
    raise last or AssertionError("a resolver gives at least one address")


def _open(address: str, port: int, timeout: float) -> socket.socket:
    """A connected socket to a numeric address."""
    family, type_, protocol, _, numeric = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    )[0]
    sock = socket.socket(family, type_, protocol)
    try:
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(numeric)
    except OSError:
        sock.close()
        raise
    return sock
