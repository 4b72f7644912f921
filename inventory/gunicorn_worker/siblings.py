"""Spreads connections evenly over the processes: each leaves a new one for a moment to those that have fewer.

All wait at the same listener, and the system wakes them all. The one that runs first would accept a burst alone, and then
one core would answer it while others idle.
"""

from __future__ import annotations

import mmap
from typing import Any, ClassVar

WAIT = 0.002
"""Seconds for which a new connection is left to others."""
GIVE_UP = 0.1
"""Seconds for which nothing is left to others after they took nothing in that time: they are busy."""
NEAR = 8
"""A process accepts several connections at once while it has at most an eighth more than the others."""
SLOTS = 64
"""Processes whose numbers are known. If there were more, some would share a number, and connections be less even."""


def share() -> None:
    """Make the memory that the processes forked from now on share: once for each server, before it forks."""
    Siblings.numbers = memoryview(mmap.mmap(-1, 4 * SLOTS)).cast("I")


def forget(_server: Any, worker: Any) -> None:
    """Note that a process has ended, however it did (gunicorn's hook `child_exit`)."""
    Siblings.numbers[worker.age % SLOTS] = 0


class Siblings:
    """What a process tells the others, and what it leaves to them; `age` is gunicorn's number of the process."""

    numbers: ClassVar[memoryview]
    """One more than the connections of each process, 0 where there is none."""

    def __init__(self, age: int) -> None:
        self._slot = age % SLOTS
        self._left_at, self._fewest, self._alone_until = 0.0, 0, 0.0

    def tell(self, connections: int) -> None:
        """Tell the others how many connections this process has."""
        self.numbers[self._slot] = connections + 1

    def leave(self) -> None:
        """Tell them that it accepts none any more."""
        self.numbers[self._slot] = 0

    def should_accept(self, now: float) -> bool:
        """Whether to accept a connection that has arrived, instead of leaving it to a process that has fewer."""
        fewest = self._fewest_now()
        if fewest >= self.numbers[self._slot] or now < self._alone_until:
            return True
        waited = now - self._left_at
        if fewest != self._fewest or waited > GIVE_UP:  # another connection than that which was left before
            self._left_at, self._fewest = now, fewest
        elif waited >= WAIT:
            self._alone_until = now + GIVE_UP
            return True
        return False

    def is_near(self) -> bool:
        """Whether this process has so few connections that another one leaves it near those that have fewest."""
        fewest = self._fewest_now()
        return self.numbers[self._slot] <= fewest + fewest // NEAR

    def _fewest_now(self) -> int:
        return min((number for number in self.numbers if number), default=0)  # one in our slot may have ended
