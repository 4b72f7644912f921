"""`idle`: the CPU of a stack that nobody asks for anything, against one core."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from bench import embedded, filling, rig
from bench.measuring import Result, RunSize
from inventory import wiring
from inventory.config import Settings

RECORDS = 100_000
SETTLES = 20.0
"""Seconds after which what a start leaves to be done is done."""
ROUND, SHORTEST = 4, 10.0
"""How many times as long as under load a round is, and its seconds at least. The system counts CPU in hundredths of a
second, and a program needs milliseconds a second."""


def measure(store: str, size: RunSize) -> Result:
    """100,000 known pages, and nothing to do but what each program does by itself."""
    records, shares = size.count(RECORDS), []
    with tempfile.TemporaryDirectory(prefix="inv-", dir="/tmp") as folder:
        opened = wiring.open_store(Settings(data_dir=Path(folder)))
        filling.fill(opened, 0, records, size=2_000)
        opened.close()
        with embedded.stack(Path(folder)) as (session, _):
            time.sleep(SETTLES)
            began = rig.cost([session])
            for _ in range(size.rounds):
                before, since = rig.cost([session]).cpu_seconds, time.perf_counter()
                time.sleep(max(SHORTEST, ROUND * size.seconds))
                shares.append((rig.cost([session]).cpu_seconds - before) / (time.perf_counter() - since))
            spent = rig.cost([session])
    sentence = f"CPU of the idle stack of `inventory up` with {records:,} records, against one core."
    share = median(shares)
    return Result(
        "idle", "sqlite", share, share, 1.0, "cores", size.rounds, spent.cpu_seconds - began.cpu_seconds,
        spent.peak_memory_mb, sentence, at_most=0.01,
    )  # fmt: skip
