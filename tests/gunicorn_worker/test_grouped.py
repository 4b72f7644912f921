"""Requests that come while others are answered are answered together, and every connection comes back to the loop."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from inventory.gunicorn_worker.answer_file import PIECE_BYTES
from inventory.gunicorn_worker.at_once import AtOnce
from inventory.gunicorn_worker.connections import ClientSocket, Connection, Pieces
from inventory.gunicorn_worker.grouped import MAX_DELAY, MAX_GROUP, MAX_WAIT, Grouped
from inventory.gunicorn_worker.worker import InventoryWorker
from inventory.web_api.shortcut import Answer, Groupable


class Worker:
    """Runs what is submitted when it is told to, and notes what is handed back. Its clock is `seconds`."""

    def __init__(self, closing: ExitStack) -> None:
        self.submitted: list[tuple[Callable[[Sequence[Connection]], None], Sequence[Connection]]] = []
        self.handled: list[tuple[Connection, bool]] = []
        self.seconds = 0.0
        self.grouped = Grouped(
            lambda *call: self.submitted.append(call), self.answer, self.handled.extend, lambda: self.seconds
        )
        self._closing = closing

    def answer(self, group: Sequence[Connection]) -> Sequence[Pieces]:
        return [[b"head", f"body {number}".encode()] for number, _ in enumerate(group)]

    def connect(self) -> tuple[Connection, socket.socket]:
        ours, theirs = socket.socketpair()
        self._closing.enter_context(theirs)
        theirs.settimeout(60)
        connection = Connection(Config(), self._closing.enter_context(ClientSocket(ours)), None, None)
        connection.inbox += b"GET / HTTP/1.1"
        return connection, theirs

    def run(self) -> None:
        for work, group in self.submitted:
            work(group)


@pytest.fixture
def worker() -> Iterator[Worker]:
    with ExitStack() as closing:
        yield Worker(closing)


def test_the_requests_of_a_round_are_answered_by_one_thread(worker: Worker) -> None:
    pairs = [worker.connect() for _ in range(3)]
    for connection, _ in pairs:
        worker.grouped.add(connection)
    worker.grouped.start()
    worker.run()

    assert [client.recv(100) for _, client in pairs] == [b"headbody 0", b"headbody 1", b"headbody 2"]
    assert worker.handled == [(connection, True) for connection, _ in pairs]
    assert not any(connection.inbox for connection, _ in pairs)
    assert len(worker.submitted) == 1


def test_a_round_without_such_requests_needs_no_thread(worker: Worker) -> None:
    worker.grouped.start()

    assert not worker.submitted


def test_what_comes_while_a_group_is_answered_is_the_next_group(worker: Worker) -> None:
    for number in range(3):
        worker.grouped.add(worker.connect()[0])
        worker.grouped.start()
        assert len(worker.submitted) == 1
        assert len(worker.grouped.waiting) == number

    worker.seconds += MAX_WAIT
    worker.grouped.ended(1)
    worker.seconds += MAX_DELAY
    worker.grouped.start()

    assert [len(group) for _, group in worker.submitted] == [1, 2]
    assert not worker.grouped.waiting


def test_a_group_begins_when_those_that_were_answered_are_back(worker: Worker) -> None:
    answered, other = worker.connect()[0], worker.connect()[0]
    worker.grouped.add(answered)
    worker.grouped.start()
    worker.grouped.add(other)
    worker.seconds += MAX_WAIT
    worker.grouped.ended(1)
    worker.grouped.start()
    assert len(worker.submitted) == 1, "it waits for who was answered"
    worker.grouped.add(answered)
    worker.grouped.start()

    assert [group for _, group in worker.submitted] == [[answered], [other, answered]]


def test_who_asks_alone_waits_for_nobody(worker: Worker) -> None:
    for _ in range(3):
        worker.grouped.add(worker.connect()[0])
        worker.grouped.start()
        worker.grouped.ended(1)

    assert [len(group) for _, group in worker.submitted] == [1, 1, 1]


def test_another_thread_takes_the_next_group_where_the_first_is_slow(worker: Worker) -> None:
    worker.grouped.add(worker.connect()[0])
    worker.grouped.start()
    worker.grouped.add(worker.connect()[0])
    worker.seconds += MAX_WAIT + 0.01
    worker.grouped.start()

    assert [len(group) for _, group in worker.submitted] == [1, 1]


def test_a_group_has_a_largest_size(worker: Worker) -> None:
    for _ in range(MAX_GROUP + 1):
        worker.grouped.add(worker.connect()[0])
    worker.grouped.start()
    worker.seconds += MAX_WAIT
    worker.grouped.ended(MAX_GROUP)
    worker.seconds += MAX_DELAY
    worker.grouped.start()

    assert [len(group) for _, group in worker.submitted] == [MAX_GROUP, 1]


def test_a_client_that_is_gone_disturbs_no_other(worker: Worker) -> None:
    (gone, theirs), (there, client) = worker.connect(), worker.connect()
    theirs.close()
    for connection in (gone, there):
        worker.grouped.add(connection)
    worker.grouped.start()
    worker.run()

    assert worker.handled == [(gone, False), (there, True)]
    assert client.recv(100) == b"headbody 1"


def test_connections_come_back_to_be_closed_if_there_are_no_answers(worker: Worker) -> None:
    def answer(_: Sequence[Connection]) -> Sequence[Pieces]:
        raise ZeroDivisionError

    grouped = Grouped(lambda *call: worker.submitted.append(call), answer, worker.handled.extend)
    connection, _ = worker.connect()
    grouped.add(connection)
    grouped.start()

    with pytest.raises(ZeroDivisionError):
        worker.run()
    assert worker.handled == [(connection, False)]


def test_what_a_client_does_not_take_yet_is_left_to_the_loop(worker: Worker) -> None:
    connection, _ = worker.connect()
    grouped = Grouped(lambda *call: worker.submitted.append(call), lambda _: [[b"x" * 50_000_000]], worker.handled.extend)
    grouped.add(connection)
    grouped.start()
    worker.run()

    assert worker.handled == [(connection, True)]
    assert 0 < connection.size() <= PIECE_BYTES, "the rest is in a file"


class Answering:
    """A shortcut that answers what it is given with nothing."""

    def __call__(self, target: str, fields: Mapping[str, str], *, peer: str, at_once: bool) -> None:
        return None

    def answer_group(self, requests: Sequence[Groupable]) -> Sequence[Answer]:
        return [Answer("200 OK", "", b"", "mine") for _ in requests]

    def account(self, answers: Sequence[Answer]) -> None: ...


class Broken(Answering):
    """A shortcut that fails to."""

    def answer_group(self, requests: Sequence[Groupable]) -> Sequence[Answer]:
        raise ZeroDivisionError


@pytest.fixture
def server(capsys: pytest.CaptureFixture[str]) -> Iterator[InventoryWorker]:
    """A worker process's server, which logs to what `capsys` captures."""
    config = Config()
    server = InventoryWorker(1, 0, [], None, 30, config, Logger(config))
    with closing(server.tmp):
        yield server


