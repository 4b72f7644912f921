"""What the loop answers itself: in groups, logged before they are sent, and not while the store is slow."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack

import pytest
from gunicorn.config import Config

from inventory.gunicorn_worker.answer_file import PIECE_BYTES
from inventory.gunicorn_worker.at_once import LARGE, MAX_GROUP, MAX_GROUP_BYTES, SLOW, AtOnce
from inventory.gunicorn_worker.connections import ClientSocket, Connection
from inventory.gunicorn_worker.waiting import Waiting
from inventory.web_api.shortcut import Answer, Groupable, Later

HEAD = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


class Asked(Groupable):
    def __init__(self, target: str) -> None:
        self.target = target


class App:
    """Answers each path with a body, at once if that is wanted, and notes what it was asked to look up and to log.

    An answer takes `seconds` by its own clock.
    """

    def __init__(self) -> None:
        self.body = b"body"
        self.seconds = self.now = 0.0
        self.logged: list[str] = []
        self.groups: list[int] = []

    def __call__(self, target: str, fields: Mapping[str, str], *, peer: str, at_once: bool) -> Later | Groupable | None:
        if target == "/none":
            return None
        asked = Asked(target)
        return asked if at_once and target != "/later" else self.later(asked)

    def answer_known(self, requests: Sequence[Groupable]) -> Generator[Answer | Later | Groupable, None, None]:
        self.groups.append(len(requests))
        for asked in requests:
            assert isinstance(asked, Asked)
            if asked.target == "/miss":
                yield asked
            elif asked.target == "/error":
                yield self.later(asked)
            else:
                self.now += self.seconds
                yield self.later(asked)()

    def later(self, request: Groupable) -> Later:
        assert isinstance(request, Asked)
        answer = Answer("200 OK", f"Content-Length: {len(self.body)}\r\n", self.body, request.target, 0.001)
        return lambda: answer

    def answer_group(self, requests: Sequence[Groupable]) -> Sequence[Answer]:
        raise NotImplementedError

    def account(self, answers: Sequence[Answer]) -> None:
        self.logged += [answer.request_id for answer in answers]


class Loop:
    """The part of the worker's loop that reads, answers and sends."""

    def __init__(self, closing: ExitStack) -> None:
        self.app, self.selector = App(), selectors.DefaultSelector()
        self.left: list[Connection] = []
        self.closed: list[Connection] = []
        self.waiting = Waiting(
            self.selector,
            self.left.append,
            self.closed.append,
            lambda _, error: b"",
            self._take,
        )
        self.at_once = AtOnce(self.app, self.waiting.send, self.waiting.hand_over, lambda: self.app.now)
        self._closing = closing

    def _take(self, connection: Connection, head: bytes) -> bool:
        return self.at_once.take(connection, head)

    def connect(self) -> tuple[Connection, socket.socket]:
        ours, theirs = socket.socketpair()
        self._closing.enter_context(theirs)
        connection = Connection(Config(), self._closing.enter_context(ClientSocket(ours)), None, None)
        self.waiting.receive(connection)
        theirs.settimeout(60)
        return connection, theirs

    def read(self) -> None:
        for key, events in self.selector.select(0):
            key.data(events)

    def run_once(self) -> None:
        self.read()
        self.at_once.flush()


@pytest.fixture
def loop() -> Iterator[Loop]:
    with ExitStack() as closing:
        yield Loop(closing)


def test_an_answer_has_the_head_that_gunicorn_sends(loop: Loop) -> None:
    _, client = loop.connect()
    client.sendall(HEAD)
    loop.run_once()

    head, _, body = client.recv(10_000).partition(b"\r\n\r\n")

    lines = head.decode().split("\r\n")
    assert [line.partition(":")[0] for line in lines] == [
        "HTTP/1.1 200 OK",
        "Server",
        "Date",
        "Connection",
        "Content-Length",
    ]
    assert (lines[3], body) == ("Connection: keep-alive", b"body")


def test_a_connection_is_answered_again_and_again(loop: Loop) -> None:
    _, client = loop.connect()
    for _ in range(3):
        client.sendall(HEAD)
        loop.run_once()
        assert client.recv(10_000).endswith(b"body")


def test_nothing_is_sent_before_it_is_logged(loop: Loop) -> None:
    clients = [loop.connect()[1] for _ in range(3)]
    for client in clients:
        client.sendall(HEAD)
    loop.read()
    assert not loop.app.logged
    for client in clients:
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)

    loop.at_once.flush()

    assert loop.app.logged == ["/a"] * 3
    assert all(client.recv(10_000).endswith(b"body") for client in clients)


