"""Quotas of a service of two processes with a real Redis: shared, exact, kept without Redis, and free where none are."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.end_to_end.stack import Stack, stack_on, wait_until
from tests.real_mongo import ANY_STORE
from tests.upstreams import Upstream

RECORDS = "/api/v1/records"
QUOTA = 20


@pytest.fixture(params=ANY_STORE)
def limited(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The API with a Redis of its own, and a quota."""
    with stack_on(request.param, quotas=f"lookups={QUOTA}/minute") as running:
        running.start("redis", "api")
        yield running


def statuses(running: Stack, number: int, threads: int = 1) -> Counter[int]:
    """The statuses of so many requests, each on a connection of its own, so that each process gets some."""

    def ask(_: int) -> int:
        return requests.get(running.url + RECORDS, timeout=30).status_code

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(ask, range(number)))


def test_processes_count_together(limited: Stack) -> None:
    assert statuses(limited, QUOTA + 5) == {200: QUOTA, 429: 5}


def test_requests_at_once_overshoot_by_those_that_are_under_way(limited: Stack) -> None:
    threads = 8

    served = statuses(limited, 3 * QUOTA, threads)[200]

    assert QUOTA <= served < QUOTA + threads


def test_who_waits_as_long_as_was_said_is_served(limited: Stack) -> None:
    statuses(limited, QUOTA)
    [key] = limited.redis.keys("inventory:quota:*")
    limited.redis.pexpire(key, 5_000)
    refused = requests.get(limited.url + RECORDS, timeout=30)
    seconds = int(refused.headers["Retry-After"])
    assert (refused.status_code, seconds in range(1, 6)) == (429, True)
    assert refused.headers["RateLimit"] == f'"lookups-minute";r=0;t={seconds}'

    time.sleep(seconds)

    assert requests.get(limited.url + RECORDS, timeout=30).status_code == 200


def test_without_redis_all_processes_together_stay_within_the_quota(limited: Stack) -> None:
    statuses(limited, 3)
    limited.end("redis", signal.SIGKILL)

    assert 0 < statuses(limited, 2 * QUOTA)[200] <= QUOTA

    limited.start("redis")
    wait_until(lambda: statuses(limited, 1)[200] and limited.redis.keys("inventory:quota:*"), "Redis counts again")


@pytest.mark.parametrize("kind", ANY_STORE)
def test_without_quotas_no_lookup_asks_redis(kind: str, upstream: Upstream) -> None:
    with stack_on(kind) as running:
        running.start("redis", "api")
        url = upstream.url("/hello")
        assert requests.post(f"{running.url}/api/v1/metadata", json={"url": url}, timeout=30).status_code == 201
        before = running.redis.info("stats")["total_commands_processed"]
        for _ in range(50):
            assert running.look_up(url).status_code == 200  # in front of Flask
            assert running.look_up(url, max_age=1_000).status_code == 200  # through Flask
            assert running.get(RECORDS) is not None

        assert running.redis.info("stats")["total_commands_processed"] - before == 1  # this very question
