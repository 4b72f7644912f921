"""`hit`: lookups of known pages a second, against the same gunicorn that answers a constant of the same size."""

from __future__ import annotations

import requests

from bench import filling, load, rig
from bench.measuring import Effort, Result, interleaved
from tests.end_to_end.stack import API, Stack

TO_REACH = 0.5
RECORDS = 100_000
PAGE = 20_000
PREFIX = f"{API}?url=https%3A%2F%2F{filling.HOST}%2Fpage%2F"


def measure(store: str, effort: Effort) -> Result:
    """Both at 16 connections; 100,000 records, whose pages of 20 KB are asked for at random."""
    records = effort.count(RECORDS)
    with rig.ours(store, "redis", "api") as (running, opened):
        filling.fill(opened, 0, records, size=PAGE)
        pages = load.Pages(PREFIX, 0, records)
        with rig.constant(running, len(answer(running, 0).content)) as constant:
            rounds = interleaved(
                running,
                effort.rounds,
                lambda: load.for_seconds(running.url, pages, effort.seconds).rate,
                lambda: load.for_seconds(constant, pages, effort.seconds).rate,
            )
    sentence = f"Hits on {records:,} records against a constant from the same gunicorn, 16 connections."
    return rounds.result("hit", store, "answers/s", sentence)


def answer(running: Stack, number: int, **headers: str) -> requests.Response:
    """The answer to one lookup."""
    return requests.get(f"{running.url}{PREFIX}{number}", headers=headers, timeout=30)
