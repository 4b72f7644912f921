"""The connections of clients that are streamed to, so that one that is slow or gone costs next to nothing.

It costs a thread as long as it has its place, so places are few, and every wait for a client has a bound: one that hangs up
is noticed when it is next looked at; one whose network is gone, or that leaves unread what it is sent, when the patience is
over. The bounds are set on the connection, which is therefore never used for another request.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock

from inventory.errors import TooManyStreams


@dataclass(frozen=True, slots=True)
class Bounds:
    """`patience` is how many seconds a client may take to take a piece, or its network to acknowledge what was sent.

    `buffer` is how many bytes the kernel keeps for a client that does not read; by itself it would keep megabytes.
    """

    patience: int
    buffer: int


FOLLOWING = Bounds(patience=10, buffer=32 * 1024)
DOWNLOADING = Bounds(patience=30, buffer=512 * 1024)
"""A download cannot be resumed, and shall not be slow on a long way."""


class Client:
    """A client's connection. Where there is none to be had, under another server than ours, it is taken for well.

    A WebSocket can be spoken over it, so two threads may send.
    """

    def __init__(self, connection: socket.socket | None, bounds: Bounds = FOLLOWING) -> None:
        self._connection = connection
        self._patience = bounds.patience
        self._sending = Lock()
        if connection is None:
            return
        connection.settimeout(bounds.patience)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, bounds.buffer)
        if hasattr(socket, "TCP_USER_TIMEOUT") and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, bounds.patience * 1_000)

    def gone(self) -> bool:
        """Whether it has hung up, or its network was given up."""
        return self._connection is not None and self._poll(getattr(select, "POLLRDHUP", 0), 0) != 0

    def ready(self, *, at_once: bool = False) -> bool:
        """Whether there is room for a message, perhaps after waiting with patience; False too if it is gone."""
        seconds = 0 if at_once else self._patience
        return self._connection is None or self._poll(select.POLLOUT, seconds) == select.POLLOUT

    def end(self) -> None:
        """Hang up: what was sent still arrives, what comes from now on is not read."""
        if self._connection is not None:
            with suppress(OSError):  # it may be gone
                self._connection.shutdown(socket.SHUT_RDWR)

    def send(self, content: bytes) -> int:
        """Send all of the bytes; `OSError` if the client makes no room for them in time."""
        assert self._connection is not None
        with self._sending:
            self._connection.sendall(content)
        return len(content)

    def recv(self, size: int) -> bytes:
        """What the client says; nothing when it has hung up."""
        assert self._connection is not None
        return self._connection.recv(size)

    def close(self) -> None:
        """Hang up. The connection stays gunicorn's to close, which miscounts its connections if it finds one closed."""
        self.end()

    def fileno(self) -> int:
        """The descriptor."""
        assert self._connection is not None
        return self._connection.fileno()

    def _poll(self, what: int, seconds: float) -> int:
        """What of `what`, and of the errors that are always looked for, happens within that time."""
        poll = select.poll()
        poll.register(self.fileno(), what)
        return next((events for _, events in poll.poll(seconds * 1_000)), 0)


class StreamSlot:
    """A client's place among those that this process streams to, until it is closed; the connection ends with it."""

    def __init__(self, client: Client, leave: Callable[[], None]) -> None:
        self.client = client
        self._leave = leave
        self._open = True

    def close(self) -> None:
        """Hang up and leave; once, however often it is called by the one thread that has the place."""
        if self._open:
            self._open = False
            self.client.end()
            self._leave()


class StreamSlots:
    """Room for `number` clients at once."""

    def __init__(self, number: int) -> None:
        self._free = BoundedSemaphore(number)

    def take(self, connection: socket.socket | None, bounds: Bounds = FOLLOWING) -> StreamSlot:
        """A place for the client behind a connection. Raises `TooManyStreams`."""
        if not self._free.acquire(blocking=False):
            raise TooManyStreams("This process streams to as many clients as it may. Poll the job, or try again later.")
        try:
            return StreamSlot(Client(connection, bounds), self._free.release)
        except OSError:  # the connection is gone
            self._free.release()
            raise
