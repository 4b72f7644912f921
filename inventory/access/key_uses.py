"""Notes when and from where keys were used last, at most once a minute for each, and never while a caller waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock, Thread

import structlog

from inventory.access.model import Key
from inventory.access.ports import Keys
from inventory.errors import StorageUnavailable, Unstorable

log = structlog.get_logger(__name__)

INTERVAL = timedelta(minutes=1)
MAX_KEYS = 4_096
"""Keys of which a process remembers when it noted them last."""

Start = Callable[[Callable[[], None]], object]


def in_a_thread(work: Callable[[], None]) -> None:
    """Do work beside the request. The process need not wait for it when it ends."""
    Thread(target=work, name="note-key-uses", daemon=True).start()


class KeyUses:
    """Writes uses of keys to the store, by one thread at a time, which `start` starts and which ends when all is written."""

    def __init__(self, keys: Keys, start: Start = in_a_thread) -> None:
        self._keys, self._start = keys, start
        self._noted: dict[str, datetime] = {}
        self._waiting: dict[str, tuple[datetime, str]] = {}
        self._is_writing = False
        self._lock = Lock()

    def note(self, key: Key, *, at: datetime, address: str) -> None:
        """Note that a key was used, unless that was done in the last minute, by whichever process.

        The clock of another host may be ahead: what it noted in the next minute counts, too.
        """
        noted = self._noted.get(key.id), key.last_used_at
        if any(each is not None and abs(at - each) < INTERVAL for each in noted):
            return
        with self._lock:
            while len(self._noted) >= MAX_KEYS:
                del self._noted[next(iter(self._noted))]
            self._noted[key.id] = at
            self._waiting[key.id] = at, address
            begins, self._is_writing = not self._is_writing, True
        if begins:
            self._start(self._write)

    def _write(self) -> None:
        try:
            while (use := self._next()) is not None:
                key_id, (at, address) = use
                try:
                    self._keys.note_use(key_id, at=at, address=address)
                except (StorageUnavailable, Unstorable) as error:
                    log.warning("key_use_not_noted", key=key_id, error=str(error))
        except BaseException:
            with self._lock:
                self._is_writing = False  # else nothing would be noted any more
            raise

    def _next(self) -> tuple[str, tuple[datetime, str]] | None:
        with self._lock:
            if not self._waiting:
                self._is_writing = False
                return None
            return self._waiting.popitem()
