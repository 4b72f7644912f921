"""How fast the store answers, and what follows: how long claims last, and how many a worker has at once.

What is claimed must be settled before its lease ends. Otherwise it is collected again, and a slow store has even more to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from inventory.errors import StorageUnavailable

SLOW = 3.0
"""Seconds after which a call of the store, which may be several commands, is slow."""
CALLS_OF_A_CLAIM = 3
"""Calls that a lease allows for in addition, each as long as the slowest of late: its own, its renewal and its end."""
MAX_SLACK = timedelta(minutes=3)
"""What slow calls add to a lease at most."""
FORGOTTEN = 0.9
"""What counts of the slowest call after each further one."""
MAX_CLAIMS = 128
"""More than a worker has at once when nothing limits it."""


class StorePace:
    """What calls of the store took of late. Threads share it; one that comes in between costs a little precision at most."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        """`ticks` counts seconds."""
        self._ticks = ticks
        self._slowest = 0.0
        self.max_claims = MAX_CLAIMS

    @contextmanager
    def timed(self, *, claims: int = 0) -> Iterator[None]:
        """Measure a call, of so many claims. If it does not end in time, half as many are made at once from now on."""
        began = self._ticks()
        try:
            yield
        except StorageUnavailable:
            if claims and self._ticks() - began > SLOW:  # a store that is away says so at once
                self._shrink(claims)
            raise
        finally:
            self._slowest = max(self._ticks() - began, FORGOTTEN * self._slowest)

    @property
    def slack(self) -> timedelta:
        """By how much longer than usual everything takes that needs the store; nothing while it is quick."""
        if self._slowest < SLOW:
            return timedelta(0)
        return min(CALLS_OF_A_CLAIM * timedelta(seconds=self._slowest), MAX_SLACK)

    def lease(self, usual: timedelta) -> timedelta:
        """How long a claim is to last that lasts so long when the store is quick."""
        return usual + self.slack

    def note_settled(self, claims: int, *, left: timedelta) -> None:
        """So many claims were settled when so much of their lease was left. If that is nothing, the next ones are fewer."""
        if left <= timedelta(0):
            self._shrink(claims)
        elif claims >= self.max_claims:
            self.max_claims = min(claims + max(1, claims // 2), MAX_CLAIMS)

    def _shrink(self, claims: int) -> None:
        self.max_claims = max(1, min(self.max_claims, claims) // 2)
