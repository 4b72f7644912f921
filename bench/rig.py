"""What a benchmark runs on: the real programs on a store of their own, the reference beside them, and their cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pymongo
import requests

from bench import filling
from inventory import wiring
from inventory.config import Settings
from inventory.store import Store
from tests.end_to_end.stack import ROOT, Stack, free_port, wait_until

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """CPU seconds of some programs so far, and the most memory (MiB) that each of them has had, added up."""

    cpu_seconds: float
    peak_memory_mb: float


def cost(sessions: Sequence[int]) -> Cost:
    """The cost of all that runs in these sessions: `Stack` gives each program one of its own."""
    ticks, peak = 0, 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) in sessions:
                ticks += sum(int(spent) for spent in fields[11:15])
                peak += int((folder / "status").read_text().partition("VmHWM:")[2].split()[0])
        except (FileNotFoundError, ProcessLookupError, IndexError):  # it ended meanwhile
            continue
    return Cost(ticks / TICKS, peak / 1024)


@contextmanager
def ours(store: str, *programs: str, root: Path = ROOT, **settings: object) -> Iterator[tuple[Stack, Store]]:
    """Our programs on a new store of the kind `store` ("sqlite", or the URL of a MongoDB server), and the store itself.

    They run from the source tree `root`. The store must not be used if that is an older one.

    Both are in a folder where `TMPDIR` says: on a disk, unless what is measured has nothing to do with one.
    """
    with _store_url(store) as url, tempfile.TemporaryDirectory(prefix="inv-", ignore_cleanup_errors=True) as folder:
        running = Stack(Path(folder), url, root=root, **settings)
        opened = wiring.open_store(Settings(store_url=url, data_dir=running.folder))
        try:
            running.start(*programs)
            yield running, opened
        finally:
            opened.close()
            running.redis.close()
            for name in list(running.processes):
                running.end(name, signal.SIGTERM)


@contextmanager
def constant(running: Stack, size: int) -> Iterator[str]:
    """The URL of the same gunicorn, with the same settings, that answers a constant."""
    port = free_port()
    folder = running.folder / "constant"
    folder.mkdir()
    environment = running.environment | {
        "INVENTORY_PORT": str(port),
        "INVENTORY_DATA_DIR": str(folder),
        "INVENTORY_STORE_URL": "",
    }
    command = [sys.executable, "-m", "gunicorn", f"bench.constant:Constant({size})"]
    with program(command, environment, folder / "constant.log"):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url), "the constant is answered")
        yield url


def look_up(running: Stack, number: int, headers: dict[str, str] | None = None, **query: str) -> requests.Response:
    """The answer to the lookup of a numbered page."""
    return requests.get(f"{running.url}{filling.LOOKUP}{number}", params=query, headers=headers, timeout=30)


@contextmanager
def program(command: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program of its own, that ends with the block."""
    with log.open("wb") as output:
        program = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        yield program
    finally:
        os.killpg(program.pid, signal.SIGTERM)
        program.wait(60)


def answers(url: str) -> bool:
    """Whether somebody answers there, with no error."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


@contextmanager
def _store_url(store: str) -> Iterator[str]:
    if store == "sqlite":
        yield ""
        return
    name = f"bench_{uuid4().hex[:8]}"
    try:
        yield f"{store.rstrip('/')}/{name}"
    finally:
        with pymongo.MongoClient[dict[str, object]](store) as client:
            client.drop_database(name)
