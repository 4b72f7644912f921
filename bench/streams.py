"""`streams` and `stream_memory`: what 1,000 clients that follow a job cost one API process while nothing happens."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from bench import rig
from bench.measuring import Result, RunSize
from bench.memory import child_of, memory
from tests.end_to_end.importing import Import, table
from tests.end_to_end.stack import Stack

STREAMS = 1_000
SPARE_THREADS = 24
SETTLED = 2.0
"""Seconds after the last stream was opened."""


def measure(store: str, size: RunSize) -> Result:
    """The share of a core that open server-sent streams take."""
    number, rounds = _measure(store, size)
    sentence = f"Share of a core that {number:,} open streams of a job take while it does not change."
    return _result("streams", store, [cores for cores, _ in rounds], "cores", sentence)


def measure_memory(store: str, size: RunSize) -> Result:
    """The memory of a stream."""
    number, rounds = _measure(store, size)
    sentence = f"Memory of an open stream of a job, one of {number:,}."
    return _result("stream_memory", store, [kib for _, kib in rounds], "KiB", sentence)


def _result(name: str, store: str, found: list[float], unit: str, sentence: str) -> Result:
    return Result(name, store, None, median(found), None, unit, len(found), 0, 0, sentence)


def _measure(store: str, size: RunSize) -> tuple[int, list[tuple[float, float]]]:
    """Cores that all streams take, and KiB of each, in rounds."""
    number = size.count(STREAMS)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    settings = {"api_processes": 1, "live_streams": number, "api_threads": number + SPARE_THREADS, "inline_slots": 2}
    with rig.ours(store, "redis", "api", **settings) as (running, _):
        job = Import(running, table(["http://127.0.0.1:9/"])).id  # there is no worker: it stays as it is
        return number, [_round(running, job, number, size.seconds) for _ in range(size.rounds)]


def _round(running: Stack, job: str, number: int, seconds: float) -> tuple[float, float]:
    api = running.processes["api"].pid
    before, idle = memory(child_of(api), "VmRSS"), _cores(api, seconds)
    with _streams(running, job, number):
        time.sleep(SETTLED)
        taken = _cores(api, seconds)
        kib = (memory(child_of(api), "VmRSS") - before) * 1024 / number
    return taken - idle, kib


def _cores(session: int, seconds: float) -> float:
    began = rig.cost([session]).cpu_seconds
    time.sleep(seconds)
    return (rig.cost([session]).cpu_seconds - began) / seconds


@contextmanager
def _streams(running: Stack, job: str, number: int) -> Iterator[None]:
    """So many clients, each of which has had the first message."""
    request = f"GET /api/v1/jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with ExitStack() as opened:
        clients = [opened.enter_context(socket.create_connection(("127.0.0.1", running.port), 60)) for _ in range(number)]
        for client in clients:
            client.sendall(request)
        for client in clients:
            received = b""
            while b"event: progress" not in received:
                piece = client.recv(65_536)
                if not piece:
                    raise RuntimeError(f"a stream ended: {received!r:.200}")
                received += piece
        yield
