"""Jobs followed on real processes: by clients that come early, late and again, that do not read, and that are gone."""

from __future__ import annotations

import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests

from inventory.clock import utc_now
from inventory.jobs.model import RowOutcome
from inventory.jobs.stream import MIN_INTERVAL
from inventory.jobs.stream_slots import FOLLOWING
from inventory.notifier import Notifier, connect
from tests.end_to_end.followers import Follower, silent
from tests.end_to_end.stack import Stack, stack_on, wait_until
from tests.jobs.course import Course
from tests.real_mongo import ANY_STORE

TRANSPORTS = ("events", "socket")


class Site:
    """A running API with one process and two stream slots, and what a worker does beside it."""

    def __init__(self, running: Stack) -> None:
        self.stack = running
        self.store = running.open_store()
        self.queue = Notifier(connect(running.redis_url, socket_timeout=1.0), job_timeout=10)

    def course(self, rows: int) -> Course:
        return Course(self.store, utc_now(), rows=rows)

    def url(self, course: Course, transport: str) -> str:
        if transport == "socket":
            return f"ws://127.0.0.1:{self.stack.port}/ws/jobs/{course.id}"
        return f"{self.stack.url}/api/v1/jobs/{course.id}/events"

    def path(self, course: Course, transport: str) -> str:
        return f"/ws/jobs/{course.id}" if transport == "socket" else f"/api/v1/jobs/{course.id}/events"

    def rows(self, course: Course, number: int) -> None:
        """So many more rows are done, and it is announced."""
        course.go_on(utc_now(), *[RowOutcome.SUCCEEDED] * number)
        self.queue.announce_job(course.id)

    def end(self, course: Course) -> None:
        course.end(utc_now())
        self.queue.announce_job(course.id, ended=True)

    @contextmanager
    def silent_client(self, course: Course, transport: str, *, within: float = 120) -> Iterator[socket.socket]:
        """A client that has a stream slot, perhaps one that must become free first, and does not read."""

        def admitted() -> socket.socket | None:
            client, status = silent(self.stack.port, self.path(course, transport), websocket=transport == "socket")
            if status != 503:
                return client
            client.close()
            return None

        with wait_until(admitted, "a slot is free", within) as client:
            yield client

    @contextmanager
    def progress(self, course: Course) -> Iterator[None]:
        """Inside, a row is done every few hundredths of a second, in a thread of its own."""
        over = threading.Event()

        def go_on() -> None:
            while not over.wait(0.03):
                self.rows(course, 1)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@pytest.fixture(scope="module", params=ANY_STORE)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    # The deadline is how long a stop waits for what does not end: much longer than streams may take.
    with stack_on(request.param, api_processes=1, live_streams=2, fetch_deadline=200) as running:
        running.start("redis", "api")
        site = Site(running)
        yield site
        site.store.close()


def has_told(follower: Follower, status: str) -> Callable[[], bool]:
    return lambda: any(told.document["status"] == status for told in follower.told)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_connects_before_during_or_after_a_job_sees_its_end(site: Site, transport: str) -> None:
    course = site.course(400)
    url = site.url(course, transport)
    before = Follower(url)
    wait_until(has_told(before, "queued"), "the state as it is")
    course.begin(utc_now())
    with site.progress(course):
        wait_until(has_told(before, "running"), "progress")
        during = Follower(url)
        wait_until(lambda: len(before.told) >= 6, "more progress")
    site.rows(course, 400 - course.job.counts.processed)
    site.end(course)
    ended_at = time.monotonic()
    before.wait()
    during.wait()
    after = Follower(url).wait()

    for follower in (before, during, after):
        assert [told.event for told in follower.told[:-1]] == ["progress"] * (len(follower.told) - 1)
        last = follower.told[-1]
        assert (last.event, last.document["status"], last.document["processed"]) == ("end", "completed", 400)
        assert follower.closed == (1000 if transport == "socket" else 200)
        done = [told.document["processed"] for told in follower.told]
        assert done == sorted(done)
        took = follower.told[-1].at - follower.began
        assert (len(follower.told) - 1) * MIN_INTERVAL <= took, "each message is one interval after another, at least"
    assert before.told[0].document["status"] == "queued"
    assert during.told[0].document["status"] == "running"
    assert len(after.told) == 1
    assert before.told[-1].at - ended_at < 60


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_comes_back_goes_on_where_it_was(site: Site, transport: str) -> None:
    course = site.course(4).begin(utc_now())
    site.rows(course, 2)
    first = Follower(site.url(course, transport), last="0-0-4-running")
    wait_until(lambda: first.told, "what is new")
    again = Follower(site.url(course, transport), last=first.told[-1].id)
    site.rows(course, 2)
    site.end(course)
    first.wait()
    again.wait()

    assert first.told[0].document["processed"] == 2
    assert all(told.document["processed"] > 2 for told in again.told)
    assert again.told[-1].event == "end"
    known = Follower(site.url(course, transport), last=again.told[-1].id).wait()
    assert (known.told, known.closed) == ([], 1000 if transport == "socket" else 204)


