"""Claims of jobs ahead of the slots, so that more outcomes are settled at once.

A transaction writes the pages of its indexes once, and waits for the disk once, for 30 records as for 90. While the pages
of a job come quickly, some of its claims wait for a slot, and outcomes wait until these are collected, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from inventory.records.model import Outcome, Postponed, Record, Stored

MAX_AHEAD = 64
"""Claims that are taken ahead. With 128 an import took as long."""
MIN_OUTCOMES = 16
"""Outcomes that are settled at once where claims are taken ahead."""
MAX_WAIT = 0.25
"""Seconds that a claim waits for a slot: little of the time that a lease has beyond the deadline of a fetch."""


class Backlog:
    """Claims that wait for a slot, those of lookups first; true while there are any. `ahead`: how many more to claim."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        """`ticks` counts seconds."""
        self._ticks = ticks
        self._claims: list[Record] = []
        self._claimed_at = ticks()
        self.ahead = 0

    def __len__(self) -> int:
        return len(self._claims)

    def add(self, claims: Sequence[Record]) -> None:
        """Let claims wait, before those that wait already: the store gives those of lookups first."""
        if not self._claims:
            self._claimed_at = self._ticks()
        self._claims[:0] = claims

    def take(self, room: int, *, bulk: bool) -> Sequence[Record]:
        """Claims for so many free slots, without `bulk` only those of lookups."""
        startable = self._claims if bulk else [claim for claim in self._claims if not claim.bulk]
        taken = startable[:room]
        if taken:
            ids = {claim.id for claim in taken}
            self._claims = [claim for claim in self._claims if claim.id not in ids]
        return taken

    def drop(self, *, stopping: bool) -> Sequence[Record]:
        """The claims that are to be handed back: all when `stopping`, or once they have waited for too long."""
        dropped: Sequence[Record] = ()
        if self._claims and (stopping or self._has_waited()):
            dropped, self._claims = self._claims, []
        return dropped

    def note(self, settled: Sequence[Outcome]) -> None:
        """Decide by what was settled whether claims are taken ahead: only while many come quickly, all of them of jobs."""
        is_quick = len(settled) >= MIN_OUTCOMES and not self._has_waited() and all(map(_is_of_job, settled))
        self.ahead = MAX_AHEAD if is_quick else 0

    def _has_waited(self) -> bool:
        return self._ticks() - self._claimed_at > MAX_WAIT


def may_wait(outcomes: Sequence[Outcome]) -> bool:
    """Whether outcomes may be settled with later ones: no lookup waits for them, and no large body takes memory."""
    return all(_is_of_job(each) and not (isinstance(each, Stored) and each.room is not None) for each in outcomes)


def _is_of_job(outcome: Outcome) -> bool:
    """Whether only a job waits for what was collected."""
    return outcome.claim.bulk and not (isinstance(outcome, Postponed) and not outcome.counted)
