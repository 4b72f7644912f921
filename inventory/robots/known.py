"""What was read of robots.txt lately, by snapshot: a snapshot never changes, so this is never out of date."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from inventory.robots.decisions import Robots

MAX_SIZE = 1024 * 1024
"""Of the texts together. In memory one of many short rules takes up to 66 times its size, most take a tenth of that."""


class KnownRobots:
    """The robots.txt that were used last, within a limit of their size. Threads share it."""

    def __init__(self, max_size: int = MAX_SIZE) -> None:
        self._max_size, self._size = max_size, 0
        self._known: OrderedDict[str, Robots] = OrderedDict()
        self._lock = Lock()

    def find(self, snapshot_id: str) -> Robots | None:
        """What a snapshot says, if it is known."""
        with self._lock:
            robots = self._known.get(snapshot_id)
            if robots is not None:
                self._known.move_to_end(snapshot_id)
            return robots

    def keep(self, snapshot_id: str, robots: Robots) -> None:
        """Remember what a snapshot says, and forget what was used longest ago."""
        with self._lock:
            if snapshot_id in self._known:
                return
            self._known[snapshot_id] = robots
            self._size += robots.size
            while self._size > self._max_size and len(self._known) > 1:
                _, forgotten = self._known.popitem(last=False)
                self._size -= forgotten.size
