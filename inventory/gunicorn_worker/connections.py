"""A client's connection, and a socket on which a thread that answers never waits for the client."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from gunicorn.http import get_parser

from inventory.client_speed import ClientSpeed
from inventory.gunicorn_worker.answer_file import PIECE_BYTES, AnswerFile
from inventory.gunicorn_worker.arriving import Arrived, Body, head_has_arrived
from inventory.web_api.shortcut import Groupable, Later

RECEIVE = 64 * 1024
MAX_RECEIVE = 256 * 1024
"""Bytes of an upload that are received at once: gunicorn asks for 1 MB, and copies what is left of it at each read."""
POLL_INTERVAL = 0.25
"""Seconds after which a thread that waits for an upload checks whether it was ended."""
MAX_PIECES = 64
"""Pieces of an answer that are sent as they are; more are joined first."""
LARGE_PIECE = 1024 * 1024
"""Bytes of a piece from which the rest of an answer is in a file, because clients that take it may be slow and many."""


Pieces = list[bytes | memoryview]
"""An answer, or what is left of it."""


def nothing() -> None:
    """What a connection does that nobody takes over."""


class ClientSocket(socket.socket):
    """Collects what is sent until `flush`, and receives only what has arrived, except for a body that has a `speed`.

    `pushed_back` is what arrived earlier; it is received first, and in pieces. gunicorn's parser has a buffer of its own for
    that, but copies all the rest of it for each chunk of a body.

    A stream takes the connection over by setting a timeout; from then on this is an ordinary socket.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock.family, sock.type, sock.proto, sock.detach())
        self.setblocking(False)
        self.unsent: Pieces = []
        self._rest: AnswerFile | None = None
        """What comes after `unsent`, which is empty only if there is no more."""
        self.pushed_back = bytearray()
        self.speed: ClientSpeed | None = None
        self.when_taken_over: Callable[[], object] = nothing

    def settimeout(self, value: float | None) -> None:
        """Let a stream take the connection over."""
        super().settimeout(value)
        self.when_taken_over()

    @property
    def taken_over(self) -> bool:
        """Whether a stream has taken it over."""
        return self.gettimeout() != 0.0

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Collect a piece of the answer."""
        if self.taken_over:
            super().sendall(data, flags)
        elif self._rest is not None:
            self._rest.write(data)
        elif len(data) < LARGE_PIECE:
            self.unsent.append(data)
        else:
            self._send_from_file(data)

    def put(self, answer: Pieces) -> None:
        """Collect a whole answer that was made without gunicorn."""
        if len(answer[-1]) < LARGE_PIECE:
            self.unsent = answer
        else:
            for piece in answer:
                self.sendall(piece)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Receive what has arrived. With a speed it is waited for; `TimeoutError` if that does not allow it."""
        if self.pushed_back:
            piece = bytes(self.pushed_back[:bufsize])
            del self.pushed_back[:bufsize]
            return piece
        while True:
            try:
                data = super().recv(min(bufsize, MAX_RECEIVE), flags)
            except BlockingIOError:
                self._wait()
                continue
            if self.speed is not None:
                self.speed.received(len(data))
            return data

    def arrived(self) -> bytes:
        """Receive what has arrived, nothing if the client has hung up; `BlockingIOError` if neither."""
        return super().recv(RECEIVE)

    def flush(self) -> int:
        """Send as much as the system takes, and keep the rest; the number of bytes sent."""
        if len(self.unsent) > MAX_PIECES:
            self.unsent = [b"".join(self.unsent)]
        try:
            sent = self.sendmsg(self.unsent)
        except BlockingIOError:
            return 0
        left = sent
        while self.unsent and left >= len(self.unsent[0]):
            left -= len(self.unsent.pop(0))
        if left:
            self.unsent[0] = memoryview(self.unsent[0])[left:]
        elif not self.unsent and self._rest is not None:
            self.unsent = self._rest.next()
            self._rest = self._rest if self.unsent else None
        return sent

    def close(self) -> None:
        """Close the connection, and forget what was not sent."""
        if self._rest is not None:
            self._rest.close()
        super().close()

    def _send_from_file(self, data: bytes) -> None:
        """Keep the start of a large piece in memory, and the rest in a file if there is room for one."""
        with ExitStack() as undo:
            try:
                rest = AnswerFile()
                undo.callback(rest.close)
                rest.write(memoryview(data)[PIECE_BYTES:])
            except OSError:  # in memory then, of which the loop bounds how much all answers take
                self.unsent.append(data)
            else:
                undo.pop_all()
                self._rest = rest
                self.unsent.append(data[:PIECE_BYTES])

    def _wait(self) -> None:
        if self.speed is None:
            raise TimeoutError("the rest has not arrived")
        self.speed.wait()
        poll = select.poll()
        poll.register(self, select.POLLIN)
        poll.poll(POLL_INTERVAL * 1_000)
        self.speed.waited()


class Connection:
    """A connection, which belongs to one thread or to the loop, never to both."""

    def __init__(self, config: Any, sock: ClientSocket, client: Any, server: Any) -> None:
        self.sock, self.client, self.server = sock, client, server
        self.parser = get_parser(config, sock, client)
        self.inbox = bytearray()
        """What has arrived of the request and was not parsed yet."""
        self.arrived: Arrived = head_has_arrived
        """Tells whether enough has arrived."""
        self.request: Any = None
        """A request whose body is awaited."""
        self.body: Body
        """The body of the latest request."""
        self.body_since = 0.0
        """When waiting for it began."""
        self.later: Later | Groupable | None = None
        """What answers the request that has arrived, in a thread and without a parser."""
        self.keep = True
        """Whether another request may follow the answer."""
        self.deadline = self.last_deadline = self.since = 0.0
        self.kept = self.moved = 0
        """Bytes that are kept in memory for it, and bytes received or sent `since` waiting for it began."""

    def size(self) -> int:
        """Bytes that are in memory for it now."""
        return len(self.inbox) + sum(map(len, self.sock.unsent))

    def take_back(self) -> None:
        """Put what the parser did not need back into the inbox."""
        self.inbox += self.parser.unreader.take_buffered() + self.sock.pushed_back
        self.sock.pushed_back.clear()

    def feed(self) -> None:
        """Give the parser what is in the inbox."""
        self.sock.pushed_back, self.inbox = self.inbox, self.sock.pushed_back
