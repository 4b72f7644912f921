"""Requests besides a fetch: with a method and a body, and on connections that nothing else uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.deadline import Deadline
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.http_client.transport import Request, Response
from tests.http_client.conftest import OPENED, nowhere
from tests.upstreams import Answer, Upstream

BODY = b'{"a": 1}'


def request(url: str, **changes: object) -> Request:
    target = urls.parse(url)
    headers = {"Host": target.authority, "Content-Length": str(len(BODY))}
    usual = {"url": target, "headers": headers, "deadline": Deadline(5), "method": "POST", "body": BODY}
    return Request(**{**usual, **changes})  # type: ignore[arg-type]


def ended(response: Response) -> int:
    """The status, once all of the response was read and its connection given back."""
    for _ in response.reader.pieces():
        pass
    response.close()
    return response.head.status


@pytest.fixture
def receiver() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def test_a_request_may_have_a_method_and_a_body(receiver: Upstream) -> None:
    transport = RequestsTransport(Guard(OPENED), resolve=nowhere)

    assert ended(transport.send(request(receiver.url("/page")))) == 200
    [sent] = receiver.requests
    assert (sent.method, sent.body) == ("POST", BODY)


def test_the_next_request_on_the_connection_follows_a_body(receiver: Upstream) -> None:
    transport = RequestsTransport(Guard(OPENED), resolve=nowhere)

    for _ in range(3):
        ended(transport.send(request(receiver.url("/page"))))

    assert receiver.connections == 1
    assert [each.body for each in receiver.requests] == [BODY] * 3


def test_a_transport_that_keeps_none_connects_for_each_request(receiver: Upstream) -> None:
    transport = RequestsTransport(Guard(OPENED), resolve=nowhere, keep=False)

    for _ in range(3):
        ended(transport.send(request(receiver.url("/page"))))

    assert receiver.connections == 3


def test_a_lost_answer_is_a_failure(receiver: Upstream) -> None:
    transport = RequestsTransport(Guard(OPENED), resolve=nowhere, keep=False)
    receiver.script("/page", Answer(lost=True))

    with pytest.raises(SourceFailure):
        transport.send(request(receiver.url("/page")))
    assert receiver.count("/page") == 1


def test_a_header_that_would_be_two_lines_is_not_sent(receiver: Upstream) -> None:
    transport = RequestsTransport(Guard(OPENED), resolve=nowhere)

    with pytest.raises(SourceFailure):
        transport.send(request(receiver.url("/page"), headers={"Host": "a\r\nX-Other: b"}))
    assert receiver.count() == 0
