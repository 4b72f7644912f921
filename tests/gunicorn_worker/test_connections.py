"""What a connection gives to the parser."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from gunicorn.config import Config

from inventory.gunicorn_worker.connections import ClientSocket, Connection
from tests.growth import assert_linear

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def connection() -> Iterator[Connection]:
    ours, theirs = socket.socketpair()
    with theirs, ClientSocket(ours) as sock:
        yield Connection(Config(), sock, ("127.0.0.1", 1), ("127.0.0.1", 2))


def body(connection: Connection, content: bytes) -> bytes:
    """The body of the request that has come, as an application reads it."""
    connection.inbox += content
    connection.feed()
    read: bytes = next(connection.parser).body.read()
    return read


def test_a_body_in_many_chunks_takes_time_in_proportion_to_them(connection: Connection) -> None:
    def read(content: bytes) -> None:
        assert body(connection, content) == b"x" * content.count(b"x")
        connection.take_back()

    assert_linear(read, lambda number: HEAD + b"1\r\nx\r\n" * number + b"0\r\n\r\n", small=2_500)


def test_what_follows_a_request_is_kept_for_the_next_one(connection: Connection) -> None:
    following = HEAD + b"5\r\n" + b"again" + b"\r\n0\r\n\r\n"

    assert body(connection, HEAD + b"3\r\nabc\r\n0\r\n\r\n" + following * 1_000) == b"abc"
    connection.take_back()
    assert connection.inbox == following * 1_000
    assert body(connection, b"") == b"again"
    connection.take_back()
    assert connection.inbox == following * 999
