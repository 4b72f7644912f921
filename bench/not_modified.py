"""`not_modified`: lookups of a known page that the caller still has, against lookups of it."""

from __future__ import annotations

from bench import filling, load, rig
from bench.measuring import Effort, Result, interleaved

RECORDS = 1_000
PAGE = 20_000


def measure(store: str, effort: Effort) -> Result:
    """One page of 20 KB over 16 connections: with its ETag in `If-None-Match`, and without."""
    with rig.ours(store, "redis", "api") as (running, opened):
        filling.fill(opened, 0, effort.count(RECORDS), size=PAGE)
        etag = rig.look_up(running, 0).headers["ETag"]
        if rig.look_up(running, 0, {"If-None-Match": etag}).status_code != 304:
            raise RuntimeError("a lookup with the ETag is not answered with 304")
        rounds = interleaved(
            running,
            effort.rounds,
            lambda: load.for_seconds(running.url, load.Pages(filling.LOOKUP, 0, 1, etag=etag), effort.seconds).rate,
            lambda: load.for_seconds(running.url, load.Pages(filling.LOOKUP, 0, 1), effort.seconds).rate,
        )
    sentence = "Hits with If-None-Match (304) against hits, 16 connections."
    return rounds.result("not_modified", store, "answers/s", sentence, to_reach=1.3)
