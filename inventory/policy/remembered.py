"""Values by what they follow from, as many as there is room for."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")

MAX_KEY = 5_000
"""Characters of a key, as Python writes it; what follows from a longer one is not kept."""


class Remembered(Generic[Value]):
    """The first that came leaves when there are too many. Threads may share it."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._kept: dict[Hashable, Value] = {}
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value of a key, None if it is not there."""
        return self._kept.get(key)

    def keep(self, key: Hashable, value: Value) -> None:
        """Keep the value of a key, unless the key is large."""
        if len(repr(key)) > MAX_KEY:
            return
        with self._lock:
            if len(self._kept) >= self._at_most:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = value
