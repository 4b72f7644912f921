"""Slots for clients that are streamed to, and bounds on how long each may keep one waiting.

A client occupies a thread as long as it has a slot, so slots are few and every wait has a bound. A client that hangs up is
noticed at the next poll. One whose network is gone, or that does not read, is noticed after the timeout. The bounds are set
on the connection, which is therefore never used for another request.
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
    """Seconds that a client may take to make room, and bytes that the kernel keeps for one that does not read."""

    timeout: int
    buffer: int


FOLLOWING = Bounds(timeout=10, buffer=32 * 1024)
DOWNLOADING = Bounds(timeout=30, buffer=512 * 1024)
"""More, because a download cannot be resumed, and has to be fast over long distances too."""


class Client:
    """A client's connection, None under another server: then the client is assumed to be well. Two threads may send."""

    def __init__(self, connection: socket.socket | None, bounds: Bounds = FOLLOWING) -> None:
        self._connection = connection
        self._timeout = bounds.timeout
        self._sending = Lock()
        if connection is None:
            return
        connection.settimeout(bounds.timeout)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, bounds.buffer)
        if hasattr(socket, "TCP_USER_TIMEOUT") and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, bounds.timeout * 1_000)

    def gone(self) -> bool:
        """Whether it has hung up, or its network did not respond in time."""
        return self._connection is not None and self._poll(getattr(select, "POLLRDHUP", 0), 0) != 0

    def ready(self, *, at_once: bool = False) -> bool:
        """Whether there is room for a message, after waiting for it unless `at_once`; False too if the client is gone."""
        seconds = 0 if at_once else self._timeout
        return self._connection is None or self._poll(select.POLLOUT, seconds) == select.POLLOUT

    def send(self, content: bytes) -> int:
        """Send all of the bytes; `OSError` if the client does not make room for them in time."""
        assert self._connection is not None
        with self._sending:
            self._connection.sendall(content)
        return len(content)

    def recv(self, size: int) -> bytes:
        """Bytes from the client; none when it has hung up."""
        assert self._connection is not None
        return self._connection.recv(size)

    def close(self) -> None:
        """Hang up; what was sent still arrives. gunicorn closes the connection: it miscounts if it finds one closed."""
        if self._connection is not None:
            with suppress(OSError):  # it may be gone
                self._connection.shutdown(socket.SHUT_RDWR)

    def fileno(self) -> int:
        """The descriptor."""
        assert self._connection is not None
        return self._connection.fileno()

    def _poll(self, what: int, seconds: float) -> int:
        """Which of the events `what`, and of the errors that are always polled, happen within that time."""
        poll = select.poll()
        poll.register(self.fileno(), what)
        return next((events for _, events in poll.poll(seconds * 1_000)), 0)


class StreamSlot:
    """A client's slot, until it is closed; the connection ends with it."""

    def __init__(self, client: Client, leave: Callable[[], None]) -> None:
        self.client = client
        self._leave = leave
        self._open = True

    def close(self) -> None:
        """Hang up and free the slot; once, however often the one thread that has it calls this."""
        if self._open:
            self._open = False
            self.client.close()
            self._leave()


class StreamSlots:
    """Room for `number` clients at once."""

    def __init__(self, number: int) -> None:
        self._free = BoundedSemaphore(number)

    def take(self, connection: socket.socket | None, bounds: Bounds = FOLLOWING) -> StreamSlot:
        """A slot for the client of a connection. Raises `TooManyStreams`."""
        if not self._free.acquire(blocking=False):
            raise TooManyStreams("This process streams to as many clients as it may. Poll the job, or try again later.")
        try:
            return StreamSlot(Client(connection, bounds), self._free.release)
        except OSError:  # the client is gone
            self._free.release()
            raise
