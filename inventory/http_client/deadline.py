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
        self.extended = 0.0
        self._ends = ticks() + seconds

    def left(self) -> float:
        """Seconds left, more than 0; `SourceFailure` with code `timeout` when there are none."""
        left = self._ends - self.now()
        if left <= 0:
            raise self.passed()
        return left

    def extend(self, seconds: float) -> None:
        """End so much later. `extended` adds up: time that was lost here, and not at an upstream."""
        self.extended += seconds
        self._ends += seconds

    def passed(self) -> SourceFailure:
        """The failure of a collection that took too long."""
        return SourceFailure("timeout", f"The upstream did not respond in full within {self.seconds:g} seconds")
