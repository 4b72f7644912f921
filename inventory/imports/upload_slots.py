"""Room for a few uploads at once, which slow ones do not keep from others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic

from inventory.errors import InvalidRequest, TooManyUploads
from inventory.pace import Pace

SLOT_TIMEOUT, POLL_INTERVAL = 5.0, 0.1
"""Seconds for which an upload waits for a slot, and after which it looks again whether another one has become slow."""
SLOWER = 0.75
"""What share of another's pace is too slow beside it: an upload is not ended for a gap of less than half a second."""
FULL = "This process receives as many files at once as it may. Try again in a few seconds."


class UploadSlots:
    """Room for `number` uploads at once, and for `waiting` that wait for a moment. The slowest gives way to a faster one.

    Of those that wait the newest goes first, and the oldest leaves when there are more: many that are slow, and came before
    a good one, are not in its way.
    """

    def __init__(self, number: int, waiting: int = 0) -> None:
        self._number, self._most_waiting = number, waiting
        self._taken: list[Pace] = []
        self._waiting: list[Pace] = []
        self._changed = Condition()

    @contextmanager
    def take(self, pace: Pace | None) -> Iterator[None]:
        """A slot for an upload that comes in at a pace; None: all of it is there.

        `TooManyUploads` if none is to be had, or if it was given to a faster one meanwhile.
        """
        mine = pace or Pace()  # it is never waited for, so it never becomes slower than others
        with self._changed:
            if len(self._taken) >= self._number:
                self._wait(mine)
            self._taken.append(mine)
        try:
            yield
        except InvalidRequest as error:  # what was read of it was cut short
            if mine.ended:
                raise TooManyUploads("Faster uploads came while this one left its slot waiting. Send it again.") from error
            raise
        finally:
            with self._changed:
                self._taken.remove(mine)
                self._changed.notify_all()

    def _wait(self, mine: Pace) -> None:
        """Wait for a slot, for which uploads that have become slow are ended; `TooManyUploads` if there is none."""
        self._waiting.append(mine)
        del self._waiting[: -self._most_waiting or None]
        until = monotonic() + SLOT_TIMEOUT
        try:
            while len(self._taken) >= self._number or self._waiting[-1:] != [mine]:
                if mine not in self._waiting or monotonic() > until:
                    raise TooManyUploads(FULL)
                self._end_slowest(mine)
                self._changed.wait(POLL_INTERVAL)
        finally:
            self._waiting = [each for each in self._waiting if each is not mine]

    def _end_slowest(self, mine: Pace) -> None:
        """End the slowest upload if it is slower than this one, and none has been ended that is yet to leave."""
        if len(self._taken) >= self._number and not any(each.ended for each in self._taken):
            slowest = min(self._taken, key=Pace.recent)
            slowest.ended = slowest.recent() < SLOWER * mine.recent()