@pytest.mark.parametrize("how", ["hangs up", "dies", "does not read"])
def test_a_client_that_is_gone_or_does_not_read_is_soon_followed_for_no_more(site: Site, how: str) -> None:
    course = site.course(100_000).begin(utc_now())
    with site.progress(course), ExitStack() as present:
        clients = [present.enter_context(site.silent_client(course, transport)) for transport in TRANSPORTS]
        assert requests.get(site.url(course, "events"), timeout=30).status_code == 503
        for client in clients:
            match how:
                case "hangs up":
                    client.close()
                case "dies":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.close()
        for transport in TRANSPORTS:
            present.enter_context(site.silent_client(course, transport, within=FOLLOWING.timeout + 120))
    course.cancel(utc_now())
    log = site.stack.log("api")
    assert "Socket error" not in log
    assert "unforeseen_error" not in log


def test_clients_too_many_are_refused_and_may_poll(site: Site) -> None:
    course = site.course(4)
    followers = [Follower(site.url(course, transport)) for transport in TRANSPORTS]
    for follower in followers:
        wait_until(lambda follower=follower: follower.told, "the state as it is")

    refused = requests.get(site.url(course, "events"), timeout=30)
    client, status = silent(site.stack.port, site.path(course, "socket"), websocket=True)
    client.close()

    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_streams")
    assert status == 503
    assert requests.get(f"{site.stack.url}/api/v1/jobs/{course.id}", timeout=30).status_code == 200
    course.cancel(utc_now())
    for follower in followers:
        assert follower.wait().told[-1].document["status"] == "cancelled"


def test_without_redis_the_end_is_seen_all_the_same(site: Site) -> None:
    course = site.course(4).begin(utc_now())
    early = Follower(site.url(course, "events"))
    wait_until(lambda: early.told, "the state as it is")
    site.stack.end("redis")
    try:
        late = Follower(site.url(course, "socket"))
        course.go_on(utc_now(), *[RowOutcome.SUCCEEDED] * 4)
        wait_until(lambda: len(early.told) > 1, "progress")
        course.end(utc_now())
        assert early.wait().told[-1].document["status"] == "completed"
        assert late.wait().told[-1].document["status"] == "completed"
    finally:
        site.stack.start("redis")


def test_a_stopping_program_ends_its_streams_and_the_next_one_continues_them(site: Site) -> None:
    course = site.course(4).begin(utc_now())
    followers = [Follower(site.url(course, transport)) for transport in TRANSPORTS]
    for follower in followers:
        wait_until(lambda follower=follower: follower.told, "the state as it is")
    began = time.monotonic()
    site.stack.end("api", signal.SIGTERM, group=False)
    stopped_in = time.monotonic() - began
    site.stack.start("api")
    site.rows(course, 4)
    site.end(course)

    assert stopped_in < 60  # an inline collection may take longer; streams do not
    assert [follower.wait().closed for follower in followers] == [200, 1001]
    for transport, follower in zip(TRANSPORTS, followers, strict=True):
        again = Follower(site.url(course, transport), last=follower.told[-1].id).wait()
        assert [told.event for told in again.told] == ["end"]
