"""A transport without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from inventory.errors import SourceFailure
from inventory.http_client.guard import Guard
from inventory.http_client.transport import Request, RequestTiming, Response
from tests.http_client.raw import reader_of

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def redirect(location: str) -> bytes:
    """A redirect that sets a cookie."""
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n".encode()


@dataclass
class ScriptedTransport:
    """Sends nothing: `answer` says what comes back. Closed ports refuse, and bad ones are refused by the guard."""

    answer: Callable[[Request], bytes]
    requests: list[Request] = field(default_factory=list)
    closed: int = 0

    @classmethod
    def of(cls, *responses: bytes) -> ScriptedTransport:
        """One that gives these responses, in turn."""
        left = list(responses)
        return cls(lambda _request: left.pop(0))

    def send(self, request: Request) -> Response:
        if reason := Guard([]).refuses(request.url.port):
            raise SourceFailure("forbidden_address", reason, permanent=True)
        if request.url.port == 81:
            raise SourceFailure("connection_refused", "Connection refused")
        self.requests.append(request)
        reader = reader_of(self.answer(request))
        reader.read_head()
        return Response(reader=reader, remote_address="", tls=None, timing=RequestTiming(dns=0.25), close=self._close)

    def _close(self) -> None:
        self.closed += 1
