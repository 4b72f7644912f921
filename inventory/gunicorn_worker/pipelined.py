"""Requests that were sent before the one before them was answered (RFC 9112, section 9.3.2).

A client can send thousands at once, and no client in use does. They are worked on one after the other, those of all
connections, so that they cost others no more than one busy client does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic

from inventory.gunicorn_worker.connections import Connection

LONG = 0.25
"""Seconds after which the next one is not kept waiting any longer: an answer can take minutes."""


class Pipelined:
    """Has connections whose next request is here already, until it is its turn."""

    def __init__(self, work: Callable[[Connection], None]) -> None:
        self._work = work
        self._queue: deque[Connection] = deque()
        self._at_work: Connection | None = None
        self._since = 0.0

    def add(self, connection: Connection) -> None:
        """Have its request worked on when it is its turn."""
        self._queue.append(connection)
        self.turn()

    def worked(self, connection: Connection) -> None:
        """It was worked on."""
        if connection is self._at_work:
            self._at_work = None
            self.turn()

    def turn(self) -> None:
        """Go on to the next one, if it is time."""
        now = monotonic()
        if self._queue and (self._at_work is None or now > self._since + LONG):
            self._at_work, self._since = self._queue.popleft(), now
            self._work(self._at_work)
