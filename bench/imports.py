"""`import`: URLs of a CSV stored a second, end to end, against Scrapy that fetches the same URLs and stores nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import count

from bench import rig
from bench.measuring import Result, RunSize, interleaved
from bench.upstream import PAGE, upstream
from inventory.jobs.model import JobStatus
from inventory.store import Store
from tests.end_to_end.importing import Import, table
from tests.end_to_end.stack import ROOT, Stack

URLS = 10_000
AT_ONCE = 64
"""Connections to the upstream, of both: its budget must not be what is measured."""
BUDGET = {"upstream_rate": 10**6, "upstream_concurrency": AT_ONCE}


def measure(store: str, size: RunSize) -> Result:
    """Every round imports new URLs, no two the same; it ends when the job has. Two worker processes."""
    urls = size.count(URLS)
    rounds_begun = count()
    with rig.ours(store, workers=2, **BUDGET) as (running, opened), upstream(running.folder) as url:
        paged = f"{url}/page/?size={PAGE}&n="

        def imported() -> float:
            first = urls * next(rounds_begun)
            return urls / import_of(running, opened, [f"{paged}{first + n}" for n in range(urls)])

        def fetched() -> float:
            command = [sys.executable, "-m", "bench.scrapy_fetch", paged, str(urls), str(AT_ONCE)]
            return float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout)

        rounds = interleaved(running, size.rounds, imported, fetched)
    sentence = (
        f"URLs of a CSV, no two the same, uploaded and stored, against Scrapy that stores nothing; {AT_ONCE} connections."
    )
    return rounds.result("import", store, "URLs/s", sentence, to_reach=4)


def import_of(running: Stack, store: Store, urls: list[str]) -> float:
    """The seconds from the upload of these URLs to the end of their job; all must be stored."""
    began = time.perf_counter()
    job_id = Import(running, table(urls)).id
    while (job := store.jobs.find(job_id)) is None or not job.status.finished:
        time.sleep(0.02)
    if job.status is not JobStatus.COMPLETED or job.counts.succeeded != len(urls):
        raise RuntimeError(f"not every URL was stored: {job}")
    return time.perf_counter() - began
