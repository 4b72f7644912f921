"""A log file through the real programs, and what has become of each of its lines."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from rq import Worker
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from inventory.events.model import EventFilter
from inventory.listing import Key
from inventory.store import Store
from tests.end_to_end.stack import Stack

PAGE = 5_000


@dataclass
class Rehearsal:
    """One import by running programs; `peaks` are the most MiB that each worker was seen to have had in memory, by pid."""

    running: Stack
    file: Path
    job_id: str = ""
    peaks: dict[int, float] = field(default_factory=dict)

    def upload(self) -> None:
        """Send the file; what answers is the job."""
        with self.file.open("rb") as content:
            files = {"file": (self.file.name, content)}
            answer = requests.post(f"{self.running.url}/api/v1/imports", params={"kind": "events"}, files=files, timeout=300)
        assert answer.status_code == 202, answer.text
        self.job_id = answer.json()["job_id"]

    def job(self) -> dict[str, Any]:
        """The job as it stands."""
        document: dict[str, Any] = requests.get(f"{self.running.url}/api/v1/jobs/{self.job_id}", timeout=30).json()
        self._look_at_memory()
        return document

    def wait_for(self, reached: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
        """The job when it has come so far."""
        until = time.monotonic() + seconds
        while not reached(job := self.job()):
            assert time.monotonic() < until, job
            time.sleep(0.1)
        return job

    def wait_for_end(self, seconds: float) -> dict[str, Any]:
        """The job at its end."""
        return self.wait_for(lambda job: job["finished_at"] is not None, seconds)

    def kill_a_worker(self) -> int:
        """SIGKILL a worker that is at work; its pid."""
        while not (busy := [each for each in self._workers() if each.get_state() == WorkerStatus.BUSY and each.pid]):
            time.sleep(0.01)
        pid = busy[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    def rejected(self) -> list[int]:
        """The numbers of the rejected rows, page by page."""
        numbers: list[int] = []
        query: dict[str, Any] = {"outcome": "rejected", "limit": 200}
        while True:
            path = f"{self.running.url}/api/v1/jobs/{self.job_id}/rows"
            page = requests.get(path, params=query, timeout=30).json()
            numbers += [row["row"] for row in page["rows"]]
            if page["next_cursor"] is None:
                return numbers
            query["cursor"] = page["next_cursor"]

    def kept(self, store: Store) -> Iterator[int]:
        """The line of each event that the store has of this job."""
        after: Key | None = None
        while page := store.events.listing(EventFilter(job_id=self.job_id), limit=PAGE, after=after):
            yield from (event.line for event in page)
            after = page[-1].timestamp, page[-1].id

    def _workers(self) -> list[Worker]:
        return Worker.all(self.running.redis, serializer=JSONSerializer)

    def _look_at_memory(self) -> None:
        for worker in self._workers():
            if worker.pid and (peak := peak_memory(worker.pid)):
                self.peaks[worker.pid] = peak


def peak_memory(pid: int) -> float | None:
    """The most MiB that a process has had in memory; None if it is gone."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(found[1]) / 1024 if found else None
