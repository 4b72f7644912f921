"""A client's connection, and the socket on which a thread that answers a request never waits for its client."""

from __future__ import annotations

import select
import socket
from typing import Any

from gunicorn.http import get_parser

from inventory.gunicorn_worker.arriving import Arrived, Body, head_has_arrived
from inventory.pace import Pace

RECEIVE = 64 * 1024
POLL_INTERVAL = 0.25
"""Seconds after which a thread that waits for an upload looks whether it was ended."""
MAX_PIECES = 64
"""Pieces of an answer that are sent as they are; more are joined first."""


class ClientSocket(socket.socket):
    """What is sent is collected until `flush`, and what is not there is not received, but for a body that has a `pace`.

    What came earlier is `given` back to it, and received first, in pieces: of what is pushed back at once the parser copies
    all that is left for each chunk of a body.

    A stream makes it an ordinary socket: by giving it a timeout it takes the connection over, and waits as it sees fit.
    """

    def __init__(self, plain: socket.socket) -> None:
        super().__init__(plain.family, plain.type, plain.proto, plain.detach())
        self.setblocking(False)
        self.unsent: list[bytes | memoryview] = []
        self.given = bytearray()
        self.pace: Pace | None = None

    @property
    def taken_over(self) -> bool:
        """Whether a stream has it."""
        return self.gettimeout() != 0.0

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Collect a piece of the answer."""
        if self.taken_over:
            super().sendall(data, flags)
        else:
            self.unsent.append(data)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """What has come. It is waited for if there is a pace that allows it; `TimeoutError` if not."""
        if self.given:
            piece = bytes(self.given[:bufsize])
            del self.given[:bufsize]
            return piece
        while True:
            try:
                data = super().recv(bufsize, flags)
            except BlockingIOError:
                self._wait()
                continue
            if self.pace is not None:
                self.pace.received(len(data))
            return data

    def arrived(self) -> bytes:
        """What has come by now, nothing if the client has hung up; `BlockingIOError` if neither."""
        return super().recv(RECEIVE)

    def flush(self) -> int:
        """Send what there is room for, and keep the rest; how many bytes were sent."""
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
        return sent

    def _wait(self) -> None:
        if self.pace is None:
            raise TimeoutError("the rest has not arrived")
        self.pace.wait()
        poll = select.poll()
        poll.register(self, select.POLLIN)
        poll.poll(POLL_INTERVAL * 1_000)
        self.pace.waited()


class Connection:
    """A connection: a thread has it, or the loop; never both."""

    def __init__(self, config: Any, sock: ClientSocket, client: Any, server: Any) -> None:
        self.sock, self.client, self.server = sock, client, server
        self.parser = get_parser(config, sock, client)
        self.inbox = bytearray()
        """What has come of the request, and no parser has seen."""
        self.arrived: Arrived = head_has_arrived
        """Tells whether enough has come."""
        self.request: Any = None
        """A request whose body is awaited."""
        self.body: Body
        """The body of the latest request."""
        self.body_since = 0.0
        """Since when it is awaited."""
        self.keep = True
        """Whether another request is awaited when the answer is sent."""
        self.deadline = self.last_deadline = self.since = 0.0
        self.held = self.moved = 0
        """Bytes that are kept for it, and that have come or gone `since` it is waited for."""

    def size(self) -> int:
        """Bytes that are kept for it."""
        return len(self.inbox) + sum(map(len, self.sock.unsent))

    def take_back(self) -> None:
        """Have what the parser did not need lie in the inbox."""
        self.inbox += self.parser.unreader.take_buffered() + self.sock.given
        self.sock.given.clear()

    def feed(self) -> None:
        """Give the parser what is in the inbox."""
        self.sock.given, self.inbox = self.inbox, self.sock.given
