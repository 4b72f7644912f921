"""A Redis that answers but takes no writes is as good as one that is away: everything goes on, and /readyz says why not."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests
from redis.exceptions import RedisError, ResponseError

from tests.end_to_end.stack import API, Stack, stack_on, wait_until
from tests.real_mongo import ANY_STORE
from tests.upstreams import Upstream


@pytest.fixture(params=ANY_STORE)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(request.param, fetch_deadline=3, retry_base=0.2) as running:
        yield running


def fill(running: Stack) -> None:
    """Write until nothing more goes in, not even where a client that leaves gives some back."""
    running.redis.config_set("maxmemory", running.redis.info("memory")["used_memory"] + 500_000)
    with suppress(ResponseError):
        for number in range(100_000):
            running.redis.set(f"filler:{number}", "x" * 1_000)
    running.redis.config_set("maxmemory", running.redis.info("memory")["used_memory"] - 200_000)
    with pytest.raises(ResponseError, match="maxmemory"):
        running.redis.set("one-more", 1)


def make_room(running: Stack) -> None:
    running.redis.delete(*running.redis.keys("filler:*"))
    running.redis.config_set("maxmemory", 100_000_000)


def make_replica(running: Stack) -> None:
    running.redis.replicaof("127.0.0.1", 1)


def make_master(running: Stack) -> None:
    running.redis.replicaof("NO", "ONE")


def break_disk(running: Stack) -> None:
    """A save that fails, where saves are wanted."""
    running.redis.config_set("save", "3600 1")
    shutil.rmtree(running.folder / "redis")
    with suppress(RedisError):
        running.redis.bgsave()
    wait_until(lambda: running.redis.info("persistence")["rdb_last_bgsave_status"] == "err", "the save has failed")


def mend_disk(running: Stack) -> None:
    running.redis.config_set("save", "")


REFUSALS = {
    "full": (fill, make_room, "refuses writes: out of memory"),
    "replica": (make_replica, make_master, "refuses writes: it is a read-only replica"),
    "disk": (break_disk, mend_disk, "refuses writes: it cannot save to its disk"),
}


def is_ready(running: Stack) -> bool:
    return bool(running.get("/readyz").json()["status"] == "ready")  # type: ignore[union-attr]


def collected(running: Stack, upstream: Upstream, name: str) -> None:
    """Ten misses are accepted and then stored."""
    urls = [upstream.url(f"/page/{name}-{number}") for number in range(10)]
    assert {running.look_up(url).status_code for url in urls} == {202}
    for url in urls:
        running.wait_for(url, 200)


def births(running: Stack) -> int:
    return running.log("worker").count("Starting worker started with PID")


@pytest.mark.parametrize("refusal", REFUSALS)
def test_work_goes_on_while_redis_refuses_writes_and_uses_the_queue_when_it_takes_them_again(
    refusal: str, running: Stack, upstream: Upstream
) -> None:
    refuse, take, reason = REFUSALS[refusal]
    running.start()
    collected(running, upstream, "before")
    born = births(running)

    refuse(running)
    answer = running.get("/readyz")
    assert answer is not None
    checks = {"store": "ok", "queue": reason}
    assert (answer.status_code, answer.json()["status"], answer.json()["checks"]) == (200, "degraded", checks)
    metrics = running.get("/metrics")
    assert metrics is not None
    assert 'inventory_up{part="queue"} 0.0' in metrics.text
    collected(running, upstream, "meanwhile")
    wait_until(lambda: running.log("worker").count("collecting_without_queue") >= 2, "both workers say so")
    url = upstream.url("/page/waited-for")
    assert running.look_up(url, fields="url").status_code == 202
    assert upstream.wait_for("/page/waited-for")

    take(running)
    wait_until(lambda: is_ready(running), "it is ready")
    wait_until(lambda: running.log("worker").count("queue_answers_again") >= 2, "both workers listen")
    by_rq = running.log("worker").count('"collected_due"')
    collected(running, upstream, "afterwards")
    wait_until(lambda: running.log("worker").count('"collected_due"') > by_rq, "RQ had it collected")
    assert births(running) == born, "no worker died"
    assert "unhandled exception" not in running.log("worker")
    running.end("worker", signal.SIGTERM, group=False)


def test_workers_that_find_a_full_redis_at_their_start_collect_all_the_same(running: Stack, upstream: Upstream) -> None:
    running.start("redis")
    fill(running)
    running.start("api", "worker", "scheduler")

    collected(running, upstream, "page")

    make_room(running)
    wait_until(lambda: is_ready(running), "it is ready")
    wait_until(lambda: running.redis.scard("rq:workers") == 2, "the workers are registered")


def test_a_lookup_that_waits_is_answered_while_redis_is_full(running: Stack, upstream: Upstream) -> None:
    running.start()
    wait_until(lambda: running.redis.scard("rq:workers") == 2, "the workers are registered")
    fill(running)

    for number in range(3):
        query, headers = {"url": upstream.url(f"/page/{number}")}, {"Prefer": "wait=20"}
        assert requests.get(running.url + API, params=query, headers=headers, timeout=30).status_code == 200
