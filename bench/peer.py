"""`peer_hit`, `peer_collect`: ours against another program that looks URLs up, which is started by a command.

The command is run by the shell. `{port}` in it is where the program is to listen on 127.0.0.1. Its answer to
`GET PREFIX<percent-encoded URL>` is 200 if it knows the URL, and 202 (or another success) if it is going to fetch it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from urllib.parse import quote

import requests

from bench import load, rig
from bench.measuring import Result, RunSize, interleaved
from bench.upstream import PAGE, upstream
from tests.end_to_end.stack import API, free_port, wait_until

LOOKUP = f"{API}?url="
PAGES = 1_000
MISSES = 2_000
PATIENCE = 300
"""Seconds in which everything must have been fetched."""


@dataclass(frozen=True, slots=True)
class Peer:
    """How another program is started, and the path of its lookups up to the URL that is looked up."""

    command: str
    prefix: str


@dataclass(frozen=True, slots=True)
class _Side:
    """A running program: where it listens, and the lookups of numbered pages."""

    url: str
    prefix: str

    def pages(self, first: int, number: int) -> load.Pages:
        """Lookups of so many pages."""
        return load.Pages(self.prefix, first, number)

    def collected(self, first: int, number: int) -> float:
        """Look so many new pages up, once each; how many a second it has then fetched."""
        began = time.perf_counter()
        load.each_once(self.url, self.pages(first, number))
        with requests.Session() as session:
            for page in range(first, first + number):
                while session.get(f"{self.url}{self.prefix}{page}", timeout=30).status_code != 200:
                    if time.perf_counter() - began > PATIENCE:
                        raise RuntimeError(f"{self.url} has not fetched page {page} within {PATIENCE} s")
                    time.sleep(0.02)
        return number / (time.perf_counter() - began)


def measure_hit(store: str, size: RunSize, peer: Peer) -> Result:
    """Both have fetched the same 1,000 pages, which are then asked for at random over 16 connections."""
    pages = size.count(PAGES)
    with _both(store, peer) as (ours, other, running):
        for side in (ours, other):
            side.collected(0, pages)
        rates = [partial(load.rate, side.url, side.pages(0, pages), size.seconds) for side in (ours, other)]
        rounds = interleaved(running, size.rounds, *rates)
    return rounds.result("peer_hit", store, "answers/s", "Hits against those of the peer, 16 connections.")


def measure_collect(store: str, size: RunSize, peer: Peer) -> Result:
    """Each round looks new pages up and ends when the last of them is answered with 200."""
    misses = size.count(MISSES)
    with _both(store, peer) as (ours, other, running):

        def rate(side: _Side, begun: Iterator[int]) -> float:
            return side.collected(misses * next(begun), misses)

        rounds = interleaved(running, size.rounds, partial(rate, ours, count()), partial(rate, other, count()))
    return rounds.result("peer_collect", store, "pages/s", "Misses looked up and fetched, against the peer.")


@contextmanager
def _both(store: str, peer: Peer) -> Iterator[tuple[_Side, _Side, rig.Stack]]:
    port = free_port()
    with rig.ours(store, workers=2) as (running, _), upstream(running.folder) as pages:
        page = quote(f"{pages}/page/?size={PAGE}&n=", safe="")
        command = ["sh", "-c", peer.command.replace("{port}", str(port))]
        with rig.program(command, dict(os.environ), Path(running.folder, "peer.log")):
            other = f"http://127.0.0.1:{port}"
            wait_until(lambda: _listens(other), "the peer listens", seconds=60)
            yield _Side(running.url, f"{LOOKUP}{page}"), _Side(other, f"{peer.prefix}{page}"), running


def _listens(url: str) -> bool:
    try:
        requests.get(url, timeout=5)
    except requests.ConnectionError:
        return False
    return True
