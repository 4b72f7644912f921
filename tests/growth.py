"""Measures that the time of a parser grows in proportion to its input."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

SLACK = 4.0
"""How many times more than in proportion is noise: caches that grow too small, and a machine that is busy."""
SHORTEST = 100e-6
"""Seconds that every run counts for at least: what takes no time at all has no ratio."""
ROUNDS = 5


def assert_linear(work: Callable[[Any], object], make: Callable[[int], Any], *, small: int, times: int = 16) -> None:
    """Return if work on `times` as much takes about `times` as long: CPU time of this thread, the best of several runs.

    `make` builds the input from a size, for each run, outside of what is measured. `small` must be big enough that the part
    which may grow faster outweighs what every call costs: a few milliseconds of work, say.
    """
    work(make(small))  # what is made or imported at first use does not count
    for _ in range(ROUNDS):
        # Both in one round: a machine that became busy after the first of them would be taken for growth.
        short = max(SHORTEST, min(cpu_seconds(work, make(small)) for _ in range(ROUNDS)))
        long = cpu_seconds(work, make(small * times))
        if long <= times * SLACK * short:
            return
        if long > times * times * short:
            break  # no noise does that, and to measure it again may take minutes
    raise AssertionError(
        f"Work on {small * times:,} took {long / short:.0f} times as long as on {small:,}, where {times} times would be in"
        f" proportion: {long * 1000:.1f} ms instead of {short * 1000:.2f} ms."
    )


def cpu_seconds(work: Callable[[Any], object], given: Any) -> float:
    """CPU seconds of this thread, without garbage collection, which visits all that earlier tests left."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        begun = time.thread_time()
        work(given)
        return time.thread_time() - begun
    finally:
        if collecting:
            gc.enable()
