"""The growth study of docs/scale.md: what a lookup, a collection's writes and a pending record cost as the store grows.

`python -m bench.growth [--most 1000000] [--store URL]` prints one line of JSON for each size, 1,000 and ten times more each.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from bench import filling
from inventory import wiring
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.records.model import Target
from inventory.store import Store

PAGE = 2_000
LOOKUPS = 5_000
COLLECTED = 500
FILLED_AT_ONCE = 100
PASSES = 20


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    options.add_argument("--most", type=int, default=1_000_000)
    options.add_argument("--store", default="", help="the URL of an empty store; SQLite by default")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="inv-") as folder:
        store = wiring.open_store(Settings(store_url=chosen.store, data_dir=Path(folder)))
        stored, size = 0, 1_000
        while size <= chosen.most:
            filling.fill(store, stored, size - stored, size=PAGE, varied=True, batch=FILLED_AT_ONCE)
            stored = size + COLLECTED
            measured = study(store, size) | {"bytes_per_record": _bytes(Path(folder)) // stored}
            sys.stdout.write(json.dumps({"records": size} | measured) + "\n")
            sys.stdout.flush()
            size *= 10
        store.close()


def study(store: Store, size: int) -> dict[str, float]:
    """Microseconds of a lookup (median, 99th percentile), of a collection's writes, of a look at what is due."""
    targets = [Target("webpage", filling.url(random.randrange(size)), filling.HOST).id for _ in range(LOOKUPS)]
    lookups = [_microseconds(partial(store.records.look_up, target)) for target in targets]
    collected = _microseconds(lambda: filling.fill(store, size, COLLECTED, size=PAGE, varied=True)) / COLLECTED
    now = utc_now() - timedelta(days=1)
    due = [_microseconds(lambda: store.records.due(now=now, max_attempts=4, limit=8)) for _ in range(PASSES)]
    return {
        "lookup_us": round(median(lookups), 1),
        "lookup_p99_us": round(quantiles(lookups, n=100)[98], 1),
        "collection_us": round(collected, 1),
        "due_us": round(median(due), 1),
    }


def _microseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e6


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
