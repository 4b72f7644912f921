"""What a refresh asks the upstream: only whether the snapshot still holds, or, when a caller asked for it, everything."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256

import pytest
from flask.testing import FlaskClient

from inventory.errors import SourceFailure
from inventory.rate_limits.calls import Calls
from inventory.records.model import Content, State
from inventory.records.source import Collected
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb, content
from tests.webpages.actions import PAGE, URL, look_up, work

ASYNC = {"Prefer": "respond-async"}


class UnchangedWeb(FakeWeb):
    """A web that says, when it is asked only that, that its pages are `unchanged`."""

    unchanged = True

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        collected = super().collect(key, previous)
        if previous is None or not self.unchanged:
            return collected
        body = content(key)["body"] | {"sha256": sha256(PAGE).hexdigest()}
        return Collected(content(key, body=body), None, unchanged=True)


@pytest.fixture
def web() -> UnchangedWeb:
    return UnchangedWeb()


@pytest.fixture
def stale(client: FlaskClient, services: Services, clock: FakeClock) -> str:
    """The id of a record whose refresh is due because a lookup found it stale."""
    look_up(client)
    work(services)
    clock.forward(services.settings.fresh_for + 1)
    return str(look_up(client).json["id"])


@contextmanager
def while_it_is_refreshed(services: Services, web: FakeWeb) -> Iterator[None]:
    """The upstream has been asked by a worker and does not answer before the end of the block."""
    web.open.clear()
    asked = web.asked[URL]
    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(work, services)
        try:
            while web.asked[URL] == asked:
                assert not refreshing.done()
            yield
        finally:
            web.open.set()
        refreshing.result()


def test_a_stale_hit_is_refreshed_by_asking_whether_the_snapshot_still_holds(
    client: FlaskClient, services: Services, web: FakeWeb, stale: str
) -> None:
    work(services)

    assert web.previous[0] is None, "there was nothing to ask about"
    assert web.previous[1] is not None
    record = look_up(client).json
    assert (record["snapshots"], record["page_source"]) == (2, PAGE.decode()), "the snapshots share the body"


def test_a_second_attempt_asks_for_all_of_it(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock, stale: str
) -> None:
    web.pages[URL] = SourceFailure("timeout", "It cannot bear a condition.")
    work(services)
    del web.pages[URL]
    clock.forward(services.settings.retry_base * 3)
    work(services)

    assert [previous is not None for previous in web.previous] == [False, True, False]


def test_a_refresh_that_a_caller_asked_for_is_whole(client: FlaskClient, services: Services, web: FakeWeb) -> None:
    client.post("/api/v1/metadata", json={"url": URL})
    client.post("/api/v1/metadata", json={"url": URL})
    client.post("/api/v1/metadata", json={"url": URL}, headers=ASYNC)
    work(services)

    assert web.previous == [None, None, None]


def test_a_pending_refresh_becomes_whole_when_a_caller_asks_for_a_whole_one(
    client: FlaskClient, services: Services, web: FakeWeb, stale: str
) -> None:
    answer = client.post("/api/v1/metadata", json={"url": URL}, headers=ASYNC)
    work(services)

    assert answer.status_code == 202
    assert web.previous == [None, None]
    assert look_up(client).json["snapshots"] == 2


@pytest.mark.parametrize("headers", [ASYNC, {}], ids=["accepted", "inline"])
def test_a_refresh_that_is_running_is_followed_by_a_whole_one_when_a_caller_asks_for_that(
    client: FlaskClient, services: Services, web: FakeWeb, stale: str, headers: dict[str, str]
) -> None:
    with while_it_is_refreshed(services, web):
        answer = client.post("/api/v1/metadata", json={"url": URL}, headers=headers)

    assert answer.status_code == 202
    assert [previous is None for previous in web.previous] == [True, False, True]
    record = services.store.records.find(stale)
    assert record is not None
    assert (record.state, record.snapshots) == (State.STORED, 2), "that nothing has changed was not what was asked"


def test_a_changed_page_satisfies_a_whole_collection_even_if_it_was_fetched_conditionally(
    client: FlaskClient, services: Services, web: UnchangedWeb, stale: str
) -> None:
    with while_it_is_refreshed(services, web):
        client.post("/api/v1/metadata", json={"url": URL}, headers=ASYNC)
        web.unchanged = False

    assert web.asked[URL] == 2
    assert look_up(client).json["snapshots"] == 2


def test_a_refresh_that_fails_is_tried_again_whole_when_a_caller_asked_for_that(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock, stale: str
) -> None:
    with while_it_is_refreshed(services, web):
        client.post("/api/v1/metadata", json={"url": URL}, headers=ASYNC)
        web.pages[URL] = SourceFailure("connection_refused", "127.0.0.1 refused the connection.")
    del web.pages[URL]
    clock.forward(60)
    work(services)

    assert [previous is None for previous in web.previous] == [True, False, True]


def test_a_whole_refresh_that_was_asked_for_survives_the_worker_of_the_conditional_one(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock, stale: str
) -> None:
    services.collector.claim(stale)
    client.post("/api/v1/metadata", json={"url": URL}, headers=ASYNC)
    clock.forward(services.settings.lease + 1)
    work(services)

    assert web.previous == [None, None]


def test_a_lookup_leaves_a_whole_refresh_whole(client: FlaskClient, services: Services, web: FakeWeb, stale: str) -> None:
    client.post("/api/v1/metadata", json={"url": URL}, headers=ASYNC)
    look_up(client)
    work(services)

    assert web.previous == [None, None]
