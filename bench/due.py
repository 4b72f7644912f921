"""`due`: a pass of the scheduler over a million pending records, against the same pass over a thousand."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import pymongo

from bench import rig
from bench.filling import HOST, url
from bench.measuring import Result, RunSize
from inventory.clock import utc_now
from inventory.records.model import Target
from inventory.store.codecs import to_millis
from inventory.store.mongo import documents
from inventory.store.sqlite.records import INSERT
from tests.end_to_end.stack import ROOT, Stack

TO_REACH = 1.25
SLOWEST = 1.0
"""Seconds that a pass may take however much is pending."""
PENDING, LOW_PENDING = 1_000_000, 1_000
BATCH = 5_000
PASSES = 20
SCANNED = 200
"""Pending records on a server that reads all of them for each question."""


def measure(store: str, size: RunSize) -> Result:
    """Passes of a scheduler of its own in a new process, so that its memory is its own; most of what is pending is due."""
    slow = _scans(store)
    few, many = (SCANNED // 10, SCANNED) if slow else (LOW_PENDING, size.count(PENDING))
    with rig.ours(store, "redis") as (small, opened_small), rig.ours(store, "redis") as (large, opened_large):
        for running, opened, count in ((small, opened_small, few), (large, opened_large, many)):
            opened.prepare()
            fill(running, count)
        rounds = [(probe(large), probe(small)) for _ in range(size.rounds)]
    ours, reference = median(each[0][0] for each in rounds), median(each[1][0] for each in rounds)
    longest = max(each[0][1] for each in rounds)
    memory, memory_of_few = max(each[0][2] for each in rounds), max(each[1][2] for each in rounds)
    sentence = (
        f"A scheduler's pass with {many:,} pending records, the longest {longest * 1000:.1f} ms, against one with {few:,}; "
        f"peak memory {memory:.1f} MiB against {memory_of_few:.1f} MiB."
    )
    sentence += " The server has no index for these questions and reads everything: only so many." if slow else ""
    ratio = median(mine[0] / other[0] for mine, other in rounds)
    cpu = sum(each[0][3] for each in rounds)
    return Result("due", store, ratio, ours, reference, "s/pass", size.rounds, cpu, memory, sentence)


def probe(running: Stack) -> tuple[float, float, float, float]:
    """Median and longest pass in seconds, peak memory in MiB and CPU seconds of a new process."""
    command = [sys.executable, "-m", "bench.due"]
    done = subprocess.run(command, cwd=ROOT, env=running.environment, capture_output=True, text=True, check=True)
    passing, longest, memory, cpu = (float(word) for word in done.stdout.splitlines()[-1].split())
    return passing, longest, memory, cpu


def _scans(store: str) -> bool:
    """Whether the store is a server without indexes: FerretDB 1 or mongo-java-server, which tell no commit of MongoDB."""
    if store == "sqlite":
        return False
    with pymongo.MongoClient[dict[str, object]](store) as client:
        return client.server_info().get("gitVersion", "unknown") == "unknown"


def fill(running: Stack, count: int) -> None:
    """Insert pending records as `accept` would, many in one transaction: nine of ten due, the others later."""
    store = running.environment["INVENTORY_STORE_URL"] or f"sqlite:///{running.folder}/inventory.sqlite3"
    now = utc_now()
    targets = (Target("webpage", url(number), HOST) for number in range(count))
    numbered = enumerate(targets)
    if store.startswith("mongodb"):
        with pymongo.MongoClient[dict[str, object]](store) as client:
            records = client.get_default_database()["records"]
            while batch := list(islice(numbered, BATCH)):
                records.insert_many([documents.new_record(target, _due(now, n)) for n, target in batch], ordered=False)
        return
    with sqlite3.connect(Path(urlsplit(store).path[1:])) as connection:
        connection.executemany(INSERT.partition("RETURNING")[0], _rows(numbered, now))
    connection.close()


def _rows(numbered: Iterator[tuple[int, Target]], now: datetime) -> Iterator[dict[str, object]]:
    for n, target in numbered:
        due = to_millis(_due(now, n))
        named = {"id": target.id, "source": target.source, "key": target.key, "host": target.host}
        yield named | {"now": due, "bulk": False, "owner": ""}


def _due(now: datetime, n: int) -> datetime:
    return now + timedelta(hours=1) if n % 10 == 0 else now - timedelta(milliseconds=n)


def main() -> None:
    """In a process of its own: passes, and what they cost."""
    import resource
    from time import perf_counter

    from inventory import wiring
    from inventory.config import Settings
    from workers import scheduler

    services = wiring.build(Settings.read())
    sweep = scheduler.Sweep()
    took = []
    for _ in range(PASSES):
        began = perf_counter()
        scheduler.round_(services)
        scheduler.retain(services, sweep)
        took.append(perf_counter() - began)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    sys.stdout.write(f"{median(took[1:])} {max(took)} {usage.ru_maxrss / 1024} {usage.ru_utime + usage.ru_stime}\n")
    services.store.close()


if __name__ == "__main__":
    main()
