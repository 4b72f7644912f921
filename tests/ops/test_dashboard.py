"""The queue's dashboard checks hosts and origins as the API does: no other site presses its buttons or reads it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
import requests
from rq import Queue
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from werkzeug.test import Client

from inventory.config import Settings
from inventory.ops import dashboard
from tests.end_to_end.stack import PYTHON, Stack, free_port, stack, wait_until

FOREIGN = {"Sec-Fetch-Site": "same-site"}  # the API's own pages are of another port
JOB = "a-job"
BUTTONS = [
    f"/job/{JOB}/delete",
    f"/job/{JOB}/requeue",
    "/requeue/test",
    "/queue/test/failed/empty",
    "/queue/test/queued/empty",
    "/queue/test/compact",
]


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    with stack() as running:
        running.start("redis")
        yield running


@pytest.fixture
def queue(running: Stack) -> Queue:
    """A queue with one job that failed."""
    running.redis.flushall()
    queue = Queue("test", connection=running.redis, serializer=JSONSerializer)
    job = Job.create("workers.tasks.collect", id=JOB, connection=running.redis, serializer=JSONSerializer, origin="test")
    job.set_status("failed")
    job.save()
    FailedJobRegistry(queue=queue).add(job, ttl=-1, exc_string="It failed.")
    running.redis.sadd(Queue.redis_queues_keys, queue.key)
    return queue


@pytest.fixture
def client(running: Stack, queue: Queue) -> Client:
    return Client(dashboard.application(Settings(redis_url=running.redis_url)))


def failed(queue: Queue) -> list[str]:
    return list(FailedJobRegistry(queue=queue).get_job_ids(cleanup=False))


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("headers", [FOREIGN, {"Origin": "http://evil.example"}, {"Host": "evil.example:9181"}])
def test_no_other_site_presses_a_button(client: Client, queue: Queue, button: str, headers: dict[str, str]) -> None:
    answer = client.post(button, headers=headers, data=b"x" * 100_000)

    assert answer.status_code == (421 if "Host" in headers else 403)
    assert answer.json["code"] == ("unknown_host" if "Host" in headers else "foreign_origin")
    assert answer.headers["X-Request-ID"] == answer.json["request_id"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (failed(queue), queue.job_ids) == ([JOB], [])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_picture_of_another_site_enqueues_nothing_again(client: Client, queue: Queue, method: str) -> None:
    assert client.open("/requeue/test", method=method, headers=FOREIGN).status_code == 403
    assert (failed(queue), queue.job_ids) == ([JOB], [])


@pytest.mark.parametrize("host", ["evil.example:9181", "0.0.0.0:9181", ""])
def test_it_is_not_served_under_another_name(client: Client, host: str) -> None:
    assert client.get("/0/data/queues.json", environ_overrides={"HTTP_HOST": host}).status_code == 421


def test_a_link_leads_to_it_from_the_home_page_of_the_api(client: Client) -> None:
    assert client.get("/", headers=FOREIGN | {"Sec-Fetch-Mode": "navigate"}).status_code == 200


@pytest.mark.parametrize(("button", "left"), [(f"/job/{JOB}/delete", []), ("/requeue/test", [JOB])])
def test_its_own_pages_press_buttons(client: Client, queue: Queue, button: str, left: list[str]) -> None:
    answer = client.post(button, headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"})

    assert answer.json["status"] == "OK"
    assert (failed(queue), queue.job_ids) == ([], left)


@pytest.mark.parametrize("path", ["/", "/0/view/workers", "/0/view/jobs", "/0/data/queues.json", "/static/css/main.css"])
def test_no_page_can_put_it_into_a_frame(client: Client, path: str) -> None:
    with client.get(path) as answer:
        assert answer.status_code == 200
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_name_that_is_listed_leads_to_it(running: Stack) -> None:
    client = Client(dashboard.application(Settings(redis_url=running.redis_url, allowed_hosts=("queue.test",))))

    assert client.get("/", headers={"Host": "queue.test"}).status_code == 200


def test_its_own_options_hold(running: Stack, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login above all: it must not be lost."""
    monkeypatch.setenv("RQ_DASHBOARD_DISABLE_DELETE", "true")
    client = Client(dashboard.application(Settings(redis_url=running.redis_url)))

    assert client.post(f"/job/{JOB}/delete").status_code == 200
    assert failed(queue) == [JOB]


def test_as_a_program_it_asks_for_a_login_if_one_is_set_and_ends_at_sigterm(running: Stack) -> None:
    port = free_port()
    running.commands["dashboard"] = [PYTHON, "-m", "inventory.dashboard"]
    login = {"RQ_DASHBOARD_USERNAME": "me", "RQ_DASHBOARD_PASSWORD": "secret"}
    running.environment |= {"INVENTORY_DASHBOARD_PORT": str(port)} | login
    running.start("dashboard")

    def get(**headers: str) -> int | None:
        try:
            return requests.get(f"http://127.0.0.1:{port}/", auth=("me", "secret"), headers=headers, timeout=60).status_code
        except requests.ConnectionError:
            return None

    wait_until(lambda: get() == 200, f"the dashboard answers\n{running.log('dashboard')}")
    assert requests.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 401
    assert get(Host="evil.example") == 421
    running.processes["dashboard"].send_signal(signal.SIGTERM)
    assert running.processes.pop("dashboard").wait(120) == 0
    assert "Traceback" not in running.log("dashboard")
