"""Pipelined requests: those sent before the previous one was answered (RFC 9112, section 9.3.2).

A client could send thousands at once, though none in use does. Those of all connections are handled one after the other, so
together they cost others no more than one busy client does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic

from inventory.gunicorn_worker.connections import Connection

MAX_WAIT = 0.25
"""Seconds after which the next request starts although the previous one is still being answered, which can take minutes."""


class Pipelined:
    """Queues connections whose next request has arrived already."""

    def __init__(self, work: Callable[[Connection], None]) -> None:
        self._work = work
        self._queue: deque[Connection] = deque()
        self._current: Connection | None = None
        self._since = 0.0

    def add(self, connection: Connection) -> None:
        """Queue a connection."""
        self._queue.append(connection)
        self.start_next()

    def handled(self, connection: Connection) -> None:
        """Note that a request was handled."""
        if connection is self._current:
            self._current = None
            self.start_next()

    def start_next(self) -> None:
        """Start the next request, if it is time."""
        now = monotonic()
        if self._queue and (self._current is None or now > self._since + MAX_WAIT):
            self._current, self._since = self._queue.popleft(), now
            self._work(self._current)
