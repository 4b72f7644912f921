"""`miss_accept`: misses that are accepted durably (202) a second, against hits."""

from __future__ import annotations

from itertools import count

from bench import filling, load, rig
from bench.measuring import Result, RunSize, interleaved

RECORDS = 10_000
PAGE = 20_000
FAR = 1_000_000
"""Every round asks for pages from its own multiple of this on, which nobody has asked for before."""


def measure(store: str, size: RunSize) -> Result:
    """16 connections; no worker runs, so that the cost of collecting is not measured too."""
    known = size.count(RECORDS)
    rounds_begun = count(1)
    with rig.ours(store, "redis", "api") as (running, opened):
        filling.fill(opened, 0, known, size=PAGE)

        def misses() -> float:
            first = FAR * next(rounds_begun)
            done = load.for_seconds(running.url, load.Pages(filling.LOOKUP, first, FAR, at_random=False), size.seconds)
            for number in (first + 1, first + done.requests // 2):  # wrk tries its script once before it begins
                if rig.look_up(running, number, collect="false").status_code != 202:
                    raise RuntimeError(f"page {number} was not accepted")
            return done.rate

        def hits() -> float:
            return load.for_seconds(running.url, load.Pages(filling.LOOKUP, 0, known), size.seconds).rate

        rounds = interleaved(running, size.rounds, misses, hits)
    sentence = "Misses accepted durably (202) against hits, 16 connections."
    return rounds.result("miss_accept", store, "answers/s", sentence, to_reach=0.25)
