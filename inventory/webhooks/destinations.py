"""How many messages are on their way to each destination, and when it is the turn of another one."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from inventory.webhooks.model import WEBHOOK, Delivery

MAX_AT_ONCE = 2
"""Messages that one program sends to a destination at the same time."""
FIRST_PACE, QUICKEST = 0.25, 0.02
"""Seconds that a message is expected to take before one was sent, and at least."""
LONGEST_TURN = 60.0
"""Seconds for which a message waits at most: the receiver may be well again, and others may send what is before it."""


class Destinations:
    """The destinations of one run, for one thread."""

    def __init__(self) -> None:
        self._on_their_way = Counter[tuple[str, str]]()
        self._pace: dict[tuple[str, str], float] = {}
        self._turns: defaultdict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)

    def begin(self, claim: Delivery) -> bool:
        """Whether a message may be sent now; it then is on its way until its `end`."""
        destination = _destination(claim)
        if self._on_their_way[destination] >= MAX_AT_ONCE:
            return False
        self._on_their_way[destination] += 1
        self._turns[destination].pop(claim.id, None)
        return True

    def end(self, claim: Delivery, seconds: float) -> None:
        """A message is not on its way any more; it took so many seconds."""
        destination = _destination(claim)
        self._on_their_way[destination] -= 1
        self._pace[destination] = max(seconds, QUICKEST)

    def turn_of(self, claim: Delivery, now: datetime) -> datetime:
        """When a message that may not be sent now is expected to be next, if those before it take as long as the last one.

        `LONGEST_TURN` from now at most. So a thousand messages for one slow receiver are claimed in vain once a minute.
        """
        destination = _destination(claim)
        turns = self._turns[destination]
        turns.pop(claim.id, None)
        while turns and (oldest := next(iter(turns))) and turns[oldest] <= now:  # it is due: other programs may have it
            del turns[oldest]
        ahead = len(turns) // MAX_AT_ONCE + 1
        wait = min(ahead * self._pace.get(destination, FIRST_PACE), LONGEST_TURN)
        turns[claim.id] = now + timedelta(seconds=wait)
        return turns[claim.id]

    def next_turn(self, now: datetime) -> datetime | None:
        """The first turn after `now` of what may not have been sent yet."""
        return min((turn for turns in self._turns.values() for turn in turns.values() if turn > now), default=None)


def _destination(claim: Delivery) -> tuple[str, str]:
    """A webhook, or the one mail server or folder that all messages of another kind go through."""
    return claim.kind, claim.address if claim.kind == WEBHOOK else ""
