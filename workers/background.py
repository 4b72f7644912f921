"""Work in a thread of a worker, beside what RQ lets it do: a receiver of messages that hangs keeps no lookup waiting."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread


class Background:
    """Does one thing at a time in a thread. The process ends after it."""

    def __init__(self, work: Callable[[str | None], object], *, name: str) -> None:
        self._work, self._name = work, name
        self._lock = Lock()
        self._thread: Thread | None = None

    def begin(self, first: str | None) -> bool:
        """Begin the work with `first`; False if it is being done already."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return False
            self._thread = Thread(target=self._work, args=(first,), name=self._name)
            self._thread.start()
            return True

    def join(self, seconds: float) -> bool:
        """Wait for the end of the work; False if it does not come in time."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()
