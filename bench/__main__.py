"""`python -m bench [NAME...]`: measures, prints a line of JSON and a sentence for each row, and writes RESULTS.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from bench import (
    due,
    events,
    hit,
    hit_growth,
    import_indexed,
    import_memory,
    imports,
    miss_accept,
    miss_collect,
    not_modified,
    products,
    results,
    searches,
    start,
)
from bench.measuring import Result, RunSize

Measure = Callable[[str, RunSize], Result]
BENCHMARKS: Mapping[str, Measure] = {
    "hit": hit.measure,
    "hit_growth": hit_growth.measure,
    "not_modified": not_modified.measure,
    "miss_accept": miss_accept.measure,
    "miss_collect": miss_collect.measure,
    "import": imports.measure,
    "import_indexed": import_indexed.measure,
    "import_memory": import_memory.measure,
    "index_size": import_indexed.measure_size,
    "search": searches.measure_search,
    "search_past": searches.measure_past,
    "facet": searches.measure_facet,
    "change_groups": searches.measure_groups,
    "events": events.measure,
    "products": products.measure,
    "due": due.measure,
    "start": start.measure,
}
EMBEDDED_ONLY = {"start", "import_indexed", "index_size", "search", "search_past", "facet", "change_groups"}
MONGO = "INVENTORY_TEST_MONGO_URI"
MONGO_SHARE = 0.01
"""Of the records: the servers that tests run on have no index but `_id`, so each claim reads every record."""


def main() -> None:
    chosen = _options()
    size = RunSize(chosen.rounds, chosen.seconds, chosen.scale)
    stores = {"sqlite": "sqlite"} | ({"mongo": os.environ[MONGO]} if os.environ.get(MONGO) else {})
    for name in chosen.names or BENCHMARKS:
        for kind, store in stores.items():
            if chosen.store not in (None, kind) or (kind == "mongo" and name in EMBEDDED_ONLY):
                continue
            load = os.getloadavg()[0]
            share = MONGO_SHARE if kind == "mongo" else 1
            result = BENCHMARKS[name](store, replace(size, scale=size.scale * share))
            sys.stdout.write(f"{result.line}\n{result.sentence}\n")
            sys.stdout.flush()
            if size == RunSize():
                results.keep(result, load)


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}; all by default")
    options.add_argument("--rounds", type=int, default=RunSize.rounds)
    options.add_argument("--seconds", type=float, default=RunSize.seconds, help="of load in each round")
    options.add_argument("--scale", type=float, default=RunSize.scale, help="share of the full number of records")
    options.add_argument("--store", choices=["sqlite", "mongo"], help=f"only this one; mongo is the server of {MONGO}")
    chosen = options.parse_args()
    if unknown := set(chosen.names) - set(BENCHMARKS):
        options.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if chosen.store == "mongo" and not os.environ.get(MONGO):
        options.error(f"{MONGO} names no server")
    return chosen


if __name__ == "__main__":
    main()
