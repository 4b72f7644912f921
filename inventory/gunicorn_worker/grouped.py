"""Requests that one thread answers together: misses, which then wait for one flush to the disk.

While it does so, the loop collects the next group. That takes a third less CPU than a thread for each round of the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

from inventory.gunicorn_worker.connections import Connection, Pieces

MAX_GROUP = 64
"""Requests of a group: the first of them waits until the last one is done."""
MAX_WAIT = 0.1
"""Seconds after which another thread takes the next group, because the store is slow."""
MAX_DELAY = 0.005
"""Seconds that a group waits at most for clients that were answered just now: they may ask again, and share its flush.

It waits half as long as the group before took.
"""


class Grouped:
    """Collects connections whose requests are answered together; all but `_work` belongs to the loop.

    `submit` runs a function in a thread, and `answer` gives the answers. `hand_back` gets connections that have been
    answered, each with whether it can be used on; it has the loop call `ended`.
    """

    def __init__(
        self,
        submit: Callable[[Callable[[Sequence[Connection]], None], Sequence[Connection]], object],
        answer: Callable[[Sequence[Connection]], Sequence[Pieces]],
        hand_back: Callable[[Sequence[tuple[Connection, bool]]], None],
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        """`ticks` counts seconds."""
        self._submit, self._answer, self._hand_back, self._ticks = submit, answer, hand_back, ticks
        self.waiting: list[Connection] = []
        """What no thread has taken yet."""
        self._working = 0
        self._since = self._not_before = 0.0
        self._expected = 0

    def add(self, connection: Connection) -> None:
        """Add a connection to the next group."""
        self.waiting.append(connection)

    def start(self) -> None:
        """Have a thread answer the next group, if it is time; called at the end of each round."""
        if not self.waiting:
            return
        now = self._ticks()
        if now > self._since + MAX_WAIT if self._working else self._are_all_here(now):
            group, self.waiting = self.waiting[:MAX_GROUP], self.waiting[MAX_GROUP:]
            self._working, self._since = self._working + 1, now
            self._submit(self._work, group)

    def _are_all_here(self, now: float) -> bool:
        """Whether those have come back that were answered just now, or had time to."""
        return len(self.waiting) >= self._expected or now >= self._not_before

    def ended(self, size: int) -> None:
        """Note that a group of this size was answered."""
        now = self._ticks()
        self._working -= 1
        self._expected = min(MAX_GROUP, len(self.waiting) + size)
        self._not_before = now + min(MAX_DELAY, (now - self._since) / 2)

    def _work(self, group: Sequence[Connection]) -> None:
        """Answer a group, in a thread, and hand its connections back to the loop, whatever happens."""
        usable = dict.fromkeys(group, False)
        try:
            for connection, answer in zip(group, self._answer(group), strict=True):
                connection.inbox.clear()
                with suppress(OSError):  # the client is gone
                    connection.sock.put(answer)
                    connection.sock.flush()
                    usable[connection] = True
        finally:
            self._hand_back(list(usable.items()))
