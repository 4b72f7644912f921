"""A large answer is sent whole and in order, and little of it is in memory while the client takes it."""

from __future__ import annotations

import gc
import os
import random
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from gunicorn.config import Config

from inventory.gunicorn_worker.answer_file import MAX_FILES, PIECE_BYTES
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

    gc.collect()  # what earlier tests left
    before = files()
    ours, theirs = socket.socketpair()
    with theirs, ClientSocket(ours) as sock:
        sock.sendall(bytes(2 * MEGABYTE))
        sock.flush()
    assert files() <= before


def test_two_answers_on_one_connection_do_not_mix(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    for content in (b"a" * 3 * MEGABYTE, b"b" * 2 * MEGABYTE, b"c"):
        connection.sock.sendall(content)
        assert b"".join(taken(connection.sock, theirs)) == content


def test_more_than_files_may_take_is_in_memory_until_some_of_it_was_sent() -> None:
    with ExitStack() as closing:
        pairs = [socket.socketpair() for _ in range(MAX_FILES // (24 * MEGABYTE) + 1)]
        ours = [closing.enter_context(ClientSocket(sock)) for sock, _ in pairs]
        theirs = [closing.enter_context(sock) for _, sock in pairs]
        for sock in ours:
            sock.sendall(bytes(24 * MEGABYTE))

        assert [sum(map(len, sock.unsent)) for sock in ours] == [PIECE_BYTES] * (len(ours) - 1) + [24 * MEGABYTE]
        ours[0].close()
        with socket.socket() as other, ClientSocket(other) as sock:
            sock.sendall(bytes(24 * MEGABYTE))
            assert sum(map(len, sock.unsent)) == PIECE_BYTES
        theirs[-1].setblocking(False)
        assert sum(map(len, taken(ours[-1], theirs[-1]))) == 24 * MEGABYTE


def test_an_answer_is_sent_where_no_file_can_be_made(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        connection.sock.sendall(bytes(3 * MEGABYTE))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert b"".join(taken(connection.sock, theirs)) == bytes(3 * MEGABYTE)
