"""Counting: shared by processes in a real Redis, and in each of them while Redis is away, refuses writes or was killed."""

from __future__ import annotations

import multiprocessing
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis
from structlog.testing import capture_logs

from inventory.access.counters import FallbackCounters, LocalCounters
from inventory.access.quota_model import Counted, Quota
from inventory.access.shared_counters import SharedCounters
from inventory.local_stack.redis_server import find_server
from inventory.notifier import connect
from tests.end_to_end.stack import free_port, wait_until
from tests.rate_limits.budget_halves import answers, redis_server

CALLER, OTHER = "key:1", "address:192.0.2.0"
MINUTE = Quota(counted=Counted.LOOKUPS, amount=10, period="minute")
DAY = Quota(counted=Counted.LOOKUPS, amount=100, period="day")
IMPORTS = Quota(counted=Counted.IMPORTS, amount=100, period="day")
PROCESSES, EACH = 4, 50


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def real_redis(redis_url: str) -> Iterator[Redis]:
    """An empty one."""
    with closing(connect(redis_url, socket_timeout=60.0)) as redis:
        redis.flushall()
        yield redis


@pytest.fixture
def shared(real_redis: Redis) -> SharedCounters:
    return SharedCounters(real_redis)


class Clock:
    """Ticks that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def local(clock: Clock, *, processes: int = 1, max_counters: int = 1_000) -> LocalCounters:
    return LocalCounters(processes=processes, max_counters=max_counters, ticks=clock)


def count_many(url: str) -> None:
    """What one process of several does."""
    with closing(connect(url, socket_timeout=60.0)) as redis:
        counters = SharedCounters(redis)
        for _ in range(EACH):
            counters.add(CALLER, [DAY, IMPORTS])


def test_each_caller_has_a_counter_for_each_quota(shared: SharedCounters) -> None:
    shared.add(CALLER, [MINUTE, DAY])
    shared.add(CALLER, [MINUTE])

    assert [(usage.used, usage.left) for usage in shared.read(CALLER, [MINUTE, DAY])] == [(2, 8), (1, 99)]
    assert [(usage.used, usage.ends_in) for usage in shared.read(OTHER, [MINUTE, DAY])] == [(0, 60.0), (0, 86_400.0)]


def test_processes_count_together(redis_url: str, shared: SharedCounters) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count_many, args=(redis_url,)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(100)

    assert [usage.used for usage in shared.read(CALLER, [DAY, IMPORTS])] == [PROCESSES * EACH] * 2


def test_a_period_begins_with_the_first_count_and_ends_to_the_millisecond(shared: SharedCounters, real_redis: Redis) -> None:
    shared.add(CALLER, [MINUTE])
    [key] = real_redis.keys("inventory:quota:*")
    assert key == b"inventory:quota:lookups/key:1/10/1/minute"
    began = time.monotonic()
    real_redis.pexpire(key, 30_400)  # as if 29.6 s had passed; Redis itself would say that 30 s are left
    shared.add(CALLER, [MINUTE])
    [usage] = shared.read(CALLER, [MINUTE])
    assert 30.4 - (time.monotonic() - began) - 0.002 <= usage.ends_in <= 30.4
    assert usage.used == 2

    real_redis.pexpire(key, 1)
    wait_until(lambda: not real_redis.exists(key), "it is over")

    assert [(each.used, each.ends_in) for each in shared.read(CALLER, [MINUTE])] == [(0, 60.0)]


def test_in_memory_a_period_is_the_same() -> None:
    clock = Clock()
    counters = local(clock)
    counters.add(CALLER, [MINUTE, DAY])
    clock.now += 58.6
    counters.add(CALLER, [MINUTE])
    [minute, day] = counters.read(CALLER, [MINUTE, DAY])
    assert (minute.used, day.used) == (2, 1)
    assert (minute.ends_in, day.ends_in) == (pytest.approx(1.4), pytest.approx(86_400 - 58.6))

    clock.now += 1.5

    assert [(usage.used, usage.ends_in) for usage in counters.read(CALLER, [MINUTE])] == [(0, 60.0)]
    counters.add(CALLER, [MINUTE])
    assert [(usage.used, usage.ends_in) for usage in counters.read(CALLER, [MINUTE])] == [(1, 60.0)]


def test_threads_count_together_in_memory() -> None:
    counters = local(Clock())
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: counters.add(CALLER, [DAY]), range(5_000)))

    assert [usage.used for usage in counters.read(CALLER, [DAY])] == [5_000]


def test_in_memory_each_process_has_a_share_and_never_none() -> None:
    counters = local(Clock(), processes=4)
    one = Quota(counted=Counted.IMPORTS, amount=1, period="day")
    for _ in range(3):
        counters.add(CALLER, [MINUTE])

    assert [usage.left for usage in counters.read(CALLER, [MINUTE, one])] == [0, 1]


def test_in_memory_the_counters_are_bounded_and_the_oldest_are_forgotten() -> None:
    clock = Clock()
    counters = local(clock, max_counters=100)
    for number in range(1_000):
        counters.add(f"address:{number}", [MINUTE])
        counters.add(CALLER, [DAY]) if number >= 950 else None

    assert [usage.used for usage in counters.read(CALLER, [DAY])] == [50]
    assert [usage.used for usage in counters.read("address:999", [MINUTE])] == [1]
    assert [usage.used for usage in counters.read("address:0", [MINUTE])] == [0]


def test_where_redis_refuses_writes_each_process_counts_for_itself(real_redis: Redis, shared: SharedCounters) -> None:
    counters = FallbackCounters(lambda: shared, local(Clock(), processes=2), retry_after=0.0)
    counters.add(CALLER, [MINUTE])
    real_redis.replicaof("127.0.0.1", 1)
    with capture_logs() as lines:
        counters.add(CALLER, [MINUTE])
        assert [usage.used for usage in counters.read(CALLER, [MINUTE])] == [2]

    real_redis.replicaof("NO", "ONE")
    counters.add(CALLER, [MINUTE])
    assert [usage.used for usage in counters.read(CALLER, [MINUTE])] == [2]
    assert [line["event"] for line in lines] == ["quotas_local"]


@pytest.mark.parametrize("mute", [True, False], ids=["says nothing", "is not there"])
def test_a_redis_that_does_not_answer_holds_nobody_up(mute: bool) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1] if mute else free_port()
        with closing(connect(f"redis://127.0.0.1:{port}/0", socket_timeout=0.5)) as redis:
            counters = FallbackCounters(lambda: SharedCounters(redis), LocalCounters(processes=1))
            began = time.monotonic()
            for _ in range(200):
                counters.read(CALLER, [MINUTE])
                counters.add(CALLER, [DAY])
            assert [usage.used for usage in counters.read(CALLER, [DAY])] == [200]
            assert time.monotonic() - began < 60, "200 s if each of them waited"


def test_while_redis_is_killed_the_quota_holds_and_after_it_is_back_it_counts_again(tmp_path: Path) -> None:
    folder = Path("/tmp", f"inv-{tmp_path.name[-20:]}-{free_port()}")
    folder.mkdir()
    path = folder / "redis.sock"
    command = [find_server(), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)]
    with closing(connect(f"unix://{path}", socket_timeout=10.0)) as redis:
        counters = FallbackCounters(lambda: SharedCounters(redis), LocalCounters(processes=2), retry_after=0.05)
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: answers(redis), "Redis answers")
            counters.add(CALLER, [MINUTE])
            server.send_signal(signal.SIGKILL)
            server.wait(60)

            done = 0
            while counters.read(CALLER, [MINUTE])[0].left:
                counters.add(CALLER, [MINUTE])
                done += 1
            assert done == 5

            server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            wait_until(lambda: answers(redis), "Redis answers")
            wait_until(lambda: counters.read(CALLER, [MINUTE])[0].left == 10, "Redis counts, and has forgotten the rest")
        finally:
            server.kill()
            server.wait(60)
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
