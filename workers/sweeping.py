"""When a sweep begins again."""

from __future__ import annotations

from datetime import datetime, timedelta


def is_put_off(until: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether a sweep is to wait until then; it is not if the clock was set back, so that it would wait for longer."""
    return until is not None and timedelta(0) < until - now <= every
