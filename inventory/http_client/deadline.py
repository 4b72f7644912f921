"""One deadline for a whole collection: every wait gets what is left of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from inventory.errors import SourceFailure


class Deadline:
    """`seconds` from now. Each wait is given `left()`, so that a slow drip of bytes cannot prolong the whole."""

    def __init__(self, seconds: float, ticks: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.now = ticks
        self._ends = ticks() + seconds

    def left(self) -> float:
        """Seconds left, more than 0; `SourceFailure` with code `timeout` when there are none."""
        left = self._ends - self.now()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> SourceFailure:
        return SourceFailure("timeout", f"The upstream did not respond in full within {self.seconds:g} seconds")
