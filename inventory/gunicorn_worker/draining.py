"""Connections that have had their last answer, until their clients have seen it.

To close a connection on which bytes are unread resets it, and the client may lose the answer that it was sent; many clients
read none before they have sent all. So what still comes is read and dropped, of all such clients together only so much at a
time, because it is worth less than any request.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from time import monotonic

from inventory.gunicorn_worker.connections import Connection

EVERY, AT_ONCE = 0.01, 2 * 1024 * 1024
"""Seconds between two times that something is dropped, and bytes that are dropped each time: 200 MiB a second."""
SILENT, LONGEST = 2.0, 10.0
"""Seconds of silence after which a client has surely seen its answer, and for which one that sends on is listened to."""


class Draining:
    """Has connections until their clients hang up, are silent or have sent for long enough; then it has them closed."""

    def __init__(self, close: Callable[[Connection], None]) -> None:
        self._close = close
        self._selector = selectors.DefaultSelector()
        self._connections: dict[Connection, None] = {}
        self._next = 0.0

    def __len__(self) -> int:
        return len(self._connections)

    def take(self, connection: Connection) -> None:
        """Say that nothing is to come any more, and listen to the client's last words."""
        try:
            connection.sock.shutdown(socket.SHUT_WR)
            self._selector.register(connection.sock, selectors.EVENT_READ, connection)
        except (OSError, ValueError):  # the client is gone
            self._close(connection)
            return
        now = monotonic()
        connection.deadline, connection.last_deadline = now + SILENT, now + LONGEST
        self._connections[connection] = None

    def turn(self) -> None:
        """Drop some of what has come, if it is time."""
        now = monotonic()
        if not self._connections or now < self._next:
            return
        self._next, left = now + EVERY, AT_ONCE
        while left > 0 and (ready := self._selector.select(0)):
            for key, _ in ready:
                left -= self._drop(key.data, now)
                if left <= 0:
                    return

    def sweep(self, now: float) -> None:
        """End those whose time is over."""
        for connection in [each for each in self._connections if each.deadline < now]:
            self._end(connection)

    def evict(self) -> bool:
        """End the one that has been here longest; whether there was one."""
        oldest = next(iter(self._connections), None)
        if oldest is not None:
            self._end(oldest)
        return oldest is not None

    def close(self) -> None:
        """End all."""
        for connection in list(self._connections):
            self._end(connection)
        self._selector.close()

    def _drop(self, connection: Connection, now: float) -> int:
        try:
            data = connection.sock.arrived()
        except BlockingIOError:
            return 0
        except OSError:
            data = b""
        if not data:
            self._end(connection)
            return 1
        connection.deadline = min(now + SILENT, connection.last_deadline)
        return len(data)

    def _end(self, connection: Connection) -> None:
        del self._connections[connection]
        self._selector.unregister(connection.sock)
        self._close(connection)
