"""`memory_worker` and `memory_api`: what bombs of 2 GiB at once add to the memory of one process that collects them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import requests

from bench import rig
from bench.measuring import Result, RunSize
from tests.end_to_end.stack import Stack, free_port, wait_until

BOMBS = ("gzip-bomb", "br-bomb", "zstd-bomb")
IN_A_WORKER, INLINE = 80, 16
MOST_IN_A_WORKER, MOST_INLINE = 32, 64
"""MiB that they may add."""
SECONDS = 300
"""That all bombs together may take."""

SETTINGS = {"workers": 1, "api_processes": 1, "inline_slots": INLINE, "max_attempts": 1}
PROGRAMS = {"memory_worker": ("redis", "api", "worker"), "memory_api": ("redis", "api")}

Collect = Callable[[Stack, list[str]], None]


def measure_worker(store: str, size: RunSize) -> Result:
    """Lookups of 80 bombs, which one worker then collects."""
    sentence = f"Memory that {IN_A_WORKER} bombs of 2 GiB at once (gzip, br, zstd) add to the one worker that collects them."
    return _measure("memory_worker", store, size, IN_A_WORKER, _in_a_worker, sentence, MOST_IN_A_WORKER)


def measure_api(store: str, size: RunSize) -> Result:
    """Requests that collect 16 bombs inline and answer their page sources."""
    sentence = f"Memory that {INLINE} bombs of 2 GiB, collected inline at once, add to the API process."
    return _measure("memory_api", store, size, INLINE, _inline, sentence, MOST_INLINE)


def _measure(name: str, store: str, size: RunSize, number: int, collect: Collect, sentence: str, at_most: float) -> Result:
    """Ours is how many MiB the peak is above what the process has after its first page."""
    grown, peaks, seconds = [], [], 0.0
    for _ in range(size.rounds):
        with rig.ours(store, *PROGRAMS[name], **SETTINGS) as (running, _), bombs(running) as url:
            pid = child_of(running.processes[PROGRAMS[name][-1]].pid)
            collect(running, [f"{url}/page?warm"])
            idle = memory(pid, "VmRSS")
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins again
            collect(running, [f"{url}/{bomb}?{n}" for n, bomb in enumerate(islice(cycle(BOMBS), number))])
            peaks.append(memory(pid, "VmHWM"))
            grown.append(peaks[-1] - idle)
            seconds += rig.cost([program.pid for program in running.processes.values()]).cpu_seconds
    return Result(name, store, None, median(grown), None, "MiB", size.rounds, seconds, max(peaks), sentence, at_most=at_most)


def _in_a_worker(running: Stack, urls: list[str]) -> None:
    for url in urls:
        running.look_up(url)
    for url in urls:
        running.wait_for(url, 200, seconds=SECONDS)


def _inline(running: Stack, urls: list[str]) -> None:
    def collect(url: str) -> None:
        with requests.post(f"{running.url}/api/v1/metadata", json={"url": url}, stream=True, timeout=SECONDS) as response:
            if response.status_code != 201 or not sum(map(len, response.iter_content(1 << 16))):
                raise RuntimeError(f"{url} was answered with {response.status_code}")

    with ThreadPoolExecutor(len(urls)) as pool:
        list(pool.map(collect, urls))


@contextmanager
def bombs(running: Stack) -> Iterator[str]:
    """The URL of an upstream with the bombs."""
    port = free_port()
    command = [sys.executable, "-m", "bench.bombs", str(port)]
    with rig.program(command, dict(os.environ), running.folder / "bombs.log"):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: rig.answers(f"{url}/page"), "the bombs are there")
        yield url


def child_of(pid: int) -> int:
    """The only process that a program has forked."""
    [child] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def memory(pid: int, what: str) -> float:
    """MiB, by a name of proc(5)."""
    found = re.search(rf"^{what}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024
