"""A request that needs a thread has its turn although others keep the loop busy with hits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from itertools import count
from threading import Event, Thread

import pytest

from bench import filling
from tests.end_to_end.stack import Stack, stack_on
from tests.real_mongo import ANY_STORE

CLIENTS, TURNS = 16, 20
MAX_TURNS = 8
"""Hits of each client that may be answered while one request in a thread is: one to three were measured."""


@pytest.fixture(scope="module", params=ANY_STORE)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """An API of one process that knows a page for each client."""
    with stack_on(request.param, api_processes=1) as running:
        with closing(running.open_store()) as store:
            store.prepare()
            filling.fill(store, 0, 50, size=20_000)
        running.start("redis", "api")
        yield running


@contextmanager
def hits(running: Stack) -> Iterator[list[int]]:
    """Clients that look pages up as fast as they can; how many answers each has had so far."""
    answered, ended = [0] * CLIENTS, Event()

    def look_up(client: int) -> None:
        with closing(HTTPConnection("127.0.0.1", running.port, timeout=30)) as connection:
            for answered[client] in count():
                if ended.is_set():
                    return
                get(connection, f"{filling.LOOKUP}{client}")

    clients = [Thread(target=look_up, args=(client,)) for client in range(CLIENTS)]
    for each in clients:
        each.start()
    try:
        yield answered
    finally:
        ended.set()
        for each in clients:
            each.join(60)


def get(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read()


@pytest.mark.parametrize("path", ["/api/v1/records?limit=50", f"{filling.LOOKUP}1&fields=headers", "/healthz"])
def test_each_client_has_its_turn(running: Stack, path: str) -> None:
    with closing(HTTPConnection("127.0.0.1", running.port, timeout=30)) as connection, hits(running) as answered:
        get(connection, path)
        before, turns = sum(answered), 0
        while turns < TURNS or sum(answered) - before <= TURNS:  # hits go on
            get(connection, path)
            turns += 1
        hits_meanwhile = sum(answered) - before

    assert hits_meanwhile / CLIENTS < MAX_TURNS * turns
