"""A stream takes its connection over, and its answer says that no request can follow."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from inventory.gunicorn_worker.bodies import Bodies
from inventory.gunicorn_worker.connections import ClientSocket, Connection
from inventory.gunicorn_worker.worker import InventoryWorker


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(30)
    with theirs, ClientSocket(ours) as sock:
        yield Connection(Config(), sock, ("127.0.0.1", 1), ("127.0.0.1", 2)), theirs


@pytest.fixture
def server() -> Iterator[InventoryWorker]:
    config = Config()
    made = InventoryWorker(1, 0, [], None, 30, config, Logger(config))
    made.bodies = Bodies(lambda method, path: None, 1_000)
    with closing(made.tmp):
        yield made


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A stream at one path, and an answer at all others."""
    if environ["PATH_INFO"] == "/stream":
        environ["gunicorn.socket"].settimeout(5)
    start_response("200 OK", [("Content-Type", "text/csv")])
    return [b"row\n"]


def answer(server: InventoryWorker, connection: Connection, theirs: socket.socket, path: str) -> tuple[bool, list[bytes]]:
    """Whether the connection is kept after an answer, and the lines of that."""
    server.wsgi = application
    connection.inbox += f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    kept = server.handle(connection)
    if connection.sock.unsent:
        connection.sock.flush()
    return kept, theirs.recv(10_000).split(b"\r\n")


def test_the_answer_of_a_stream_says_that_the_connection_ends(
    server: InventoryWorker, ends: tuple[Connection, socket.socket]
) -> None:
    kept, lines = answer(server, *ends, "/stream")

    assert not kept
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert b"Connection: close" in lines


def test_after_another_answer_the_next_request_is_answered_on_the_connection(
    server: InventoryWorker, ends: tuple[Connection, socket.socket]
) -> None:
    for _ in range(3):
        kept, lines = answer(server, *ends, "/")
        assert kept
        assert lines[0] == b"HTTP/1.1 200 OK"
        assert b"Connection: keep-alive" in lines
    assert not answer(server, *ends, "/stream")[0]
