"""Files of URLs through the real programs: workers that die, stop or have no Redis, and lookups meanwhile."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from inventory.clock import utc_now
from inventory.records.backlog import MAX_AHEAD
from tests.end_to_end.importing import Import, table
from tests.end_to_end.stack import Stack, stack_on, wait_until
from tests.real_mongo import ANY_STORE
from tests.upstreams import Upstream
from workers.tasks import SLOTS

ROWS_OF_PATH = 5


@pytest.fixture
def deadline(request: pytest.FixtureRequest) -> float:
    """Seconds for a collection: few, because the leases of workers that are killed have to end."""
    return getattr(request, "param", 3.0)


@pytest.fixture(params=ANY_STORE)
def running(request: pytest.FixtureRequest, deadline: float) -> Iterator[Stack]:
    with stack_on(
        request.param, fetch_deadline=deadline, retry_base=0.2, upstream_rate=10**6, upstream_concurrency=100
    ) as running:
        running.start()
        yield running


def test_an_import_is_completed_with_every_row_once_though_its_workers_are_killed_twice(
    running: Stack, upstream: Upstream
) -> None:
    rows = running.at_most(10_000)
    paths = rows // ROWS_OF_PATH
    urls = [upstream.url(f"/page/{n % paths}") for n in range(rows)]
    urls[77], urls[345] = "no url", "ftp://example.test/"
    job = Import(running, table(urls))
    for killed_at in (1, 3 * rows // 10):
        job.wait_for(killed_at)
        running.end("worker", signal.SIGKILL)
        running.start("worker")

    end = job.wait_for_end()

    assert (end["status"], end["total"], end["processed"]) == ("completed", rows, rows)
    recount = job.recount(range(2, rows + 2))
    assert (recount.twice, recount.missing) == ([], [])
    assert recount.outcomes == {"succeeded": end["succeeded"], "rejected": end["rejected"]}
    assert end["rejected"] == 2
    unsettled = 2 * 2 * (SLOTS + MAX_AHEAD)  # of two workers, at each of two kills
    assert upstream.count() <= paths + unsettled, "fetched once each, but for what was not settled at a kill"
    assert {b"rq:queue:collect", b"rq:queue:jobs"} <= running.redis.smembers("rq:queues"), "the dashboard shows both"


def test_a_lookup_is_answered_within_a_moment_while_an_import_runs(running: Stack, upstream: Upstream) -> None:
    rows = running.at_most(3_000)
    job = Import(running, table([upstream.url(f"/page/{n}") for n in range(rows)]))
    job.wait_for(1)
    took = []
    for n in range(5):
        began = time.monotonic()
        answer = running.look_up(upstream.url(f"/page/asked/{n}"))
        assert answer.status_code == 202
        running.wait_for(upstream.url(f"/page/asked/{n}"), 200)
        took.append(time.monotonic() - began)

    assert sorted(took)[2] < 20, "usually 0.1 to 0.5 s"
    assert job.wait_for_end()["succeeded"] == rows


@pytest.mark.timeout(300)
@pytest.mark.parametrize("deadline", [300.0], indirect=True)  # what is held back is not to be given up meanwhile
def test_a_cancelled_import_accepts_nothing_more_within_seconds(running: Stack, upstream: Upstream) -> None:
    """Of 20 batches of 1,000 rows with 20 pages each, no more than the first can end before the job is cancelled."""
    held = [f"/page/{n}" for n in range(20, 400)]
    for path in held:
        upstream.hold(path)
    job = Import(running, table([upstream.url(f"/page/{n // 50}") for n in range(20_000)]))
    job.wait_for(1_000)
    assert requests.post(f"{running.url}/api/v1/jobs/{job.id}/cancel", timeout=30).ok

    for path in held:
        upstream.release(path)
    wait_until(lambda: not running.keys("pending"), "no collection is due")

    assert job.now["status"] == "cancelled"
    assert job.now["processed"] == 1_000
    assert upstream.count() < 240


@pytest.mark.parametrize("deadline", [300.0], indirect=True)  # what is held back is not to be given up meanwhile
def test_a_worker_that_is_asked_to_stop_hands_its_batches_back(running: Stack, upstream: Upstream) -> None:
    for n in range(100):
        upstream.hold(f"/page/{n}")
    job = Import(running, table([upstream.url(f"/page/{n}") for n in range(100)]))
    wait_until(lambda: upstream.count() >= 32, "it collects")
    running.end("scheduler")
    running.processes["worker"].send_signal(signal.SIGTERM)
    with closing(running.open_store()) as store:
        wait_until(lambda: store.jobs.due(now=utc_now(), limit=1) == [job.id], "what is left is due at once")
    for n in range(100):
        upstream.release(f"/page/{n}")
    assert running.processes.pop("worker").wait(120) == 0

    running.start("worker", "scheduler")
    assert job.wait_for_end()["succeeded"] == 100
    assert upstream.count() == 100, "what was in flight was settled"


def test_an_import_is_worked_on_without_redis(running: Stack, upstream: Upstream) -> None:
    running.end("redis")
    job = Import(running, table([upstream.url(f"/page/{n}") for n in range(running.at_most(1_500))]))

    end = job.wait_for_end()

    assert (end["status"], end["succeeded"]) == ("completed", running.at_most(1_500))
