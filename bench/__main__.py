"""`python -m bench [NAME...]`: measures, prints a line of JSON and a sentence for each row, and writes RESULTS.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from bench import (
    archive,
    due,
    events,
    hit,
    hit_growth,
    hit_keys,
    idle,
    import_indexed,
    import_memory,
    imports,
    memory,
    miss_accept,
    miss_collect,
    not_modified,
    peer,
    policy,
    products,
    record_bytes,
    results,
    searches,
    start,
    streams,
)
from bench.measuring import Result, RunSize

Measure = Callable[[str, RunSize], Result]
BENCHMARKS: Mapping[str, Measure] = {
    "hit": hit.measure,
    "hit_nginx": hit.measure_against_nginx,
    "hit_growth": hit_growth.measure,
    "hit_keys": hit_keys.measure,
    "not_modified": not_modified.measure,
    "not_modified_nginx": not_modified.measure_against_nginx,
    "miss_accept": miss_accept.measure,
    "miss_accept_first": miss_accept.measure_against_earlier,
    "miss_collect": miss_collect.measure,
    "import": imports.measure,
    "import_indexed": import_indexed.measure,
    "import_memory": import_memory.measure,
    "memory_worker": memory.measure_worker,
    "memory_api": memory.measure_api,
    "index_size": import_indexed.measure_size,
    "record_bytes": record_bytes.measure,
    "search": searches.measure_search,
    "search_past": searches.measure_past,
    "facet": searches.measure_facet,
    "change_groups": searches.measure_groups,
    "events": events.measure,
    "archive": archive.measure,
    "products": products.measure,
    "policy": policy.measure,
    "due": due.measure,
    "start": start.measure,
    "idle": idle.measure,
    "streams": streams.measure,
    "stream_memory": streams.measure_memory,
}
EMBEDDED_ONLY = {
    *("start", "idle", "import_indexed", "index_size", "record_bytes"),
    *("search", "search_past", "facet", "change_groups", "policy"),
}
MONGO = "INVENTORY_TEST_MONGO_URI"
MONGO_SHARE = 0.01
"""Of the records: the servers that tests run on have no index but `_id`, so each claim reads every record."""


def main() -> None:
    chosen = _options()
    size = RunSize(chosen.rounds, chosen.seconds, chosen.scale)
    if chosen.peer:
        other = peer.Peer(chosen.peer, chosen.peer_lookup)
        for measure in (peer.measure_hit, peer.measure_collect):  # not kept: a peer is a command line of one machine
            _print(measure("sqlite", size, other))
        return
    stores = {"sqlite": "sqlite"} | ({"mongo": os.environ[MONGO]} if os.environ.get(MONGO) else {})
    for name in chosen.names or BENCHMARKS:
        for kind, store in stores.items():
            if chosen.store not in (None, kind) or (kind == "mongo" and name in EMBEDDED_ONLY):
                continue
            load = os.getloadavg()[0]
            share = MONGO_SHARE if kind == "mongo" else 1
            result = BENCHMARKS[name](store, replace(size, scale=size.scale * share))
            _print(result)
            if size == RunSize():
                results.keep(result, load)


def _print(result: Result) -> None:
    sys.stdout.write(f"{result.line}\n{result.sentence}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}; all by default")
    options.add_argument("--rounds", type=int, default=RunSize.rounds)
    options.add_argument("--seconds", type=float, default=RunSize.seconds, help="of load in each round")
    options.add_argument("--scale", type=float, default=RunSize.scale, help="share of the full number of records")
    options.add_argument("--store", choices=["sqlite", "mongo"], help=f"only this one; mongo is the server of {MONGO}")
    options.add_argument("--peer", metavar="COMMAND", help="measure against this program instead, which listens on {port}")
    options.add_argument("--peer-lookup", metavar="PATH", default=peer.LOOKUP, help="its lookups, up to the URL")
    chosen = options.parse_args()
    if unknown := set(chosen.names) - set(BENCHMARKS):
        options.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if chosen.store == "mongo" and not os.environ.get(MONGO):
        options.error(f"{MONGO} names no server")
    return chosen


if __name__ == "__main__":
    main()
