"""`start`: seconds from `inventory up` to the first answered hit, against an earlier commit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from bench import earlier, embedded, rig
from bench.measuring import Result, RunSize
from tests.end_to_end.stack import ROOT


def measure(store: str, size: RunSize) -> Result:
    """Data folders with one record; both embedded stacks are started and stopped in each round, one after the other."""
    ours, reference, spent = [], [], rig.Cost(0, 0)
    with earlier.source_tree() as before, tempfile.TemporaryDirectory(prefix="inv-", dir="/tmp") as folder:
        folders = {root: Path(folder, name) for root, name in ((ROOT, "ours"), (before, "before"))}
        for root, own in folders.items():
            earlier.fill(root, own, 1, size=2_000)
        for _ in range(size.rounds):
            with embedded.stack(folders[ROOT]) as (session, took):
                ours.append(took)
                spent = rig.cost([session])
            with embedded.stack(folders[before], root=before) as (_, took):
                reference.append(took)
    ratio = median(mine / other for mine, other in zip(ours, reference, strict=True))
    sentence = f"Seconds from `inventory up` to the first answered hit, against commit {earlier.COMMIT[:8]}."
    return Result(
        "start", store, ratio, median(ours), median(reference), "s", size.rounds,
        spent.cpu_seconds, spent.peak_memory_mb, sentence, at_most=0.6,
    )  # fmt: skip
