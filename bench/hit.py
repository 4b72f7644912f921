"""`hit`, `hit_nginx`: lookups of known pages a second, against a constant of the same gunicorn, and against nginx."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import filling, load, nginx, rig
from bench.measuring import Result, RunSize, interleaved
from tests.end_to_end.stack import Stack

RECORDS = 100_000
PAGE = 20_000


@contextmanager
def filled(store: str, records: int) -> Iterator[Stack]:
    """Redis and the API on a store with so many records, whose pages have 20 KB."""
    with rig.ours(store, "redis", "api") as (running, opened):
        filling.fill(opened, 0, records, size=PAGE)
        yield running


def measure(store: str, size: RunSize) -> Result:
    """100,000 records, whose pages are asked for at random over 16 connections."""
    records = size.count(RECORDS)
    rate = partial(load.rate, pages=load.Pages(filling.LOOKUP, 0, records), seconds=size.seconds)
    with (
        filled(store, records) as running,
        rig.constant(running, len(rig.look_up(running, 0).content)) as constant,
    ):
        rounds = interleaved(running, size.rounds, partial(rate, running.url), partial(rate, constant))
    sentence = f"Hits on {records:,} records against a constant from the same gunicorn, 16 connections."
    return rounds.result("hit", store, "answers/s", sentence, to_reach=0.45)


def measure_against_nginx(store: str, size: RunSize) -> Result:
    """The same, against one of the answers as a file."""
    records = size.count(RECORDS)
    rate = partial(load.rate, pages=load.Pages(filling.LOOKUP, 0, records), seconds=size.seconds)
    with filled(store, records) as running, nginx.serving(running.folder, rig.look_up(running, 0).content) as file:
        rounds = interleaved(running, size.rounds, partial(rate, running.url), partial(rate, file))
    sentence = f"Hits on {records:,} records against one nginx process that serves such an answer as a file, 16 connections."
    return rounds.result("hit_nginx", store, "answers/s", sentence, to_reach=0.2)
