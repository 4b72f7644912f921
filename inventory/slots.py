"""Slots of one process: how many requests do at once what takes long, because lookups need threads, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from inventory.errors import TooManyRequests


class Slots:
    """A number of slots; a request waits for one for `max_wait` seconds."""

    def __init__(self, number: int, *, max_wait: float = 0.0) -> None:
        self._free = BoundedSemaphore(number)
        self._max_wait = max_wait

    @contextmanager
    def one(self, reason: str) -> Iterator[None]:
        """Hold a slot; `TooManyRequests` with the reason if none becomes free in time."""
        if not self._free.acquire(timeout=self._max_wait):
            raise TooManyRequests(f"{reason} Send the same request again in a moment.")
        try:
            yield
        finally:
            self._free.release()