def test_a_group_is_not_larger_than_a_round_may_be_long(loop: Loop) -> None:
    for _, client in [loop.connect() for _ in range(MAX_GROUP + 1)]:
        client.sendall(HEAD)

    loop.read()

    assert len(loop.app.logged) == MAX_GROUP
    loop.at_once.flush()
    assert (len(loop.app.logged), loop.app.groups) == (MAX_GROUP + 1, [MAX_GROUP, 1])


def test_of_large_answers_no_more_are_held_than_may_be_sent_at_once(loop: Loop) -> None:
    loop.app.body = bytes(LARGE)
    written: list[int] = []
    loop.app.account = lambda answers: written.append(len(answers))  # type: ignore[method-assign]
    for _, client in [loop.connect() for _ in range(5)]:
        client.sendall(HEAD)

    loop.run_once()

    together = MAX_GROUP_BYTES // LARGE
    assert written == [together, 5 - together]


def test_what_the_client_does_not_take_is_sent_when_it_does(loop: Loop) -> None:
    loop.app.body = bytes(5_000_000) + b"end"
    connection, client = loop.connect()
    client.sendall(HEAD)
    loop.run_once()
    assert 0 < connection.size() <= PIECE_BYTES, "the rest is in a file"

    got = bytearray()
    while not got.endswith(bytes(100) + b"end"):
        got += client.recv(1_000_000)
        loop.run_once()

    assert got.partition(b"\r\n\r\n")[2] == loop.app.body
    assert not connection.sock.unsent
    assert not loop.closed


def test_a_connection_that_was_dropped_meanwhile_is_not_sent_to(loop: Loop) -> None:
    connection, client = loop.connect()
    client.sendall(HEAD)
    loop.read()
    assert loop.waiting.evict()

    loop.at_once.flush()

    assert loop.closed == [connection]


def test_a_client_that_is_gone_is_closed(loop: Loop) -> None:
    connection, client = loop.connect()
    client.sendall(HEAD)
    loop.read()
    client.close()

    loop.at_once.flush()

    assert loop.closed == [connection]


@pytest.mark.parametrize("path", [b"/none", b"/later"])
def test_other_requests_are_left_to_a_thread(loop: Loop, path: bytes) -> None:
    connection, client = loop.connect()
    client.sendall(HEAD.replace(b"/a", path))
    loop.run_once()

    assert loop.left == [connection]
    assert (connection.later is not None) == (path == b"/later")


@pytest.mark.parametrize("path", [b"/miss", b"/error"])
def test_what_is_not_known_is_left_to_a_thread_and_the_others_of_its_group_are_answered(loop: Loop, path: bytes) -> None:
    (_, before), (left, _), (_, after) = clients = [loop.connect() for _ in range(3)]
    for (_, client), asked in zip(clients, (b"/a", path, b"/a"), strict=True):
        client.sendall(HEAD.replace(b"/a", asked))
    loop.run_once()

    assert loop.left == [left]
    assert isinstance(left.later, Groupable) == (path == b"/miss")
    assert [before.recv(10_000)[-4:], after.recv(10_000)[-4:]] == [b"body"] * 2


def test_what_a_thread_is_to_answer_is_not_given_to_one_after_it_was_dropped(loop: Loop) -> None:
    connection, client = loop.connect()
    client.sendall(HEAD.replace(b"/a", b"/miss"))
    loop.read()
    assert loop.waiting.evict()

    loop.at_once.flush()

    assert (loop.left, loop.closed) == ([], [connection])


@pytest.mark.parametrize("cut", range(1, len(HEAD)))
def test_a_head_in_two_pieces_is_left_to_a_thread(loop: Loop, cut: int) -> None:
    connection, client = loop.connect()
    for piece in (HEAD[:cut], HEAD[cut:]):
        client.sendall(piece)
        loop.run_once()

    assert (loop.left, connection.later) == ([connection], None)


@pytest.mark.parametrize(("seconds", "size"), [(2 * SLOW, 10), (SLOW / 2, LARGE + 1)])
def test_after_a_slow_or_large_answer_threads_answer(loop: Loop, seconds: float, size: int) -> None:
    connections = [loop.connect() for _ in range(2)]
    loop.app.seconds, loop.app.body = seconds, bytes(size)
    for _, client in connections:
        client.sendall(HEAD)
    loop.run_once()

    assert len(loop.app.logged) == 1
    assert [connection.later is not None for connection in loop.left] == [True]


@pytest.mark.parametrize("kept", [True, False])
def test_a_thread_gets_the_answer_logged_and_says_whether_the_connection_is_kept(loop: Loop, kept: bool) -> None:
    connection, client = loop.connect()
    client.sendall(HEAD.replace(b"/a", b"/later"))
    loop.run_once()

    head, body = loop.at_once.answer_later(connection, kept=kept)

    assert (b"Connection: keep-alive" if kept else b"Connection: close") in bytes(head)
    assert (body, loop.app.logged, connection.later) == (b"body", ["/later"], None)
