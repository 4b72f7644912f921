"""What a 202 survives: the common faults, each alone. The fault rig adds the others."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.end_to_end.stack import Stack, stack_on, wait_until
from tests.real_mongo import STORES
from tests.upstreams import Upstream


@pytest.fixture(params=STORES)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(request.param, fetch_deadline=3, retry_base=0.2) as running:
        running.start()
        yield running


def ask(running: Stack, urls: list[str]) -> set[int]:
    with ThreadPoolExecutor(8) as pool:
        return {answer.status_code for answer in pool.map(running.look_up, urls)}


def all_stored(running: Stack, urls: list[str], seconds: float = 240.0) -> None:
    wait_until(lambda: not running.any_pending(), "nothing is pending", seconds)
    assert set(running.keys("stored")) == set(urls)
    assert running.keys("failed") == []


def test_thousands_of_distinct_misses_are_all_stored(running: Stack, upstream: Upstream) -> None:
    urls = [upstream.url(f"/page/{n}") for n in range(running.at_most(2_000))]

    assert ask(running, urls) == {202}

    all_stored(running, urls)
    assert upstream.count() == len(urls), "each was fetched once"


def test_a_worker_that_is_killed_in_mid_fetch_costs_time_and_nothing_else(running: Stack, upstream: Upstream) -> None:
    url = upstream.url("/page/held")
    upstream.hold("/page/held")
    running.look_up(url)
    assert upstream.wait_for("/page/held")

    running.end("worker", signal.SIGKILL)
    upstream.release("/page/held")
    running.start("worker")

    running.wait_for(url, 200)
    assert upstream.count("/page/held") == 2


def test_a_flushed_queue_loses_no_backlog(running: Stack, upstream: Upstream) -> None:
    running.end("worker")
    urls = [upstream.url(f"/page/{n}") for n in range(50)]
    assert ask(running, urls) == {202}

    running.redis.flushall()
    running.start("worker")

    all_stored(running, urls)


def test_without_redis_hits_are_answered_and_misses_accepted(running: Stack, upstream: Upstream) -> None:
    running.look_up(upstream.url("/page/hit"))
    running.wait_for(upstream.url("/page/hit"), 200)

    running.end("redis")
    assert running.look_up(upstream.url("/page/hit")).status_code == 200
    assert running.get("/readyz").json()["status"] == "degraded"
    urls = [upstream.url(f"/page/{n}") for n in range(20)]
    assert ask(running, urls) == {202}

    running.start("redis")
    all_stored(running, [*urls, upstream.url("/page/hit")])


@pytest.mark.parametrize("running", ["sqlite"], indirect=True)  # the fault rig takes a server away
def test_a_store_that_is_away_is_a_problem_soon_and_recovers_unaided(running: Stack, upstream: Upstream) -> None:
    url = upstream.url("/page/hit")
    running.look_up(url)
    running.wait_for(url, 200)
    running.end("worker")
    running.end("scheduler")
    away = running.folder / "away"
    away.mkdir()
    kept = list(running.folder.glob("inventory.sqlite3*"))
    for file in kept:
        file.rename(away / file.name)
    (running.folder / "inventory.sqlite3").mkdir()

    answer = running.look_up(url)

    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert answer.elapsed.total_seconds() < 20
    assert int(answer.headers["Retry-After"]) >= 1
    assert running.get("/readyz").status_code == 503
    assert running.get("/healthz").status_code == 200

    (running.folder / "inventory.sqlite3").rmdir()
    for file in kept:
        (away / file.name).rename(file)
    running.wait_for(url, 200)
