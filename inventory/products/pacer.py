"""The distance between the requests of a feed, as its upstream sees it."""

from __future__ import annotations

from collections import deque


class Pacer:
    """Keeps requests apart that would be sent too close together: one may be delayed, by a new connection for example."""

    def __init__(self, rate: float) -> None:
        self._max_sent = max(1, int(rate))
        self._seconds = self._max_sent / rate
        self._sent_at: deque[float] = deque(maxlen=self._max_sent)

    def wait(self, now: float) -> float:
        """Seconds until the next one may be sent."""
        is_full = len(self._sent_at) == self._max_sent
        return max(0.0, self._sent_at[0] + self._seconds * 1.02 - now) if is_full else 0.0

    def sent(self, now: float) -> None:
        self._sent_at.append(now)