@pytest.mark.parametrize(("alive", "said"), [(True, b"Connection: keep-alive"), (False, b"Connection: close")])
def test_connections_are_kept_unless_the_process_is_to_stop(
    worker: Worker, server: InventoryWorker, alive: bool, said: bytes
) -> None:
    server.alive, server.at_once = alive, AtOnce(Answering(), lambda *_: None, lambda _: None)
    connection, _ = worker.connect()
    connection.later = Groupable()

    [[head]] = server._answer_group([connection])

    assert said in head
    assert connection.keep is alive


def test_a_fault_of_the_shortcut_is_logged_and_answered(
    worker: Worker, server: InventoryWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    server.at_once = AtOnce(Broken(), lambda *_: None, lambda _: None)
    grouped = Grouped(lambda *call: worker.submitted.append(call), server._answer_group, worker.handled.extend)
    pairs = [worker.connect() for _ in range(2)]
    for connection, _ in pairs:
        connection.later = Groupable()
        grouped.add(connection)
    grouped.start()
    worker.run()

    assert [client.recv(1_000).startswith(b"HTTP/1.1 500 ") for _, client in pairs] == [True, True]
    assert worker.handled == [(connection, True) for connection, _ in pairs]
    assert [(connection.keep, connection.later) for connection, _ in pairs] == [(False, None)] * 2
    assert "ZeroDivisionError" in capsys.readouterr().err
