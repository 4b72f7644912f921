"""Whether the store keeps what is written."""

from __future__ import annotations

from math import inf
from threading import Lock
from time import monotonic
from typing import Protocol

from inventory.errors import StorageUnavailable

STORE_TIMEOUT = 1.0
"""Seconds in which the store has to answer."""
PROBE_INTERVAL = 1.0
"""Seconds for which the outcome of a test write counts."""


class Probed(Protocol):
    """A store, as far as it is probed."""

    def try_writing(self, timeout: float) -> None:
        """See `Store.try_writing`."""


class WriteProbe:
    """Tests whether the store keeps what is written, at most once each `PROBE_INTERVAL` seconds in one process."""

    def __init__(self, store: Probed) -> None:
        self._store = store
        self._lock = Lock()
        self._probed_at = -inf
        self._error: StorageUnavailable | None = None

    def check(self) -> None:
        """Return if it does; otherwise raise what `Store.try_writing` raised."""
        with self._lock:
            if monotonic() - self._probed_at > PROBE_INTERVAL:
                self._error = None
                try:
                    self._store.try_writing(STORE_TIMEOUT)
                except StorageUnavailable as error:
                    self._error = error
                self._probed_at = monotonic()
            if self._error is not None:
                raise self._error
