"""What the fetcher does with a transport, without a network: which requests it sends, and that it closes every response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.transport import Request, RequestTiming, Response
from tests.http_client.raw import reader_of

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CUT_OFF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"


def redirect(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n".encode()


@dataclass
class ScriptedTransport:
    """Sends nothing; the responses are these, in turn."""

    responses: list[bytes]
    requests: list[Request] = field(default_factory=list)
    closed: int = 0

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        reader = reader_of(self.responses.pop(0))
        reader.read_head()
        return Response(reader=reader, remote_address="", tls=None, timing=RequestTiming(dns=0.25), close=self._close)

    def _close(self) -> None:
        self.closed += 1


def fetcher(transport: ScriptedTransport) -> Fetcher:
    return Fetcher(transport, deadline=10, body_limit=1_000, max_redirects=1)


def test_each_hop_is_one_request_with_the_cookies_of_those_before_it() -> None:
    transport = ScriptedTransport([redirect("/b"), PAGE])

    fetched = fetcher(transport).fetch(urls.parse("http://name.test/a"))

    assert [request.url.href for request in transport.requests] == ["http://name.test/a", "http://name.test/b"]
    assert [request.headers.get("Cookie") for request in transport.requests] == [None, "a=b"]
    assert (fetched.body.content, fetched.timing.dns_ms, transport.closed) == (b"hello", 500.0, 2)


@pytest.mark.parametrize(
    ("responses", "code"),
    [
        ([redirect("/b"), redirect("/c")], "too_many_redirects"),
        ([redirect("ftp://name.test/")], "forbidden_address"),
        ([CUT_OFF], "incomplete_response"),
    ],
    ids=["too many redirects", "a redirect to another scheme", "an incomplete body"],
)
def test_every_response_is_closed_when_the_collection_fails(responses: Sequence[bytes], code: str) -> None:
    transport = ScriptedTransport(list(responses))

    with pytest.raises(SourceFailure) as caught:
        fetcher(transport).fetch(urls.parse("http://name.test/a"))

    assert (caught.value.code, transport.closed) == (code, len(responses))
