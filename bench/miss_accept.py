"""`miss_accept`, `miss_accept_first`: misses accepted durably (202) a second, against hits, and an earlier commit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from bench import earlier, filling, load, rig
from bench.measuring import Result, RunSize, interleaved
from tests.end_to_end.stack import Stack

RECORDS = 10_000
PAGE = 20_000
FAR = 1_000_000
"""Every round asks for pages from its own multiple of this on, which nobody has asked for before."""


def measure(store: str, size: RunSize) -> Result:
    """16 connections; no worker runs, so that the cost of collecting is not measured too."""
    known = size.count(RECORDS)
    with rig.ours(store, "redis", "api") as (running, opened):
        filling.fill(opened, 0, known, size=PAGE)

        def hits() -> float:
            return load.rate(running.url, load.Pages(filling.LOOKUP, 0, known), size.seconds)

        rounds = interleaved(running, size.rounds, _misses(running, size), hits)
    sentence = "Misses accepted durably (202) against hits, 16 connections."
    return rounds.result("miss_accept", store, "answers/s", sentence, to_reach=0.25)


def measure_against_earlier(store: str, size: RunSize) -> Result:
    """The same load on the programs of an earlier commit, on a store of their own."""
    with (
        earlier.source_tree() as root,
        rig.ours(store, "redis", "api") as (running, _),
        rig.ours(store, "redis", "api", root=root) as (before, _),
    ):
        rounds = interleaved(running, size.rounds, _misses(running, size), _misses(before, size))
    sentence = f"Misses accepted durably (202) against commit {earlier.COMMIT[:8]}, 16 connections."
    return rounds.result("miss_accept_first", store, "answers/s", sentence, to_reach=2)


def _misses(running: Stack, size: RunSize) -> Callable[[], float]:
    rounds_begun = count(1)

    def misses() -> float:
        first = FAR * next(rounds_begun)
        done = load.for_seconds(running.url, load.Pages(filling.LOOKUP, first, FAR, at_random=False), size.seconds)
        for number in (first + 1, first + done.requests // 2):  # wrk tries its script once before it begins
            if rig.look_up(running, number, collect="false").status_code != 202:
                raise RuntimeError(f"page {number} was not accepted")
        return done.rate

    return misses
