"""`start`: seconds from `inventory up` to the first answered hit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from bench import embedded, filling, rig
from bench.measuring import Result, RunSize
from inventory import wiring
from inventory.config import Settings


def measure(store: str, size: RunSize) -> Result:
    """A data folder with one record; the embedded stack is started and stopped in each round."""
    seconds, spent = [], rig.Cost(0, 0)
    with tempfile.TemporaryDirectory(prefix="inv-", dir="/tmp") as folder:
        opened = wiring.open_store(Settings(data_dir=Path(folder)))
        filling.fill(opened, 0, 1, size=2_000)
        opened.close()
        for _ in range(size.rounds):
            with embedded.stack(Path(folder)) as (session, took):
                seconds.append(took)
                spent = rig.cost([session])
    sentence = "Seconds from `inventory up` to the first answered hit."
    return Result(
        "start", "sqlite", None, median(seconds), None, "s", size.rounds, spent.cpu_seconds, spent.peak_memory_mb, sentence
    )
