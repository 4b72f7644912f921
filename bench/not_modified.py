"""`not_modified`, `not_modified_nginx`: lookups of known pages that the caller still has.

They are held against lookups of the same pages (`hit`), and against nginx that answers 304.
"""

from __future__ import annotations

from functools import partial

from bench import filling, load, nginx, rig
from bench.hit import RECORDS, filled
from bench.measuring import Result, RunSize, interleaved
from tests.end_to_end.stack import Stack

ANY = "*"
"""An If-None-Match that each page fulfils, so that as many different pages can be asked for as in `hit`."""


def measure(store: str, size: RunSize) -> Result:
    """100,000 records; their pages of 20 KB are asked for at random over 16 connections, with and without If-None-Match."""
    records = size.count(RECORDS)
    rate = partial(load.rate, seconds=size.seconds)
    with filled(store, records) as running:
        _check(running)
        ours = partial(rate, running.url, load.Pages(filling.LOOKUP, 0, records, etag=ANY))
        rounds = interleaved(running, size.rounds, ours, partial(rate, running.url, load.Pages(filling.LOOKUP, 0, records)))
    sentence = f"Hits on {records:,} records with If-None-Match (304) against hits, 16 connections."
    return rounds.result("not_modified", store, "answers/s", sentence, to_reach=1.3)


def measure_against_nginx(store: str, size: RunSize) -> Result:
    """The same, against an nginx process that has one of the answers as a file."""
    records = size.count(RECORDS)
    rate = partial(load.rate, pages=load.Pages(filling.LOOKUP, 0, records, etag=ANY), seconds=size.seconds)
    with filled(store, records) as running, nginx.serving(running.folder, rig.look_up(running, 0).content) as file:
        _check(running)
        rounds = interleaved(running, size.rounds, partial(rate, running.url), partial(rate, file))
    sentence = f"304 of {records:,} records against 304 of one nginx process, 16 connections."
    return rounds.result("not_modified_nginx", store, "answers/s", sentence, to_reach=0.25)


def _check(running: Stack) -> None:
    etag = rig.look_up(running, 0).headers["ETag"]
    for sent in (etag, ANY):
        if rig.look_up(running, 0, {"If-None-Match": sent}).status_code != 304:
            raise RuntimeError(f"a lookup with If-None-Match: {sent} is not answered with 304")
