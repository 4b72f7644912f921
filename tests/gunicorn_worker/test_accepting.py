"""Connections that wait together are accepted together, so that none waits for as many rounds of a busy loop."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from inventory.gunicorn_worker.siblings import Siblings, share
from inventory.gunicorn_worker.waiting import Waiting
from inventory.gunicorn_worker.worker import MIN_ACCEPTED, InventoryWorker


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=500) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture
def server(listener: socket.socket) -> Iterator[InventoryWorker]:
    """A server that accepts when it is told to, one of two processes of which the other has ended."""
    share()
    config = Config()
    server = InventoryWorker(1, 0, [listener], None, 30, config, Logger(config))
    server.worker_connections = 1_000
    server.poller = selectors.DefaultSelector()
    server.waiting = Waiting(server.poller, lambda _: None, server._closed, lambda *_: b"")
    server.siblings = Siblings(1)
    server.siblings.tell(0)
    with closing(server.tmp), closing(server.poller):
        yield server
        server.waiting.close()


Connect = Callable[[int], None]


@pytest.fixture
def connect(listener: socket.socket) -> Iterator[Connect]:
    """Opens so many connections, each of which waits to be accepted."""
    with ExitStack() as clients:

        def connect(count: int) -> None:
            for _ in range(count):
                clients.enter_context(socket.create_connection(listener.getsockname()))

        yield connect


def test_those_that_wait_are_accepted_in_one_round(
    server: InventoryWorker, listener: socket.socket, connect: Connect
) -> None:
    connect(MIN_ACCEPTED)

    server.accept(listener)

    assert server.nr_conns == MIN_ACCEPTED


def test_however_many_wait_they_are_accepted_in_a_few_rounds(
    server: InventoryWorker, listener: socket.socket, connect: Connect
) -> None:
    connect(300)
    after = []
    for _ in range(4):
        server.accept(listener)
        after.append(server.nr_conns)

    assert after == [MIN_ACCEPTED + 1, 2 * MIN_ACCEPTED + 3, 4 * MIN_ACCEPTED + 7, 8 * MIN_ACCEPTED + 15]


def test_where_there_is_no_room_one_of_them_takes_the_place_of_the_one_that_waited_longest(
    server: InventoryWorker, listener: socket.socket, connect: Connect
) -> None:
    server.worker_connections = 5
    connect(7)
    server.accept(listener)
    oldest, *others = server.waiting._connections

    server.accept(listener)

    assert server.nr_conns == 5
    assert list(server.waiting._connections)[:4] == others
    assert oldest.sock.fileno() == -1


def test_a_process_accepts_one_when_another_has_as_many(
    server: InventoryWorker, listener: socket.socket, connect: Connect
) -> None:
    Siblings(2).tell(0)
    connect(9)

    server.accept(listener)
    assert server.nr_conns == 1
    server.accept(listener)
    assert server.nr_conns == 1


def test_a_process_accepts_several_if_it_then_has_not_many_more_than_others(
    server: InventoryWorker, listener: socket.socket, connect: Connect
) -> None:
    other = Siblings(2)
    other.tell(100)
    connect(250)
    while server.nr_conns < 100:
        server.accept(listener)

    assert 100 < server.nr_conns < 115
    other.tell(200)
    server.accept(listener)
    assert 200 < server.nr_conns < 230
