"""Load on a server, from a process of its own: wrk if it is installed, else our own client."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path

LUA = Path(__file__).with_name("load.lua")
CONNECTIONS = 16


@dataclass(frozen=True)
class Pages:
    """Which lookups are sent: `prefix` and a number from `first` on; in sequence, or at random among `count`."""

    prefix: str
    first: int
    count: int
    at_random: bool = True
    etag: str = ""
    key: str = ""

    def arguments(self) -> list[str]:
        """The command line of both clients."""
        return [
            str(self.first),
            str(self.count),
            "random" if self.at_random else "sequence",
            self.prefix,
            self.etag,
            self.key,
        ]


@dataclass(frozen=True)
class Load:
    """What a client saw. `busy` is the share of its time for which our own client was busy; None of wrk."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int
    busy: float | None = None

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


def for_seconds(url: str, pages: Pages, seconds: float, *, connections: int = CONNECTIONS) -> Load:
    """Send lookups over kept connections for so many seconds; wrk knows whole ones only."""
    if shutil.which("wrk") is None:
        return _ours(url, pages, seconds, connections)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{ceil(seconds)}s", "--timeout=10s", "-s", str(LUA), url, "--"]
    return _read(subprocess.run([*command, *pages.arguments()], stdout=subprocess.PIPE, check=True, text=True))


def rate(url: str, pages: Pages, seconds: float) -> float:
    """Answers a second."""
    return for_seconds(url, pages, seconds).rate


def each_once(url: str, pages: Pages, *, connections: int = CONNECTIONS) -> Load:
    """Send each of the lookups once; wrk cannot."""
    return _ours(url, pages, 0, connections)


def _ours(url: str, pages: Pages, seconds: float, connections: int) -> Load:
    command = [sys.executable, "-m", "bench.client", url, *pages.arguments(), f"{seconds:g}", str(connections)]
    return _read(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True))


def _read(ended: subprocess.CompletedProcess[str]) -> Load:
    load = Load(**json.loads(ended.stdout.strip().rpartition("\n")[2]))
    if load.errors:
        raise RuntimeError(f"{load.errors} of {load.requests} requests failed: {ended.args}")
    return load
