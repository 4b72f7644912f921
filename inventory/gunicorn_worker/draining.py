"""Connections that have been sent their last answer, until their clients have read it.

Closing a connection with unread bytes resets it, and the client may lose the answer: many clients read none before they
have sent everything. So what still arrives is read and dropped. The rate of that is bounded for all such clients together,
because requests come first.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from time import monotonic

from inventory.gunicorn_worker.connections import Connection

DROP_INTERVAL = 0.01
"""Seconds between two times that bytes are dropped."""
MAX_DROP = 2 * 1024 * 1024
"""Bytes that are dropped each time, which makes 200 MiB a second."""
SILENCE_TIMEOUT = 2.0
"""Seconds of silence after which a client has surely read its answer."""
DRAIN_TIMEOUT = 10.0
"""Seconds after which a client that still sends is disconnected."""


class Draining:
    """Keeps connections until their clients hang up, fall silent or have sent for too long; then closes them."""

    def __init__(self, close: Callable[[Connection], None]) -> None:
        self._close = close
        self._selector = selectors.DefaultSelector()
        self._connections: dict[Connection, None] = {}
        self._next = 0.0

    def __len__(self) -> int:
        return len(self._connections)

    def take(self, connection: Connection) -> None:
        """Shut down sending, and begin to drop what still arrives."""
        try:
            connection.sock.shutdown(socket.SHUT_WR)
            self._selector.register(connection.sock, selectors.EVENT_READ, connection)
        except (OSError, ValueError):  # the client is gone
            self._close(connection)
            return
        now = monotonic()
        connection.deadline, connection.last_deadline = now + SILENCE_TIMEOUT, now + DRAIN_TIMEOUT
        self._connections[connection] = None

    def drop_some(self) -> None:
        """Drop some of what has arrived, if it is time."""
        now = monotonic()
        if not self._connections or now < self._next:
            return
        self._next, left = now + DROP_INTERVAL, MAX_DROP
        while left > 0 and (ready := self._selector.select(0)):
            for key, _ in ready:
                left -= self._drop(key.data, now)
                if left <= 0:
                    return

    def sweep(self, now: float) -> None:
        """Close those whose time is over."""
        for connection in [each for each in self._connections if each.deadline < now]:
            self._end(connection)

    def evict(self) -> bool:
        """Close the oldest one; whether there was one."""
        oldest = next(iter(self._connections), None)
        if oldest is not None:
            self._end(oldest)
        return oldest is not None

    def close(self) -> None:
        """Close all."""
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
        connection.deadline = min(now + SILENCE_TIMEOUT, connection.last_deadline)
        return len(data)

    def _end(self, connection: Connection) -> None:
        del self._connections[connection]
        self._selector.unregister(connection.sock)
        self._close(connection)
