"""The API as real processes, with pages to ask it for, and how long it takes to answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from bench import filling
from inventory.config import Settings
from inventory.wiring import open_store
from tests.attacks.slow_clients import LARGE_PAGE, LOOKUP, SMALL_PAGES
from tests.end_to_end.stack import Stack, stack

LARGE = 4_000_000
EXCHANGE_TIMEOUT = 120.0
TRIES = 3


@contextmanager
def site(files: int = 0, **settings: object) -> Iterator[Stack]:
    """A running API that knows some pages of 20 KB and one of 4 MB; with so many `files` it may open no more."""
    with stack(**settings) as running:
        if files:
            running.commands["api"] = ["bash", "-c", f'ulimit -n {files}; exec "$@"', "bash", *running.commands["api"]]
        store = open_store(Settings(data_dir=running.folder))
        running.start("redis", "api")
        filling.fill(store, 0, SMALL_PAGES, size=20_000)
        filling.fill(store, LARGE_PAGE, 1, size=LARGE)
        store.close()
        for number in range(SMALL_PAGES):
            hit(running.port, number)
        yield running


def hit(port: int, number: int = 0) -> float:
    """Seconds until a page is answered whole, over a connection of its own."""
    began = time.perf_counter()
    answer = exchange(port, LOOKUP % (number % SMALL_PAGES, b"Connection: close\r\n"))
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:300]
    return time.perf_counter() - began


def exchange(port: int, request: bytes) -> bytes:
    """The answer to a request that is the last of its connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=EXCHANGE_TIMEOUT) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(262_144), b""))


def imported(running: Stack, content: bytes) -> bool:
    """Whether a file is accepted, by a client that comes again when it is told to, a few times."""
    for _ in range(TRIES):
        answer = requests.post(
            f"{running.url}/api/v1/imports", params={"kind": "urls"}, files={"file": ("u.txt", content)}, timeout=60
        )
        if answer.status_code != 429:
            return answer.status_code == 202
        time.sleep(float(answer.headers["Retry-After"]))
    return False
