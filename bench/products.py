"""`products`: a run of three paginated APIs that take 5 requests a second each, against the time that these limits allow."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from bench import rig
from bench.measuring import Result, RunSize, interleaved
from inventory.demo import addresses
from inventory.jobs.model import JobStatus
from inventory.store import Store
from tests.end_to_end.stack import ROOT

PRODUCTS = 1_200
"""Of each API, 20 a page: 60 pages take 12 seconds."""
SHOPS = tuple(addresses.SHOPS)


def measure(store: str, size: RunSize) -> Result:
    """Every round is a whole run; the reference is how long its requests take at 5 a second, and what it was told to wait.

    The APIs take 20 to 120 ms for an answer, and none of their answers fails. Two worker processes.
    """
    products = max(100, int(PRODUCTS * min(1.0, size.scale)))
    with upstreams(products) as (urls, feeds), rig.ours(store, product_feeds=feeds, workers=2) as (running, opened):
        told: list[float] = []

        def ran() -> float:
            before = [_counts(urls[name]) for name in SHOPS]
            began = time.perf_counter()
            job_id = requests.post(f"{running.url}/api/v1/products/runs", timeout=30).json()["job_id"]
            _await_end(opened, job_id, 3 * products)
            took = time.perf_counter() - began
            told.append(max(_allowed(urls[name], since) for name, since in zip(SHOPS, before, strict=True)))
            return took

        rounds = interleaved(running, min(size.rounds, 3), ran, lambda: told[-1])
    sentence = "Three product APIs of 5 requests a second pulled and kept, end to end, against what the limits alone allow."
    return rounds.result("products", store, "s", sentence, at_most=1.1)


@contextmanager
def upstreams(products: int) -> Iterator[tuple[Mapping[str, str], Path]]:
    """The URLs of the APIs, in a program of their own, and the file that describes them."""
    command = [sys.executable, "-m", "inventory.demo", "--port", "0", "--failures", "0", "--well-formed"]
    command += ["--products", str(products)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            urls = json.loads(program.stdout.readline())
            ports = {name: urlsplit(url).port for name, url in urls.items()}
            with tempfile.TemporaryDirectory(prefix="inv-") as folder:
                feeds = Path(folder) / "feeds.yaml"
                feeds.write_text(addresses.feeds(ports))
                yield urls, feeds
        finally:
            program.terminate()


def _allowed(url: str, since: Mapping[str, Any]) -> float:
    """Seconds: the first request may leave at once, each further one a fifth of a second later."""
    now = _counts(url)
    if now["worst_second"] > addresses.SHOP_LIMIT:
        raise RuntimeError(f"{now['worst_second']} requests in a second")
    waited = now["asked_to_wait_seconds"] - since["asked_to_wait_seconds"]
    return float((now["requests"] - since["requests"] - 1) / addresses.SHOP_LIMIT + waited)


def _counts(url: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = requests.get(f"{url}/_counts", timeout=10).json()
    return found


def _await_end(store: Store, job_id: str, products: int) -> None:
    while (job := store.jobs.find(job_id)) is None or not job.status.finished:
        time.sleep(0.02)
    if job.status is not JobStatus.COMPLETED or job.counts.succeeded != products:
        raise RuntimeError(f"not every product was kept: {job}")
