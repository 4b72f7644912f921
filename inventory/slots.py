"""Slots of one process: how many requests do at once what takes long, because lookups need threads and the interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import BoundedSemaphore

from inventory.errors import TooManyRequests


class Slots:
    """A number of slots. A request waits for one for `max_wait` seconds.

    With those that have one, no more requests wait than are `admitted`.
    """

    def __init__(self, number: int, *, max_wait: float = 0.0, admitted: int | None = None) -> None:
        self._free = BoundedSemaphore(number)
        self._max_wait = max_wait
        self._admitted = None if admitted is None else BoundedSemaphore(admitted)

    @contextmanager
    def one(self, reason: str) -> Iterator[None]:
        """Hold a slot; `TooManyRequests` with the reason if none becomes free in time, or if too many wait."""
        if self._admitted is not None and not self._admitted.acquire(blocking=False):
            raise _too_many(reason)
        with nullcontext() if self._admitted is None else _released(self._admitted):
            if not self._free.acquire(timeout=self._max_wait):
                raise _too_many(reason)
            with _released(self._free):
                yield

    @contextmanager
    def next(self) -> Iterator[None]:
        """Hold a slot for the next step of what had one before, however long it takes to become free."""
        with self._free:
            yield


@contextmanager
def _released(taken: BoundedSemaphore) -> Iterator[None]:
    try:
        yield
    finally:
        taken.release()


def _too_many(reason: str) -> TooManyRequests:
    return TooManyRequests(f"{reason} Send the same request again in a moment.")
