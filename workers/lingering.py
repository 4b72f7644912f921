"""A worker stays a moment after its last collection: the next lookups need no RQ job then.

The end of an RQ job and the beginning of the next one take some 5 ms of CPU (docs/speed.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

LINGER_SECONDS = 0.1
"""How long a worker stays after its last collection."""
LOOK_EVERY = 0.01
"""Seconds after which it looks again for what is due meanwhile: what came in this time is collected together."""


class Lingering:
    """What a collector asks for `more`: it waits for the batches of jobs, and after them for `LINGER_SECONDS`."""

    def __init__(
        self, of_jobs: Callable[[float], bool], stopping: Event, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._of_jobs, self._stopping, self._ticks = of_jobs, stopping, ticks
        self._until = 0.0

    def more(self, seconds: float) -> bool:
        """Whether more may become due soon. `seconds` is 0 while collections are in flight."""
        if not seconds:
            self._until = self._ticks() + LINGER_SECONDS
        if self._of_jobs(seconds):
            return True
        if not seconds or self._ticks() >= self._until:
            return False
        return not self._stopping.wait(LOOK_EVERY)
