"""How fast a client must send a request, or take an answer, for the service to wait for it."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log
from time import monotonic

CLIENT_TIMEOUT = 15.0
"""Seconds for which a client may keep the service waiting; also how long a kept connection may be idle."""
MIN_RATE = 8 * 1024
"""Bytes a second by which a client wins its time back: 64 kbit/s."""
BUFFERED_BODY = 256 * 1024
"""Bytes of a body that are awaited before a thread reads it: a longer one has shown its speed by then."""


def extend(deadline: float, now: float, moved: int) -> float:
    """The new deadline of a client that moved so many bytes: at most `CLIENT_TIMEOUT` from now, however fast it is."""
    return min(now + CLIENT_TIMEOUT, deadline + moved / MIN_RATE)


def recent_bytes(size: int, seconds: float) -> float:
    """What `ClientSpeed.recent` is after so many bytes that came evenly in so many seconds."""
    remembered = seconds * log(2)
    return size * (1 - exp(-remembered)) / remembered if remembered > 0 else float(size)


class ClientSpeed:
    """How fast a body arrives that a thread reads; only time spent waiting for the client counts.

    `recent` is in bytes: each second of waiting halves it, and `BUFFERED_BODY` bounds it. Another thread may read it, and
    may set `ended`, which makes the next wait fail.
    """

    def __init__(self, recent: float = BUFFERED_BODY, *, ticks: Callable[[], float] = monotonic) -> None:
        self.ended = False
        self._ticks = ticks
        self._left = CLIENT_TIMEOUT
        self._recent = min(recent, BUFFERED_BODY)
        self._since: float | None = None

    def recent(self) -> float:
        """What arrived lately, as of now."""
        since = self._since
        return self._recent if since is None else self._faded(self._ticks() - since)

    def wait(self) -> None:
        """Begin to wait for the client; `TimeoutError` if its time is over or the upload was ended."""
        if self.ended or self._left <= 0:
            raise TimeoutError("the client is too slow")
        self._since = self._ticks()

    def waited(self) -> None:
        """End the wait."""
        assert self._since is not None
        seconds = self._ticks() - self._since
        self._recent, self._since = self._faded(seconds), None
        self._left -= seconds

    def received(self, size: int) -> None:
        """Count bytes that arrived."""
        self._left = min(CLIENT_TIMEOUT, self._left + size / MIN_RATE)
        self._recent = min(BUFFERED_BODY, self._recent + size)

    def _faded(self, seconds: float) -> float:
        return self._recent * exp(-seconds * log(2))
