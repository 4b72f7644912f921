"""A large answer is sent whole and in order, and little of it is in memory while the client takes it."""

from __future__ import annotations

import random
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from gunicorn.config import Config

from inventory.gunicorn_worker.answer_file import PIECE_BYTES
from inventory.gunicorn_worker.connections import LARGE_PIECE, ClientSocket, Connection

MEGABYTE = 1024 * 1024


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    with theirs, ClientSocket(ours) as sock:
        theirs.setblocking(False)
        yield Connection(Config(), sock, None, None), theirs


def taken(sock: ClientSocket, theirs: socket.socket) -> Iterator[bytes]:
    """What a client gets that takes as much as there is again and again."""
    while sock.unsent:
        sock.flush()
        with suppress(BlockingIOError):
            while piece := theirs.recv(MEGABYTE):
                yield piece


@pytest.mark.parametrize(
    "sizes",
    [
        [LARGE_PIECE],
        [200, LARGE_PIECE + 1],
        [200, 5 * MEGABYTE, 3, 2 * MEGABYTE, 1],
        [LARGE_PIECE - 1, LARGE_PIECE - 1, 7],
        [200, 24 * MEGABYTE],
    ],
)
def test_all_of_it_is_sent_in_order(ends: tuple[Connection, socket.socket], sizes: list[int]) -> None:
    connection, theirs = ends
    pieces = [random.Random(size).randbytes(size) for size in sizes]
    for piece in pieces:
        connection.sock.sendall(piece)

    assert b"".join(taken(connection.sock, theirs)) == b"".join(pieces)
    assert connection.size() == 0


def test_little_of_it_is_in_memory(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    connection.sock.sendall(b"head")
    connection.sock.sendall(bytes(24 * MEGABYTE))
    sizes = [connection.size()]
    sizes += [connection.size() for _ in taken(connection.sock, theirs)]

    assert max(sizes) <= PIECE_BYTES + len(b"head")


def test_nothing_is_left_open_of_an_answer_that_is_not_taken() -> None:
    def files() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0

    before = files()
    ours, theirs = socket.socketpair()
    with theirs, ClientSocket(ours) as sock:
        sock.sendall(bytes(2 * MEGABYTE))
        sock.flush()
    assert files() == before


def test_two_answers_on_one_connection_do_not_mix(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    for content in (b"a" * 3 * MEGABYTE, b"b" * 2 * MEGABYTE, b"c"):
        connection.sock.sendall(content)
        assert b"".join(taken(connection.sock, theirs)) == content
