"""A stream takes its connection over, and its answer says that no request can follow."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from inventory.gunicorn_worker.connections import ClientSocket, Connection
from inventory.gunicorn_worker.worker import InventoryWorker


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    with theirs, ClientSocket(ours) as sock:
        yield Connection(Config(), sock, ("127.0.0.1", 1), ("127.0.0.1", 2)), theirs


@pytest.mark.parametrize(("streams", "said"), [(True, b"Connection: close"), (False, b"Connection: keep-alive")])
def test_the_answer_of_a_stream_says_that_the_connection_ends(
    ends: tuple[Connection, socket.socket], streams: bool, said: bytes
) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if streams:
            environ["gunicorn.socket"].settimeout(5)
        start_response("200 OK", [("Content-Type", "text/csv")])
        return [b"row\n"]

    config = Config()
    server = InventoryWorker(1, 0, [], None, 30, config, Logger(config))
    server.wsgi = application
    connection, theirs = ends
    connection.inbox += b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connection.feed()

    with closing(server.tmp):
        kept = server.handle_request(next(connection.parser), connection)

    if connection.sock.unsent:
        connection.sock.flush()
    assert said in theirs.recv(10_000).split(b"\r\n")
    assert kept is not streams
