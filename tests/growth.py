"""Measuring that a parser takes time in proportion to what it is given, whatever that is."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

SLACK = 4.0
"""How many times more than in proportion is noise: caches that grow too small, and a machine that is busy."""
SHORTEST = 100e-6
"""Seconds that a run takes at least as far as we can tell, so that what takes no time at all has no ratio."""
ROUNDS = 5


def assert_linear(work: Callable[[Any], object], make: Callable[[int], Any], *, small: int, times: int = 16) -> None:
    """Return if work on `times` as much takes about `times` as long: CPU time of this thread, the best of several runs.

    `make` builds what is worked on from a size, for each run again and outside of what is measured. `small` is to be big
    enough for the part that may grow faster to outweigh what every call costs: a few milliseconds of work, say.
    """
    work(make(small))  # what is made or imported at first use is none of the work
    short = max(SHORTEST, min(_seconds(work, make(small)) for _ in range(ROUNDS)))
    long = float("inf")
    for _ in range(ROUNDS):
        long = min(long, _seconds(work, make(small * times)))
        if long <= times * SLACK * short:
            return
        if long > times * times * short:
            break  # no noise does that, and to measure it again may take minutes
    raise AssertionError(
        f"Work on {small * times:,} took {long / short:.0f} times as long as on {small:,}, where {times} times would be in"
        f" proportion: {long * 1000:.1f} ms instead of {short * 1000:.2f} ms."
    )


def _seconds(work: Callable[[Any], object], given: Any) -> float:
    """Without the collection of garbage, which goes through all that the tests before this one left."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        begun = time.thread_time()
        work(given)
        return time.thread_time() - begun
    finally:
        if collecting:
            gc.enable()
