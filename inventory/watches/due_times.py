"""When targets are due: each at its own instant of every period, so that a watch's targets are spread evenly."""

from __future__ import annotations

from datetime import datetime, timedelta

from inventory.clock import EPOCH

SECOND = timedelta(seconds=1)
MILLISECONDS = 1_000


def next_due(record_id: str, every: int, *, after: datetime) -> datetime:
    """The first instant after another that a target has in a period of `every` seconds: it depends on its id alone.

    A due time that was missed is followed by the next one that is ahead, so late targets are collected once.
    """
    period = timedelta(seconds=every)
    offset = timedelta(milliseconds=int(record_id[:16], 16) % (every * MILLISECONDS))
    return after + period - (after - EPOCH - offset) % period
