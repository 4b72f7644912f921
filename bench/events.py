"""`events`: lines of a log file imported and kept, a second, against `json.loads` of each line and nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import requests

from bench import rig
from bench.measuring import Result, RunSize, interleaved
from inventory.jobs.model import JobStatus
from inventory.store import Store
from tests.end_to_end.stack import ROOT, Stack
from tests.events import logs

LINES = 200_000


def measure(store: str, size: RunSize) -> Result:
    """Every round uploads the file and ends when the job has: all its lines are events. Two worker processes."""
    with rig.ours(store, workers=2) as (running, opened):
        file, count = running.folder / "logs.jsonl", size.count(LINES)
        logs.write(file, count, seed=1)

        def imported() -> float:
            began = time.perf_counter()
            job_id = _upload(running, file)
            _await_end(opened, job_id, count)
            return count / (time.perf_counter() - began)

        def loaded() -> float:
            command = [sys.executable, "-m", "bench.json_loads", str(file)]
            return float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout)

        rounds = interleaved(running, size.rounds, imported, loaded)
    sentence = "Lines of a log file uploaded, validated and kept, end to end, against json.loads of each of them."
    return rounds.result("events", store, "lines/s", sentence, to_reach=0.25)


def _upload(running: Stack, file: Path) -> str:
    with file.open("rb") as content:
        answer = requests.post(
            f"{running.url}/api/v1/imports", params={"kind": "events"}, files={"file": (file.name, content)}, timeout=60
        )
    answer.raise_for_status()
    return str(answer.json()["job_id"])


def _await_end(store: Store, job_id: str, lines: int) -> None:
    while (job := store.jobs.find(job_id)) is None or not job.status.finished:
        time.sleep(0.02)
    if job.status is not JobStatus.COMPLETED or job.counts.succeeded != lines:
        raise RuntimeError(f"not every line became an event: {job}")
