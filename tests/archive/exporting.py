"""The memory that an export takes: an API process, its inventory of bodies that cannot be compressed, and its archive.

`make exporting` exports more than 4 GiB and, with another process, a hundredth of that. It takes some
minutes and 5 GiB of disk where TMPDIR says, and is no part of CI. `test_export_memory.py` does the same in small.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bench import filling
from bench.memory import child_of, memory
from inventory import wiring
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.observations.extraction import of_snapshot
from inventory.records.model import Snapshot, Stored
from inventory.store import Store
from tests.end_to_end.stack import Stack

MIB = 1024 * 1024
PIECE = MIB
BODY = 3 * MIB // 2
"""Bytes of a body, in the middle: they have 1 to 2 MiB."""
FULL = 4_400 * MIB
MOST = 1.1
"""How many times as much memory a hundred times the export may take."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """An archive that was downloaded: its bytes, and the seconds that it took.

    Of the API process: MiB before it and at most, and CPU seconds.
    """

    size: int
    seconds: float
    before: float
    peak: float
    cpu_seconds: float


def fill(store: Store, size: int) -> None:
    """Store webpages whose bodies have so many bytes together."""
    rng, number, left = random.Random(size), 0, size
    while left > 0:
        body = rng.randbytes(min(left, rng.randint(BODY - MIB // 2, BODY + MIB // 2)))
        filling.accept(store, [number])
        [claim] = store.records.claim_due(now=utc_now(), lease_for=filling.LEASE, limit=1)
        assert claim.lease is not None
        name = hashlib.sha256(body).hexdigest()
        seen = filling.content(number, body)
        seen["body"] |= {"media_type": "image/jpeg", "charset": None, "encoding": "base64"}
        snapshot = Snapshot(claim.lease, claim.id, utc_now(), seen, name)
        assert store.records.settle([Stored(claim, snapshot, body, of_snapshot(claim.target, seen))]) == [True]
        number, left = number + 1, left - len(body)


@contextmanager
def serving(folder: Path, size: int) -> Iterator[Stack]:
    """The API, in one process, of an inventory with so many bytes of bodies."""
    running = Stack(folder, api_processes=1)
    store = wiring.open_store(Settings(data_dir=folder))
    try:
        fill(store, size)
        store.close()
        running.start("redis", "api")
        yield running
    finally:
        for name in list(running.processes):
            running.end(name, signal.SIGTERM)
        running.stop()


def export(running: Stack) -> Export:
    """Download the archive of everything, and throw it away."""
    pid = child_of(running.processes["api"].pid)
    running.get("/api/v1/search", q="")  # what a process needs for any query is there from here on
    before, cpu, begun = memory(pid, "VmRSS"), _cpu_seconds(pid), time.monotonic()
    with requests.get(f"{running.url}/api/v1/archive.warc.gz?q=", stream=True, timeout=600) as answer:
        assert answer.status_code == 200, answer.text
        size = sum(map(len, answer.iter_content(PIECE)))
    return Export(
        size=size,
        seconds=time.monotonic() - begun,
        before=before,
        peak=memory(pid, "VmHWM"),
        cpu_seconds=_cpu_seconds(pid) - cpu,
    )


def measured(size: int) -> Export:
    """What the export of an inventory of its own takes, whose folder is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="inv-"))
    try:
        with serving(folder, size) as running:
            found = export(running)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert found.size > size, "the bodies are all there, and cannot be made smaller"
    return found


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main() -> None:
    """Print both; an `AssertionError` tells that memory grew with the file."""
    small, large = measured(FULL // 100), measured(FULL)
    for each in (small, large):
        sys.stdout.write(
            f"{each.size / MIB:,.0f} MiB in {each.seconds:.1f} s ({each.size / MIB / each.seconds:.0f} MiB/s,"
            f" {each.cpu_seconds:.1f} s of CPU): {each.before:.1f} MiB before, {each.peak:.1f} MiB at most\n"
        )
    assert large.size > 4 * 1024 * MIB
    assert large.peak <= MOST * small.peak, "memory grew with the file"


if __name__ == "__main__":
    main()
