"""Real processes, several of them, are one polite guest together: what the upstream counts is what its budget allows."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from inventory.rate_limits.model import Policy
from tests.end_to_end.stack import Stack, free_port, stack_on, wait_until
from tests.real_mongo import ANY_STORE
from tests.upstreams import Answer, Upstream

RATE, BURST = 20.0, 5
DEADLINE = 10
"""Seconds, in which five pages that are held back are fetched at once, on a busy machine too."""
OTHER = "127.0.0.2"


@pytest.fixture
def other() -> Iterator[Upstream]:
    with Upstream(OTHER) as upstream:
        yield upstream


@contextmanager
def started(kind: str) -> Iterator[Stack]:
    with stack_on(
        kind,
        upstream_rate=RATE,
        upstream_concurrency=BURST,
        workers=3,
        allow_networks=f"127.0.0.1/32,{OTHER}/32",
        retry_base=0.2,
        fetch_deadline=DEADLINE,
    ) as running:
        running.start()
        yield running


@pytest.fixture(scope="module", params=ANY_STORE)
def lasting(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """For tests that end no program of it."""
    with started(request.param) as running:
        yield running


@pytest.fixture(params=ANY_STORE)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with started(request.param) as running:
        yield running


def look_up(running: Stack, urls: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status_code for answer in pool.map(running.look_up, urls)} <= {200, 202}


def budget_of(running: Stack, host: str = "127.0.0.1") -> dict[str, Any]:
    """What the API tells of an upstream; nothing as long as it was not called."""
    answer = running.get(f"/api/v1/upstreams/{host}")
    assert answer is not None
    found: dict[str, Any] = answer.json() if answer.ok else {}
    return found


def in_use(running: Stack) -> int | None:
    budget = budget_of(running).get("budget")
    return budget["in_use"] if budget else None


def all_stored(running: Stack, urls: list[str], seconds: float = 120.0) -> None:
    wait_until(lambda: set(running.keys("stored")) >= set(urls), "everything is stored", seconds)


def test_three_workers_and_two_api_processes_together_keep_to_the_rate(lasting: Stack, upstream: Upstream) -> None:
    urls = [upstream.url(f"/page/{n}") for n in range(100)]
    inline = [upstream.url(f"/redirect?n={n}") for n in range(10)]
    began = time.monotonic()

    with ThreadPoolExecutor(4) as pool:
        posted = pool.map(lambda url: requests.post(f"{lasting.url}/api/v1/metadata", json={"url": url}, timeout=30), inline)
        look_up(lasting, urls)
        assert {answer.status_code for answer in posted} <= {201, 202}
    all_stored(lasting, urls + inline)

    assert 100 + 10 * 2 <= upstream.count() <= 100 + 10 * 3, "one that is deferred at its redirect begins again"
    for seconds in (1.0, 2.0):
        allowed = BURST + RATE * (seconds + 2.0)  # requests do not travel equally fast, on a busy machine least of all
        assert upstream.most_within(seconds) <= allowed, f"in {seconds} s"
    assert time.monotonic() - began >= (120 - BURST) / RATE - 1
    assert budget_of(lasting)["requests"] >= 110
    assert in_use(lasting) == 0


def test_a_host_that_asks_for_a_pause_is_called_by_no_worker(lasting: Stack, upstream: Upstream, other: Upstream) -> None:
    upstream.script("/page/busy", Answer(503, (("Retry-After", "10"),)))
    look_up(lasting, [upstream.url("/page/busy")])
    wait_until(lambda: upstream.count("/page/busy") == 1, "it was called")
    wait_until(lambda: budget_of(lasting).get("paused_until"), "the pause is known")
    called = upstream.count()
    urls = [upstream.url(f"/page/{n}") for n in range(20)]

    look_up(lasting, [*urls, other.url("/page")])

    all_stored(lasting, [other.url("/page")])
    assert upstream.count() == called, "while others are called, it is not"
    all_stored(lasting, [*urls, upstream.url("/page/busy")])
    assert upstream.arrivals[called] - upstream.arrivals[called - 1] >= 9.9


def test_a_dead_host_opens_its_breaker_and_others_go_on(lasting: Stack, other: Upstream) -> None:
    nobody = free_port()
    dead = [f"http://127.0.0.1:{nobody}/{n}" for n in range(50)]
    failed = budget_of(lasting).get("failures", 0)
    look_up(lasting, dead)
    wait_until(lambda: budget_of(lasting).get("breaker", {}).get("state") == "open", "the breaker opens")
    requests_made, since = budget_of(lasting)["requests"], time.monotonic()

    look_up(lasting, [other.url(f"/page/{n}") for n in range(20)])
    all_stored(lasting, [other.url(f"/page/{n}") for n in range(20)])

    probes = 2 + (time.monotonic() - since) / Policy(lease=0).first_pause
    assert budget_of(lasting)["requests"] - requests_made <= probes
    assert budget_of(lasting)["failures"] - failed >= 5


def test_a_worker_that_is_stopped_keeps_no_permit(running: Stack, upstream: Upstream) -> None:
    for n in range(5):
        upstream.hold(f"/page/{n}")
    look_up(running, [upstream.url(f"/page/{n}") for n in range(5)])
    wait_until(lambda: in_use(running) == 5, "they are under way")

    worker = running.processes.pop("worker")
    os.killpg(worker.pid, signal.SIGTERM)
    for n in range(5):
        upstream.release(f"/page/{n}")
    worker.wait(120)

    assert in_use(running) == 0


def test_a_killed_workers_permits_come_back_when_their_lease_is_over(running: Stack, upstream: Upstream) -> None:
    for n in range(5):
        upstream.hold(f"/page/{n}")
    look_up(running, [upstream.url(f"/page/{n}") for n in range(5)])
    wait_until(lambda: in_use(running) == 5, "they are under way")

    running.end("worker", signal.SIGKILL)

    assert in_use(running) == 5
    lease = DEADLINE + 15
    wait_until(lambda: in_use(running) == 0, "they are free again", seconds=lease + 120)


def test_without_redis_each_program_keeps_to_its_share(running: Stack, upstream: Upstream) -> None:
    running.end("redis")
    urls = [upstream.url(f"/page/{n}") for n in range(40)]
    began = time.monotonic()
    look_up(running, urls)

    all_stored(running, urls)

    assert upstream.count() == 40
    programs = 3 + 2
    assert upstream.most_within(0.5) <= programs + RATE * (0.5 + 0.75), "requests do not travel equally fast"
    assert time.monotonic() - began >= (40 - programs) / RATE
