"""The main job on real processes: what nobody asked for before is accepted, collected, kept and answered."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from tests.end_to_end.stack import API, Stack, free_port, stack_on, wait_until
from tests.real_mongo import ANY_STORE, STORES
from tests.upstreams import Upstream

MEMBERS = {
    "id", "url", "status", "stale", "first_collected_at", "collected_at", "snapshots", "response", "redirects", "headers",
    "cookies", "page_source", "body", "failure",
}  # fmt: skip


@pytest.fixture(scope="module", params=STORES)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(request.param, retry_base=0.1, retry_failed_after=600) as running:
        running.start()
        yield running


def test_it_is_ready(running: Stack) -> None:
    wait_until(lambda: running.get("/readyz").json()["status"] == "ready", "the stack is ready")


def test_post_collects_headers_cookies_of_every_hop_and_page_source(running: Stack, upstream: Upstream) -> None:
    answer = requests.post(running.url + API, json={"url": upstream.url("/redirect")}, timeout=30)

    record = answer.json()
    assert answer.status_code == 201
    assert set(record) >= MEMBERS
    assert record["response"]["final_url"] == upstream.url("/page")
    assert [redirect["status"] for redirect in record["redirects"]] == [302]
    assert {cookie["set_by"] for cookie in record["cookies"]} == {upstream.url("/redirect"), upstream.url("/page")}
    names = Counter(header["name"] for header in record["headers"])
    assert names["X-Repeated"] == 3
    assert names["Set-Cookie"] == 3
    assert "<" in record["page_source"]


def test_a_miss_is_answered_at_once_while_the_upstream_takes_its_time(running: Stack, upstream: Upstream) -> None:
    upstream.hold("/page/slow")
    url = upstream.url("/page/slow")

    assert running.look_up(url).status_code == 202
    assert upstream.wait_for("/page/slow"), "a worker collects it"
    assert running.look_up(url).status_code == 202
    upstream.release("/page/slow")

    hit = running.wait_for(url, 200)
    assert set(hit.json()) >= MEMBERS


def test_a_miss_is_one_visible_job_of_the_queue(running: Stack, upstream: Upstream) -> None:
    record_id = running.look_up(upstream.url("/page/visible")).json()["id"]
    running.wait_for(upstream.url("/page/visible"), 200)

    queue = Queue("collect", connection=running.redis, serializer=JSONSerializer)
    finished = wait_until(
        lambda: [name for name in queue.finished_job_registry.get_job_ids() if name.startswith(record_id)], "a finished job"
    )
    job = Job.fetch(finished[0], connection=running.redis, serializer=JSONSerializer)
    assert (job.func_name, job.args) == ("workers.tasks.collect", [record_id])
    assert job.description == upstream.url("/page/visible")
    assert str(job.return_value()).startswith("stored")
    assert "/page/visible" not in running.log("worker"), "a log names no URL"


def test_thirty_simultaneous_misses_of_one_url_are_one_request_and_one_record(running: Stack, upstream: Upstream) -> None:
    url = upstream.url("/page/once")
    upstream.hold("/page/once")
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: running.look_up(url), range(30)))
    upstream.release("/page/once")

    assert [answer.status_code for answer in answers] == [202] * 30
    assert len({answer.json()["id"] for answer in answers}) == 1
    running.wait_for(url, 200)
    assert upstream.count("/page/once") == 1


def test_a_lookup_may_wait_for_its_record(running: Stack, upstream: Upstream) -> None:
    answer = requests.get(
        running.url + API, params={"url": upstream.url("/slow?seconds=1")}, headers={"Prefer": "wait=20"}, timeout=30
    )

    assert answer.status_code == 200
    assert upstream.count("/slow") == 1


def test_a_wait_that_is_over_is_202(running: Stack, upstream: Upstream) -> None:
    upstream.hold("/page/held")
    answer = requests.get(
        running.url + API, params={"url": upstream.url("/page/held")}, headers={"Prefer": "wait=1"}, timeout=30
    )
    upstream.release("/page/held")

    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "wait=1"
    running.wait_for(upstream.url("/page/held"), 200)


def test_a_refused_connection_ends_as_a_recorded_failure_that_is_not_retried(running: Stack) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    assert running.look_up(url).status_code == 202

    answer = running.wait_for(url, 502)

    problem = answer.json()
    assert (problem["code"], problem["failure"]["code"]) == ("collection_failed", "connection_refused")
    assert problem["failure"]["attempts"] == 4
    assert problem["failure"]["retry_at"] > problem["failure"]["at"]
    assert running.look_up(url).json()["failure"] == problem["failure"]


def test_an_address_that_may_not_be_reached_is_refused_at_once(running: Stack) -> None:
    assert running.look_up("http://127.0.0.2/").json()["code"] == "forbidden_address"
    assert running.look_up("http://[::1]/").json()["code"] == "forbidden_address"


@pytest.mark.parametrize("kind", ANY_STORE)
def test_workers_stop_on_sigterm_when_what_is_in_flight_is_kept(kind: str, upstream: Upstream) -> None:
    with stack_on(kind) as own:
        own.start("redis", "api", "worker")
        url = upstream.url("/slow?seconds=2")
        own.look_up(url)
        assert upstream.wait_for("/slow")

        own.end("worker", signal.SIGTERM, group=False)

        assert own.look_up(url).status_code == 200
        assert upstream.count("/slow") == 1
