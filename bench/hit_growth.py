"""`hit_growth`: the slowest hundredth of the hits with 1,000,000 records, against that with 1,000."""

from __future__ import annotations

from bench import filling, load, rig
from bench.measuring import Result, RunSize, interleaved

LARGE = 1_000_000
SMALL = 1_000
PAGE = 2_000
"""Bytes: small, so that a store of a million fits in memory and the growth of the indexes is what is seen."""
CONNECTIONS = 2
"""One for each process of the API, so that the waiting in its line is not what is measured."""


def measure(store: str, size: RunSize) -> Result:
    """Two stacks, one on each store, alternate."""
    large = size.count(LARGE)
    with rig.ours(store, "redis", "api") as (running, opened), rig.ours(store, "redis", "api") as (other, few):
        filling.fill(opened, 0, large, size=PAGE)
        filling.fill(few, 0, SMALL, size=PAGE)
        rounds = interleaved(
            running,
            size.rounds,
            lambda: _p99(running.url, load.Pages(filling.LOOKUP, 0, large), size.seconds),
            lambda: _p99(other.url, load.Pages(filling.LOOKUP, 0, SMALL), size.seconds),
        )
    sentence = f"99th percentile of a hit with {large:,} records against {SMALL:,}, {CONNECTIONS} connections."
    return rounds.result("hit_growth", store, "ms", sentence, at_most=1.25)


def _p99(url: str, pages: load.Pages, seconds: float) -> float:
    return load.for_seconds(url, pages, seconds, connections=CONNECTIONS).p99_ms
