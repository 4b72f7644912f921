"""The notifier, on a real Redis: it wakes workers and those who wait, and costs nothing when Redis is away."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import rq
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from structlog.testing import capture_logs

from inventory.local_stack.redis_server import find_server
from inventory.notifier import COUNT_WORKERS_EVERY, FULL_FOR, MAX_WAITING, TASKS, Notifier, connect
from inventory.redis_outage import RETRY_AFTER
from tests.end_to_end.stack import free_port, wait_until

RECORD = "0f115db062b7c0dd030b16878c99dea5"
URL = "http://a.test/page"
JOB = "5ed0b7c0dd030b16878c99dea50f1150"
SOON, TOO_LONG = 60.0, 100.0
"""Seconds within which what is woken wakes, however slow the machine is, and that it would sleep if it were not woken."""


class Ticks:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="inv-", dir="/tmp") as folder:
        path = Path(folder, "redis.sock")
        server = subprocess.Popen(
            [find_server(), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        wait_until(path.exists, "Redis listens")
        yield f"unix://{path}"
        server.terminate()
        server.wait(SOON)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    redis = connect(redis_url, socket_timeout=SOON)
    wait_until(lambda: _answers(redis), "Redis answers")
    redis.flushall()
    yield redis
    redis.close()


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def queue(redis: Redis, ticks: Ticks) -> Notifier:
    return Notifier(redis, job_timeout=30, ticks=ticks)


def register(redis: Redis, count: int) -> None:
    """Let so many workers be registered."""
    redis.sadd(rq.Worker.redis_workers_keys, *(f"rq:worker:{n}" for n in range(count)))


def test_an_rq_job_has_the_record_as_its_only_argument_and_the_url_as_its_description(queue: Notifier, redis: Redis) -> None:
    assert queue.wake_worker(RECORD, URL)

    [job_id] = redis.lrange("rq:queue:collect", 0, -1)
    job = redis.hgetall(b"rq:job:" + job_id)
    assert job_id.startswith(RECORD.encode())
    assert job[b"timeout"] == b"30"
    assert job[b"description"] == URL.encode()
    assert json.loads(zlib.decompress(job[b"data"])) == ["workers.tasks.collect", None, [RECORD], {}]


def test_only_a_few_rq_jobs_wait(queue: Notifier, redis: Redis) -> None:
    assert sum(queue.wake_worker(f"{n:032x}", URL) for n in range(50)) == MAX_WAITING
    assert redis.llen("rq:queue:collect") == MAX_WAITING


def test_each_of_many_workers_may_be_woken_by_an_rq_job_of_its_own(queue: Notifier, redis: Redis) -> None:
    register(redis, 3 * MAX_WAITING)

    assert queue.waiting_limit() == 3 * MAX_WAITING
    assert sum(queue.wake_worker(f"{n:032x}", URL) for n in range(50)) == 3 * MAX_WAITING


def test_the_workers_are_counted_once_in_seconds_and_not_before_some_rq_jobs_wait(
    queue: Notifier, redis: Redis, ticks: Ticks
) -> None:
    register(redis, 1_000)
    redis.config_resetstat()

    assert all(queue.wake_worker(f"{n:032x}", URL) for n in range(MAX_WAITING))
    assert "cmdstat_smembers" not in redis.info("commandstats")
    assert all(queue.wake_worker(f"{n:032x}", URL) for n in range(MAX_WAITING, 50))
    assert redis.info("commandstats")["cmdstat_smembers"]["calls"] == 1
    ticks.now += COUNT_WORKERS_EVERY
    assert queue.wake_worker(RECORD, URL)
    assert redis.info("commandstats")["cmdstat_smembers"]["calls"] == 2


def test_without_redis_the_limit_is_that_of_a_few_workers() -> None:
    away = Notifier(connect(f"redis://127.0.0.1:{free_port()}/0", socket_timeout=1.0), job_timeout=30)

    assert away.waiting_limit() == MAX_WAITING


def test_an_rq_job_that_nobody_takes_is_not_kept_for_ever(queue: Notifier, redis: Redis) -> None:
    queue.wake_worker(RECORD, URL)
    queue.wake_worker_for_job(JOB, "urls.csv")

    lives = [redis.ttl(key) for key in redis.keys("rq:job:*")]
    assert len(lives) == 2
    assert all(0 < seconds <= 3_600 for seconds in lives)


def test_of_hundreds_of_rq_jobs_a_second_one_stays_visible_for_long(queue: Notifier, redis: Redis, ticks: Ticks) -> None:
    for number in range(200):
        redis.delete("rq:queue:collect")
        assert queue.wake_worker(f"{number:032x}", URL)
        ticks.now += 1 / 128

    kept = [int(redis.hget(key, "result_ttl") or 0) for key in redis.keys("rq:job:*")]
    assert Counter(kept) == {600: 2, 10: 198}


def test_why_redis_takes_no_writes_is_told_without_an_address(queue: Notifier, redis: Redis) -> None:
    assert queue.obstacle() is None
    assert (
        Notifier(connect(f"redis://127.0.0.1:{free_port()}/0", socket_timeout=1.0), job_timeout=30).obstacle() == "no answer"
    )

    redis.config_set("maxmemory", 1)
    try:
        assert queue.obstacle() == "refuses writes: out of memory"
        assert queue.ping() is False
        assert queue.depths() is None
        assert queue.wake_worker(RECORD, URL) is False
    finally:
        redis.config_set("maxmemory", 0)


def test_an_announcement_that_redis_takes_does_not_end_an_outage_of_writes(
    queue: Notifier, redis: Redis, ticks: Ticks
) -> None:
    redis.config_set("maxmemory", 1)
    try:
        with capture_logs() as logs:
            assert queue.wake_worker(RECORD, URL) is False
            for _ in range(20):
                queue.announce([RECORD])
                ticks.now += RETRY_AFTER / 16
            with queue.outcomes_of(RECORD):
                assert queue.wake_worker(RECORD, URL) is False
    finally:
        redis.config_set("maxmemory", 0)

    assert [log["event"] for log in logs] == ["queue_unavailable"]


@pytest.mark.parametrize(
    ("rights", "reason"),
    [
        ("on >secret ~* +@read +ping", "refuses writes: this user is not permitted to"),
        ("off", "refuses writes: it wants another password"),
    ],
)
def test_a_user_who_may_not_write_is_told_so(rights: str, reason: str, redis: Redis, redis_url: str) -> None:
    redis.execute_command("ACL", "SETUSER", "guest", "reset", *rights.split())
    guest = Redis.from_url(redis_url, username="guest", password="secret", retry=Retry(NoBackoff(), 0))

    assert Notifier(guest, job_timeout=30).obstacle() == reason


def test_a_worker_is_woken_soon_after_the_queue_was_full(queue: Notifier, redis: Redis, ticks: Ticks) -> None:
    while queue.wake_worker(RECORD, URL):
        continue
    redis.delete("rq:queue:collect")

    ticks.now += FULL_FOR
    assert queue.wake_worker(RECORD, URL)


def test_an_announcement_wakes_those_who_wait(queue: Notifier) -> None:
    with ThreadPoolExecutor(1) as pool, queue.outcomes_of(RECORD) as wait:
        wait(0.05)  # the confirmation of the subscription
        woken = pool.submit(_timed, wait, TOO_LONG)
        while not woken.done():
            queue.announce(["another", RECORD])
    assert woken.result() < SOON


def test_rq_jobs_for_jobs_wait_in_a_queue_of_their_own_and_are_few_too(queue: Notifier, redis: Redis) -> None:
    assert sum(queue.wake_worker_for_job(JOB, "urls.csv") for _ in range(50)) == MAX_WAITING
    assert queue.wake_worker(RECORD, URL)

    assert redis.llen("rq:queue:jobs") == MAX_WAITING
    job_id = redis.lindex("rq:queue:jobs", 0)
    assert job_id is not None
    assert b"workers.tasks.work" in zlib.decompress(redis.hget(b"rq:job:" + job_id, "data") or b"")
    assert redis.hget(b"rq:job:" + job_id, "description") == f"urls.csv (job {JOB})".encode()


def test_rq_jobs_for_deliveries_wait_in_a_queue_that_workers_listen_to_first(queue: Notifier, redis: Redis) -> None:
    assert queue.wake_worker_to_deliver("d1", "webhook:w1")

    assert next(iter(TASKS)) == "messages"
    [job_id] = redis.lrange("rq:queue:messages", 0, -1)
    assert b"workers.tasks.deliver" in zlib.decompress(redis.hget(b"rq:job:" + job_id, "data") or b"")
    assert redis.hget(b"rq:job:" + job_id, "description") == b"webhook:w1 (delivery d1)"


def test_a_file_name_with_half_of_a_surrogate_pair_wakes_a_worker_all_the_same(queue: Notifier, redis: Redis) -> None:
    assert queue.wake_worker_for_job(JOB, "half a pair \ud83d.csv")

    [job_id] = redis.lrange("rq:queue:jobs", 0, -1)
    assert redis.hget(b"rq:job:" + job_id, "description") == f"half a pair ?.csv (job {JOB})".encode()


def test_no_markup_of_a_file_name_or_a_city_gets_into_the_dashboard(queue: Notifier, redis: Redis) -> None:
    assert queue.wake_worker_for_job(JOB, "<img src=x onerror=alert(1)>.csv")
    assert queue.wake_worker(RECORD, "<script>alert(1)</script>")

    for name, shown in (("jobs", f"‹img src=x onerror=alert(1)›.csv (job {JOB})"), ("collect", "‹script›alert(1)‹/script›")):
        [job_id] = redis.lrange(f"rq:queue:{name}", 0, -1)
        assert redis.hget(b"rq:job:" + job_id, "description") == shown.encode()


def test_the_progress_of_a_job_wakes_those_who_watch_it(queue: Notifier) -> None:
    with ThreadPoolExecutor(1) as pool, queue.changes_of(JOB) as wait:
        wait(0.05)
        woken = pool.submit(_timed, wait, TOO_LONG)
        while not woken.done():
            queue.announce_job(JOB)
    assert woken.result() < SOON


def test_the_progress_of_a_job_is_told_four_times_a_second_at_most(queue: Notifier, redis: Redis, ticks: Ticks) -> None:
    with redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(f"inventory:job:{JOB}")
        for _ in range(64):  # of a second
            queue.announce_job(JOB)
            ticks.now += 1 / 64
        redis.publish(f"inventory:job:{JOB}", "the last")
        heard = [wait_until(lambda: channel.get_message(timeout=SOON), "told")["data"] for _ in range(5)]

    assert heard == [*[b"changed"] * 4, b"the last"]


def test_the_end_of_a_job_is_told_however_soon_it_comes(queue: Notifier) -> None:
    with queue.changes_of(JOB) as wait:
        wait(0.05)
        queue.announce_job(JOB)
        queue.announce_job(JOB, ended=True)

        assert [_timed(wait, TOO_LONG) < SOON for _ in range(2)] == [True, True]


def _timed(wait: object, seconds: float) -> float:
    assert callable(wait)
    began = time.monotonic()
    wait(seconds)
    return time.monotonic() - began


def test_without_redis_everything_returns_and_says_no() -> None:
    queue = Notifier(connect(f"redis://127.0.0.1:{free_port()}/0", socket_timeout=1.0), job_timeout=30)

    assert queue.wake_worker(RECORD, URL) is False
    assert queue.ping() is False
    queue.announce([RECORD])
    queue.announce_job(JOB)
    with queue.outcomes_of(RECORD) as wait, queue.changes_of(JOB) as wait_for_job:
        wait(0.01)
        wait_for_job(0.01)


def test_workers_are_woken_again_when_redis_is_back(tmp_path: Path, redis_url: str) -> None:
    path = Path("/tmp", f"inv-{tmp_path.name}-{os.getpid()}.sock")
    queue = Notifier(connect(f"unix://{path}", socket_timeout=1.0), job_timeout=30)
    assert queue.wake_worker(RECORD, URL) is False

    path.symlink_to(redis_url.removeprefix("unix://"))
    try:
        wait_until(lambda: queue.wake_worker(RECORD, URL), "a worker is woken again", 10)
    finally:
        path.unlink()
