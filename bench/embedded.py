"""`inventory up` as a program, on ports of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from bench import filling
from tests.end_to_end.stack import ROOT, free_port

PATIENCE = 60
"""Seconds within which it answers."""


@contextmanager
def stack(folder: Path, *, root: Path = ROOT) -> Iterator[tuple[int, float]]:
    """The session of its programs, and the seconds from its start to the first answered hit of page 0 in the folder.

    They run from the source tree `root`.
    """
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INVENTORY_")} | {
        "PYTHONPATH": str(root),
        "INVENTORY_DATA_DIR": str(folder),
        "INVENTORY_PORT": str(port),
        "INVENTORY_DASHBOARD_PORT": str(free_port()),
    }
    began = time.perf_counter()
    command = [sys.executable, "-c", "from inventory.commands.main import main; main()", "up"]
    program = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}{filling.LOOKUP}0"):
            if program.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise RuntimeError(f"`inventory up` did not answer within {PATIENCE} s")
            time.sleep(0.01)
        yield program.pid, time.perf_counter() - began
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(60)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
