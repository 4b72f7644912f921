"""Keys that were looked up in the last two seconds, so that the store is not asked for each request.

What is known of a key, also that there is none, holds for `LASTING` seconds in each process. So a revocation holds
everywhere within that time.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from threading import Lock
from typing import NamedTuple

from inventory.access.model import Key
from inventory.access.ports import Keys

LASTING = 2.0
"""Seconds."""
MAX_KEYS = 4_096
"""Keys that a process remembers. Who uses more at once has the store asked more often."""


class CachedKey(NamedTuple):
    """What is known of a digest until an instant of the monotonic clock: its key, or that there is none."""

    key: Key | None
    until: float


class KeyCache:
    """Finds keys by their digests. `ticks` is a monotonic clock."""

    def __init__(self, keys: Keys, ticks: Callable[[], float]) -> None:
        self._keys, self._ticks = keys, ticks
        self._known: dict[str, CachedKey] = {}
        self._lock = Lock()

    def find(self, digest: str) -> CachedKey:
        """The key of a digest, or that there is none, and how long that holds. May raise `StorageUnavailable`."""
        now = self._ticks()
        known = self._known.get(digest)
        if known is None or known.until <= now:
            found = self._keys.find(digest)
            # In constant time, although the store compared them already: nothing else decides whether a key is right.
            key = found if found is not None and compare_digest(found.digest, digest) else None
            known = CachedKey(key, now + LASTING)
            self._remember(digest, known)
        return known

    def forget(self, digest: str) -> None:
        """Ask the store for this key when it is used next."""
        with self._lock:
            self._known.pop(digest, None)

    def _remember(self, digest: str, known: CachedKey) -> None:
        with self._lock:
            self._known.pop(digest, None)  # to put it last: the first ones are the oldest
            while len(self._known) >= MAX_KEYS:
                del self._known[next(iter(self._known))]
            self._known[digest] = known
