"""How fast a client must be to be waited for: one rule for what it sends and for the answers that it takes."""

from __future__ import annotations

from math import exp, log
from time import monotonic

CLIENT_TIMEOUT = 15.0
"""Seconds for which a client may leave us waiting: as long as a kept connection may be idle."""
LEAST_RATE = 8 * 1024
"""Bytes a second that win a client its time back: 64 kbit/s, which any network of today can do."""
BEGINNING = 256 * 1024
"""Bytes of a body that are awaited before it costs a thread: it may end there, and if not it has shown how fast it comes."""


def later(deadline: float, now: float, moved: int) -> float:
    """The deadline of a client that has moved so many bytes: `CLIENT_TIMEOUT` ahead at most, however fast it was before."""
    return min(now + CLIENT_TIMEOUT, deadline + moved / LEAST_RATE)


def steady(size: int, seconds: float) -> float:
    """What came lately, as `Pace` has it, of so many bytes that came evenly in so many seconds."""
    remembered = seconds * log(2)
    return size * (1 - exp(-remembered)) / remembered if remembered > 0 else float(size)


class Pace:
    """How fast a body comes in that a thread reads; only time for which its client was waited for counts.

    `recent` is what came lately, in bytes: half of it is forgotten with each second of waiting, and more than `BEGINNING` is
    not remembered. Another thread may ask for it, and may end this upload, by which reading it fails.
    """

    def __init__(self, recent: float = BEGINNING) -> None:
        self.ended = False
        self._left = CLIENT_TIMEOUT
        self._recent = min(recent, BEGINNING)
        self._since: float | None = None

    def recent(self) -> float:
        """What came lately, as of now."""
        since = self._since
        return self._recent if since is None else self._faded(monotonic() - since)

    def wait(self) -> None:
        """Begin to wait for the client. `TimeoutError` if it is not waited for any more."""
        if self.ended or self._left <= 0:
            raise TimeoutError("the client is too slow")
        self._since = monotonic()

    def waited(self) -> None:
        """The wait is over, for now."""
        assert self._since is not None
        seconds = monotonic() - self._since
        self._recent, self._since = self._faded(seconds), None
        self._left -= seconds

    def received(self, size: int) -> None:
        """So many bytes came."""
        self._left = min(CLIENT_TIMEOUT, self._left + size / LEAST_RATE)
        self._recent = min(BEGINNING, self._recent + size)

    def _faded(self, seconds: float) -> float:
        return self._recent * exp(-seconds * log(2))
