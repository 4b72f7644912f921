"""The service that is attacked, and what can be seen of it by a program that nobody keeps from looking."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import Any

import requests
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from tests.attacks.browser_chromium import Chromium
from tests.end_to_end.stack import wait_until
from tests.local_stack.stack import Up

QUEUE, JOB = "attacked", "attacked"
CANCEL = "document.querySelector('form[action$=\"/cancel\"] button').click()"
"""What a person presses on the page of a job."""
OURS = "ours"
"""The id of the requests that no browser sent."""
LINE = b'{"timestamp": "2026-01-31T12:00:00Z", "level": "info", "service": "shop", "message": "Hello."}\n'


@dataclass(frozen=True)
class State:
    """All that an attack might change."""

    jobs: dict[str, str]
    records: frozenset[str]
    history: int
    failed: tuple[str, ...]
    queued: tuple[str, ...]
    watches: int
    keys: int


class Service(AbstractContextManager["Service"]):
    """A running stack with a record, a slow job, and a failed job of the queue; what we ask it we ask with this key."""

    def __init__(self, stack: Up, pages: str, key: str | None = None) -> None:
        self.stack = stack
        self._pages = pages
        self._http = requests.Session()
        self._http.headers["X-Request-ID"] = OURS
        if key is not None:
            self._http.headers["Authorization"] = f"Bearer {key}"
        self._heard = 0
        self._api = f"http://127.0.0.1:{stack.port}/api/v1"
        self._redis = Redis(unix_socket_path=str(stack.data / "redis.sock"))
        self._queue = Queue(QUEUE, connection=self._redis, serializer=JSONSerializer)
        self.kept = f"{pages}/kept"
        self._http.post(f"{self._api}/metadata", json={"url": self.kept}, timeout=60)
        self.import_slowly()
        self.fail_a_job()

    def __exit__(self, *_: object) -> None:
        self._redis.close()
        self._http.close()

    def import_slowly(self) -> None:
        """Have a job that runs for minutes, `job`."""
        file = {"file": ("events.jsonl", LINE * 3_000)}
        self.job = self._http.post(f"{self._api}/imports?kind=events", files=file, timeout=60).json()["job_id"]
        wait_until(lambda: self.state().jobs[self.job] == "running", "the job runs")

    def fail_a_job(self) -> None:
        """Have a job in the queue's list of those that failed."""
        job = Job.create("workers.none", id=JOB, connection=self._redis, serializer=JSONSerializer, origin=QUEUE)
        job.set_status("failed")
        job.save()
        FailedJobRegistry(queue=self._queue).add(job, ttl=-1, exc_string="It failed.")
        self._redis.sadd(Queue.redis_queues_keys, self._queue.key)

    def addresses(self, host: str, attack: str) -> dict[str, str]:
        """Where a page finds the service under a name, and what it can ask it for."""
        return {
            "api": f"http://{host}:{self.stack.port}",
            "queue": f"http://{host}:{self.stack.dashboard_port}",
            "job": self.job,
            "kept": self.kept,
            "target": f"{self._pages}/{attack}",
        }

    def state(self) -> State:
        """How it stands."""
        jobs = self._get("jobs", limit=200)["jobs"]
        return State(
            {job["job_id"]: job["status"] for job in jobs},
            frozenset(
                record["key"]
                for source in ("webpage", "weather")
                for record in self._get("records", source=source, limit=200)["records"]
            ),
            len(self._get("history", limit=200)["lookups"]),
            tuple(FailedJobRegistry(queue=self._queue).get_job_ids(cleanup=False)),
            tuple(self._queue.job_ids),
            len(self._get("watches", limit=200)["watches"]),
            len(self._get("keys", limit=200)["keys"]),
        )

    def answered(self) -> list[str]:
        """What the API answered to others than us since this was asked last: method, path and status of each request."""
        mark = f"{OURS}-{self._heard}"  # once this is in the log, all before it is
        self._http.get(f"http://127.0.0.1:{self.stack.port}/healthz", headers={"X-Request-ID": mark}, timeout=60)
        wait_until(lambda: mark in self.stack.log("api"), "the log has the mark")
        lines = self.stack.log("api").splitlines()
        heard, self._heard = lines[self._heard :], len(lines)
        told = [json.loads(line) for line in heard if line.startswith("{")]
        requests_ = [each for each in told if each["event"] == "request" and not each["request_id"].startswith(OURS)]
        return [f"{each['method']} {each['path']} {each['status']}" for each in requests_]

    def changes(self, before: State) -> str:
        """What is not as it was."""
        now = self.state()
        pairs = [(each.name, getattr(before, each.name), getattr(now, each.name)) for each in fields(State)]
        return "; ".join(f"{name} was {then} and is {since}" for name, then, since in pairs if then != since)

    def was_used(self) -> tuple[bool, str]:
        """Whether what a person did with the pages is to be seen: the job was cancelled, the list of the failed emptied."""
        wait_until(lambda: not self.state().failed, "the list of the failed is empty")
        now = self.state()
        return now.jobs[self.job] == "cancelled", str(now.jobs)

    def is_logged_in(self, browser: Chromium, name: str) -> bool:
        """Whether our pages say that this is who is logged in."""
        tab = browser.open()
        tab.go(f"http://127.0.0.1:{self.stack.port}/login")
        return name in tab.run("document.body.innerText")

    def _get(self, what: str, **query: object) -> Any:
        return self._http.get(f"{self._api}/{what}", params=query, timeout=60).json()
