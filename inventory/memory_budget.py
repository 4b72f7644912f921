"""A number of bytes that the collections of a process share: what does not fit waits, in the order of asking."""

from __future__ import annotations

import math
from collections import deque
from threading import Condition


class MemoryBudget:
    """A number of bytes, and who waits for some of them. Threads share it."""

    def __init__(self, size: float) -> None:
        self.size = size
        self._free = size
        self._queue: deque[Room] = deque()
        self._changed = Condition()

    def room(self) -> Room:
        """The room of one collection, which holds nothing yet."""
        return Room(self)

    def give(self, size: float) -> None:
        """Take bytes back, and let those who wait look again."""
        with self._changed:
            self._free += size
            self._changed.notify_all()

    def wait_for(self, room: Room, size: float) -> None:
        """Return once so many bytes are free and all who asked earlier were served; they are then of the room."""
        with self._changed:
            self._queue.append(room)
            try:
                self._changed.wait_for(lambda: self._queue[0] is room and self._free >= size)
                self._free -= size
            finally:
                self._queue.remove(room)
                self._changed.notify_all()


class Room:
    """The bytes that one collection holds. One that is dropped gives them back.

    It holds none while it waits, and who has bytes waits for no upstream and no client: so nobody waits for ever.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self.held = 0.0

    def take(self, size: int) -> None:
        """Hold so many bytes in place of those held so far, once they are free; all that there are if those are fewer."""
        self.keep(0)
        wanted = min(size, self._budget.size)
        self._budget.wait_for(self, wanted)
        self.held = wanted

    def keep(self, size: int) -> None:
        """Give back all but so many bytes."""
        surplus = self.held - size
        if surplus > 0:
            self.held -= surplus
            self._budget.give(surplus)

    def __del__(self) -> None:
        self.keep(0)


UNLIMITED = MemoryBudget(math.inf)
"""Of collections that share nothing."""
