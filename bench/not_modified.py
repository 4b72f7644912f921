"""`not_modified`: lookups of known pages that the caller still has, against `hit`, lookups of the same pages."""

from __future__ import annotations

from bench import filling, load, rig
from bench.hit import PAGE, RECORDS
from bench.measuring import Result, RunSize, interleaved

ANY = "*"
"""An If-None-Match that each page fulfils, so that as many different pages can be asked for as in `hit`."""


def measure(store: str, size: RunSize) -> Result:
    """100,000 records; their pages of 20 KB are asked for at random over 16 connections, with and without If-None-Match."""
    records = size.count(RECORDS)
    with rig.ours(store, "redis", "api") as (running, opened):
        filling.fill(opened, 0, records, size=PAGE)
        etag = rig.look_up(running, 0).headers["ETag"]
        for sent in (etag, ANY):
            if rig.look_up(running, 0, {"If-None-Match": sent}).status_code != 304:
                raise RuntimeError(f"a lookup with If-None-Match: {sent} is not answered with 304")
        rounds = interleaved(
            running,
            size.rounds,
            lambda: load.for_seconds(running.url, load.Pages(filling.LOOKUP, 0, records, etag=ANY), size.seconds).rate,
            lambda: load.for_seconds(running.url, load.Pages(filling.LOOKUP, 0, records), size.seconds).rate,
        )
    sentence = f"Hits on {records:,} records with If-None-Match (304) against hits, 16 connections."
    return rounds.result("not_modified", store, "answers/s", sentence, to_reach=1.3)
