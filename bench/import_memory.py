"""`import_memory`: the peak memory of a worker that imports 1,000,000 rows, against one that imports 1,000."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from bench import rig
from bench.imports import BUDGET, import_of
from bench.measuring import Result, RunSize
from bench.upstream import PAGE, upstream

ROWS, BASE_ROWS = 1_000_000, 1_000
PAGES = 1_000
"""Different pages that the rows mean: the same of both."""
ROUNDS = 3


def measure(store: str, size: RunSize) -> Result:
    """Every import is the first of its worker, which is the only one."""
    rows, rounds = size.count(ROWS), min(size.rounds, ROUNDS)
    many, few, seconds = [], [], 0.0
    for _ in range(rounds):
        few.append(_peak(store, BASE_ROWS)[0])
        peak, cpu_seconds = _peak(store, rows)
        many.append(peak)
        seconds += cpu_seconds
    ratio = median(mine / other for mine, other in zip(many, few, strict=True))
    sentence = f"Peak memory of a worker that imports {rows:,} rows of {PAGES:,} pages against one of {BASE_ROWS:,}."
    return Result(
        "import_memory", store, ratio, median(many), median(few), "MiB", rounds, seconds, max(many), sentence, at_most=1.2
    )


def _peak(store: str, rows: int) -> tuple[float, float]:
    """The most memory (MiB) that a new worker has had by the end of an import, and the CPU seconds of all programs."""
    with rig.ours(store, workers=1, **BUDGET) as (running, opened), upstream(running.folder) as url:
        pool = running.processes["worker"].pid
        import_of(running, opened, [f"{url}/page/?size={PAGE}&n={number % PAGES}" for number in range(rows)])
        [worker] = Path(f"/proc/{pool}/task/{pool}/children").read_text().split()
        spent = rig.cost([program.pid for program in running.processes.values()])
        return int(Path(f"/proc/{worker}/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024, spent.cpu_seconds
