"""`hit`: lookups of known pages a second, against the same gunicorn that answers a constant of the same size."""

from __future__ import annotations

from bench import filling, load, rig
from bench.measuring import Result, RunSize, interleaved

RECORDS = 100_000
PAGE = 20_000


def measure(store: str, size: RunSize) -> Result:
    """100,000 records, whose pages of 20 KB are asked for at random over 16 connections."""
    records = size.count(RECORDS)
    with rig.ours(store, "redis", "api") as (running, opened):
        filling.fill(opened, 0, records, size=PAGE)
        pages = load.Pages(filling.LOOKUP, 0, records)
        with rig.constant(running, len(rig.look_up(running, 0).content)) as constant:
            rounds = interleaved(
                running,
                size.rounds,
                lambda: load.for_seconds(running.url, pages, size.seconds).rate,
                lambda: load.for_seconds(constant, pages, size.seconds).rate,
            )
    sentence = f"Hits on {records:,} records against a constant from the same gunicorn, 16 connections."
    return rounds.result("hit", store, "answers/s", sentence, to_reach=0.5)
