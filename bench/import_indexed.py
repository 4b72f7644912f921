"""`import_indexed`, `index_size`: what the observations add to an import, in time and in bytes."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

from bench import filling, rig
from bench.imports import BUDGET, URLS, import_of
from bench.measuring import Result, RunSize, interleaved
from bench.upstream import PAGE, upstream
from inventory import wiring
from inventory.config import Settings
from inventory.store import Store
from tests.end_to_end.stack import Stack

RECORDS = 3_000


def measure(store: str, size: RunSize) -> Result:
    """Two stacks import the same URLs by turns, one with workers that find no statements.

    Neither has a scheduler, which would find the statements later.
    """
    urls = size.count(URLS)
    rounds_begun = count()
    without = [sys.executable, "-m", "bench.unindexed_worker"]
    with (
        rig.ours(store, "redis", "api", "worker", workers=2, **BUDGET) as (running, opened),
        rig.ours(store, "redis", "api", workers=2, **BUDGET) as (other, unindexed),
        upstream(running.folder) as url,
    ):
        other.commands["worker"] = without
        other.start("worker")

        def rate(stack: Stack, kept: Store) -> float:
            """URLs for each CPU second of all programs: the two stacks share the machine, perhaps with others."""
            sessions = [program.pid for program in stack.processes.values()]
            first, before = urls * next(rounds_begun), rig.cost(sessions).cpu_seconds
            import_of(stack, kept, [f"{url}/page/?size={PAGE}&n={first + n}" for n in range(urls)])
            return urls / (rig.cost(sessions).cpu_seconds - before)

        rounds = interleaved(running, size.rounds, partial(rate, running, opened), partial(rate, other, unindexed))
    sentence = "URLs of a CSV uploaded, stored and indexed, against the same without observations."
    return rounds.result("import_indexed", store, "URLs/CPU s", sentence, to_reach=0.85)


def measure_size(store: str, size: RunSize) -> Result:
    """Records of the benchmark's page."""
    records = size.count(RECORDS)
    began = time.process_time()
    ours, reference = (_bytes_per_record(records, indexed=indexed) for indexed in (True, False))
    sentence = "Bytes of a record of a 20 KB page with its observations, against one without."
    cpu = time.process_time() - began
    return Result("index_size", store, ours / reference, ours, reference, "bytes", 1, cpu, 0, sentence, at_most=1.25)


def _bytes_per_record(records: int, *, indexed: bool) -> float:
    with tempfile.TemporaryDirectory(prefix="inv-") as folder:
        with closing(wiring.open_store(Settings(data_dir=Path(folder)))) as store:
            filling.fill(store, 0, records, size=PAGE, indexed=indexed, varied=True)
        return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / records
