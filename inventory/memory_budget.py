"""A number of bytes that the collections of a process share: what does not fit waits, in the order of asking."""

from __future__ import annotations

import math
from collections import deque
from threading import Condition
from time import monotonic

from inventory.errors import NoRoom

MAX_WAIT = 10.0
"""Seconds that a collection waits for memory in all: most of the 15 s that its lease has beyond the deadline of a fetch."""
RETRY_AFTER = 5.0
"""Seconds after which it may be tried again."""


class MemoryBudget:
    """A number of bytes, and who waits for some of them, up to `max_wait` seconds in all. Threads share it."""

    def __init__(self, size: float, *, max_wait: float = MAX_WAIT) -> None:
        self.size = size
        self.max_wait = max_wait
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

    def wait_for(self, room: Room, size: float, seconds: float) -> bool:
        """Wait until so many bytes are free and all who asked earlier were served; they are then of the room.

        False if that takes longer than so many seconds.
        """
        with self._changed:
            self._queue.append(room)
            try:
                is_there = self._changed.wait_for(lambda: self._queue[0] is room and self._free >= size, seconds)
                self._free -= size if is_there else 0
                return is_there
            finally:
                self._queue.remove(room)
                self._changed.notify_all()


class Room:
    """The bytes that one collection holds. One that is dropped gives them back.

    It holds none while it waits, and who has bytes waits for no upstream and no client: so nobody waits for ever.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._wait_left = budget.max_wait
        self.held = 0.0

    def take(self, size: int) -> None:
        """Hold so many bytes in place of those held so far, once they are free; all that there are if those are fewer.

        Raises `NoRoom`, and holds none, once this has waited for `max_wait` seconds in all.
        """
        self.keep(0)
        wanted, begun = min(size, self._budget.size), monotonic()
        is_there = self._budget.wait_for(self, wanted, self._wait_left)
        self._wait_left = max(0.0, self._wait_left - (monotonic() - begun))
        if not is_there:
            raise NoRoom(f"Other large bodies took the memory for them for {self._budget.max_wait:g} s.", RETRY_AFTER)
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
