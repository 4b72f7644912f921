"""`miss_collect`: misses looked up one by one and collected, a second, against `requests` that fetches and throws away."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import count
from urllib.parse import quote

from bench import load, rig
from bench.measuring import Result, RunSize, interleaved
from bench.upstream import PAGE, upstream
from inventory.records.model import RecordFilter, Status
from inventory.store import Store
from tests.end_to_end.stack import API, ROOT

MISSES = 4_000
THREADS = 16
PENDING, FAILED = RecordFilter(status=Status.PENDING), RecordFilter(status=Status.FAILED)


def measure(store: str, size: RunSize) -> Result:
    """Every round looks up new pages over 16 connections; it ends when all of them are stored. Two worker processes."""
    misses = size.count(MISSES)
    rounds_begun = count()
    with rig.ours(store, workers=2) as (running, opened), upstream(running.folder) as url:
        paged = f"{url}/page/?size={PAGE}&n="

        def collected() -> float:
            pages = load.Pages(f"{API}?url={quote(paged, safe='')}", misses * next(rounds_begun), misses)
            began = time.perf_counter()
            load.each_once(running.url, pages)
            _await_all(opened)
            return misses / (time.perf_counter() - began)

        def dropped() -> float:
            command = [sys.executable, "-m", "bench.fetch_and_drop", paged, "0", str(misses), str(THREADS)]
            return float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout)

        rounds = interleaved(running, size.rounds, collected, dropped)
    sentence = f"Misses looked up and collected, end to end, against requests in {THREADS} threads that keeps nothing."
    return rounds.result("miss_collect", store, "pages/s", sentence, to_reach=1)


def _await_all(store: Store) -> None:
    while store.records.listing(PENDING, limit=1, after=None):
        time.sleep(0.02)
    if store.records.listing(FAILED, limit=1, after=None):
        raise RuntimeError("a collection failed")
