"""The seam between fetching and the HTTP libraries: a transport sends one request and returns one response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from inventory.http_client.deadline import Deadline
from inventory.http_client.head import Head
from inventory.http_client.response_reader import ResponseReader
from inventory.http_client.tls import TlsDetails
from inventory.urls import Url


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. `headers` are sent as they are, those of its body included; the deadline covers the response's body too."""

    url: Url
    headers: Mapping[str, str]
    deadline: Deadline
    method: str = "GET"
    body: bytes = b""


@dataclass(slots=True)
class RequestTiming:
    """Seconds that the parts of a request took. All but `first_byte` are 0 when a kept connection carried it."""

    dns: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    first_byte: float = 0.0

    def __iadd__(self, other: RequestTiming) -> Self:
        self.dns += other.dns
        self.connect += other.connect
        self.tls += other.tls
        self.first_byte += other.first_byte
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response whose head was read. `reader` reads its body; `close` gives the connection back."""

    reader: ResponseReader
    remote_address: str
    tls: TlsDetails | None
    timing: RequestTiming
    close: Callable[[], None]

    @property
    def head(self) -> Head:
        """Status line and header lines."""
        return self.reader.head


class Transport(Protocol):
    """Sends requests. Threads may share it."""

    def send(self, request: Request) -> Response:
        """Send a request and read the head of its response; raises `SourceFailure` when there is none."""
