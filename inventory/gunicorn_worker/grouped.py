"""Requests of one round of the loop that one thread answers together: misses, which then wait for one flush to the disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from inventory.gunicorn_worker.connections import Connection, Pieces

MAX_GROUP = 16
"""Requests of a group: the first of them waits until the last one is done."""


class Grouped:
    """Collects connections whose requests are answered together; `start` has a thread answer those.

    `submit` runs a function in a thread, `answer` gives the answers, and `hand_back` gets connections that have been
    answered, each with whether it can be used on.
    """

    def __init__(
        self,
        submit: Callable[[Callable[[Sequence[Connection]], None], Sequence[Connection]], object],
        answer: Callable[[Sequence[Connection]], Sequence[Pieces]],
        hand_back: Callable[[Sequence[tuple[Connection, bool]]], None],
    ) -> None:
        self._submit, self._answer, self._hand_back = submit, answer, hand_back
        self._connections: list[Connection] = []

    def add(self, connection: Connection) -> None:
        """Add a connection to the group."""
        self._connections.append(connection)
        if len(self._connections) == MAX_GROUP:
            self.start()

    def start(self) -> None:
        """Have a thread answer the group; called at the end of each round."""
        if self._connections:
            group, self._connections = self._connections, []
            self._submit(self._work, group)

    def _work(self, group: Sequence[Connection]) -> None:
        """Answer a group, in a thread, and hand its connections back to the loop, whatever happens."""
        usable = dict.fromkeys(group, False)
        try:
            for connection, answer in zip(group, self._answer(group), strict=True):
                connection.inbox.clear()
                connection.sock.unsent = answer
                with suppress(OSError):  # the client is gone
                    connection.sock.flush()
                    usable[connection] = True
        finally:
            self._hand_back(list(usable.items()))
