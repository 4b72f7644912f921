"""Slots for a few uploads at once, which slow uploads cannot occupy for long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic

from inventory.client_speed import ClientSpeed
from inventory.errors import InvalidRequest, TooManyUploads

SLOT_TIMEOUT, POLL_INTERVAL = 5.0, 0.1
"""Seconds for which an upload waits for a slot, and after which it looks again whether another one has become slow."""
SLOWER = 0.75
"""An upload is slower than another below this share of its speed; so none is ended for a gap of less than half a second."""
FULL = "This process receives as many files at once as it may. Try again in a few seconds."


class UploadSlots:
    """Slots for `number` uploads, and for `waiting` more that wait for a moment. The slowest is ended for a faster one.

    Of those that wait the newest is served first, and the oldest is refused when there are too many. So a fast upload does
    not wait for slow ones that came before it.
    """

    def __init__(self, number: int, waiting: int) -> None:
        self._number, self._max_waiting = number, waiting
        self._taken: list[ClientSpeed] = []
        self._waiting: list[ClientSpeed] = []
        self._changed = Condition()

    @contextmanager
    def take(self, speed: ClientSpeed | None) -> Iterator[None]:
        """A slot for an upload, its speed None if all has arrived; `TooManyUploads` if there is none, or one was faster."""
        mine = speed or ClientSpeed()  # nobody waits for it, so it never becomes slower than others
        with self._changed:
            if len(self._taken) >= self._number:
                self._wait(mine)
            self._taken.append(mine)
        try:
            yield
        except InvalidRequest as error:  # it was ended while it was read
            if mine.ended:
                raise TooManyUploads("Faster uploads came while this one made no progress. Send it again.") from error
            raise
        finally:
            with self._changed:
                self._taken.remove(mine)
                self._changed.notify_all()

    def _wait(self, mine: ClientSpeed) -> None:
        """Wait for a slot, ending an upload that has become slow; `TooManyUploads` if there is none in time."""
        self._waiting.append(mine)
        del self._waiting[: -self._max_waiting or None]
        until = monotonic() + SLOT_TIMEOUT
        try:
            while len(self._taken) >= self._number or self._waiting[-1:] != [mine]:
                if mine not in self._waiting or monotonic() > until:
                    raise TooManyUploads(FULL)
                self._end_slowest(mine)
                self._changed.wait(POLL_INTERVAL)
        finally:
            self._waiting = [each for each in self._waiting if each is not mine]

    def _end_slowest(self, mine: ClientSpeed) -> None:
        """End the slowest upload if it is slower than this one, unless one that was ended has yet to leave."""
        if len(self._taken) >= self._number and not any(each.ended for each in self._taken):
            slowest = min(self._taken, key=ClientSpeed.recent)
            slowest.ended = slowest.recent() < SLOWER * mine.recent()
