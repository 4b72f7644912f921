"""`start`: seconds from `inventory up` to the first answered hit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import requests

from bench import filling, rig
from bench.measuring import Result, RunSize
from inventory import wiring
from inventory.config import Settings
from tests.end_to_end.stack import ROOT, free_port


def measure(store: str, size: RunSize) -> Result:
    """A data folder with one record; the embedded stack is started and stopped in each round."""
    seconds, spent = [], rig.Cost(0, 0)
    with tempfile.TemporaryDirectory(prefix="inv-", dir="/tmp") as folder:
        opened = wiring.open_store(Settings(data_dir=Path(folder)))
        filling.fill(opened, 0, 1, size=2_000)
        opened.close()
        for _ in range(size.rounds):
            took, spent = _start(Path(folder))
            seconds.append(took)
    sentence = "Seconds from `inventory up` to the first answered hit."
    return Result(
        "start", "sqlite", None, median(seconds), None, "s", size.rounds, spent.cpu_seconds, spent.peak_memory_mb, sentence
    )


def _start(folder: Path) -> tuple[float, rig.Cost]:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INVENTORY_")} | {
        "INVENTORY_DATA_DIR": str(folder),
        "INVENTORY_PORT": str(port),
        "INVENTORY_DASHBOARD_PORT": str(free_port()),
    }
    began = time.perf_counter()
    command = [sys.executable, "-c", "from inventory.commands.main import main; main()", "up"]
    program = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}{filling.LOOKUP}0"):
            if program.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError("`inventory up` did not answer within 60 s")
            time.sleep(0.01)
        return time.perf_counter() - began, rig.cost([program.pid])
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(60)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
