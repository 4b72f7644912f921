"""`policy`: targets judged a second by `inventory check`, against `json.loads` of the documents of their snapshots.

`--scale 10` is a million targets, which are to be judged in 60 s on two cores. To fill them takes a quarter of an hour,
and 2.3 GB. Of 100,000 targets a third of the time is the start of the processes.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench import policy_fleet
from bench.measuring import Result, Rounds, RunSize
from bench.rig import Cost
from inventory import wiring
from inventory.config import Settings
from tests.end_to_end.stack import ROOT

TARGETS = 100_000
DOCUMENTS = 20_000
"""Of which the reference loads each."""
POLICY = "baseline"


def measure(store: str, size: RunSize) -> Result:
    """Each round judges all targets by a new command, which writes a row of CSV for each finding."""
    count = size.count(TARGETS)
    with tempfile.TemporaryDirectory(prefix="inv-") as folder:
        url, lines = f"sqlite:///{folder}/fleet.sqlite3", Path(folder) / "snapshots.jsonl"
        with closing(wiring.open_store(Settings(store_url=url))) as opened:
            opened.prepare()
            policy_fleet.fill(opened, count)
        lines.write_bytes(b"".join(map(policy_fleet.exported, range(min(count, DOCUMENTS)))))
        ours, reference, cpu, memory = [], [], 0.0, 0.0
        for _ in range(size.rounds + 1):
            seconds, cost = _checked(url)
            ours.append(count / seconds)
            cpu, memory = cpu + cost.cpu_seconds, max(memory, cost.peak_memory_mb)
            command = [sys.executable, "-m", "bench.json_loads", str(lines)]
            reference.append(float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout))
    rounds = Rounds(ours[1:], reference[1:], Cost(cpu * size.rounds / (size.rounds + 1), memory))
    slowest = count / min(rounds.ours)
    sentence = (
        f"{count:,} targets judged by `{POLICY}` in {slowest:.1f} s at most, {os.cpu_count()} cores, as CSV;"
        " against json.loads of the document of each snapshot by one process."
    )
    return rounds.result("policy", "sqlite", "targets/s", sentence, to_reach=0.5)


def _checked(url: str) -> tuple[float, Cost]:
    """Seconds of a check of all targets; the CPU of its processes, and the memory of the largest."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(Path(sys.executable).with_name("inventory")), "check", "*", "--policy", POLICY, "--format", "csv"]
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"INVENTORY_STORE_URL": url}, stdout=subprocess.DEVNULL, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode != 1:
        raise RuntimeError(f"the check ended with {done.returncode}, and there are findings")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, Cost(cpu, after.ru_maxrss / 1024)
