"""Which connections are closed when all take too much memory: slow ones first, quick ones only far above the limit."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from gunicorn.config import Config

from inventory.gunicorn_worker.connections import ClientSocket, Connection
from inventory.gunicorn_worker.waiting import GRACE, MAX_KEPT, MAX_KEPT_QUICK, Waiting

LARGE = 25_000_000
"""Bytes of the largest answer."""
PIECE = 512 * 1024
ROUND = 0.01


class Loop:
    """Connections that wait to be sent their answers, and the ends of their clients. Each round takes `ROUND` seconds."""

    def __init__(self, closing: ExitStack) -> None:
        self.selector = selectors.DefaultSelector()
        self.ended: list[Connection] = []
        self.seconds = 0.0
        self.waiting = Waiting(
            self.selector, self.ended.append, self.ended.append, lambda _, error: b"", ticks=lambda: self.seconds
        )
        self._closing = closing

    def answer(self, content: bytes) -> tuple[Connection, socket.socket]:
        ours, theirs = socket.socketpair()
        self._closing.enter_context(theirs)
        connection = Connection(Config(), self._closing.enter_context(ClientSocket(ours)), None, None)
        for start in range(0, len(content), PIECE):  # what comes at once and is large is not kept in memory
            connection.sock.sendall(content[start : start + PIECE])
        self.waiting.finish(connection)
        return connection, theirs

    def run_once(self) -> None:
        self.seconds += ROUND
        for key, events in self.selector.select(0):
            key.data(events)


@pytest.fixture
def loop() -> Iterator[Loop]:
    with ExitStack() as closing:
        yield Loop(closing)


def test_quick_clients_are_sent_large_answers_whole_though_they_are_many(loop: Loop) -> None:
    content = bytes(LARGE)
    number = MAX_KEPT_QUICK // LARGE
    assert number * LARGE > 3 * MAX_KEPT
    clients = [loop.answer(content) for _ in range(number)]
    left = dict.fromkeys((theirs for _, theirs in clients), LARGE)
    while left:
        loop.run_once()
        for theirs in list(left):
            left[theirs] -= len(theirs.recv(LARGE))
            if not left[theirs]:
                del left[theirs]
        assert not loop.ended


def test_beyond_the_bound_those_that_take_nothing_are_ended_and_not_those_that_do(loop: Loop) -> None:
    content = bytes(LARGE)
    idle = [loop.answer(content)[0] for _ in range(2)]
    quick, theirs = loop.answer(content)
    taken = 0
    while loop.seconds < 1.1 * GRACE:
        loop.run_once()
        if taken < LARGE // 2:
            taken += len(theirs.recv(65_536))
    loop.answer(content)

    assert loop.ended
    assert set(loop.ended) <= set(idle)
    assert quick not in loop.ended


def test_far_beyond_the_bound_even_the_quick_are_ended(loop: Loop) -> None:
    content = bytes(LARGE)
    for _ in range(MAX_KEPT_QUICK // LARGE + 1):
        loop.answer(content)

    assert loop.ended
