"""POST /api/v1/metadata on a record that changes hands, or goes, while the upstream is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory.errors import SourceFailure
from inventory.records.model import Snapshot, Stored
from inventory.records.source import Collected
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb, content
from tests.webpages.actions import URL, look_up

LATE = [
    Collected(content(URL), b"late"),
    SourceFailure("connection_refused", "127.0.0.1 refused the connection."),
]


@contextmanager
def post_held(client: FlaskClient, web: FakeWeb) -> Iterator[Future[TestResponse]]:
    """A POST whose upstream has been asked and does not answer before the end of the block."""
    web.open.clear()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.post, "/api/v1/metadata", json={"url": URL})
        try:
            while not web.asked[URL]:
                assert not answer.done()
            yield answer
        finally:
            web.open.set()


@pytest.mark.parametrize("page", LATE, ids=["page", "failure"])
def test_post_on_a_record_that_is_deleted_meanwhile_is_404_and_records_nothing(
    client: FlaskClient, services: Services, web: FakeWeb, page: Collected | SourceFailure
) -> None:
    web.pages[URL] = page
    with post_held(client, web) as answer:
        services.records.delete(services.records.target("webpage", URL))

    assert (answer.result().status_code, answer.result().json["code"]) == (404, "not_in_inventory")
    assert look_up(client, collect="false").status_code == 404


@pytest.mark.parametrize("page", LATE, ids=["page", "failure"])
def test_post_that_is_overtaken_is_202_while_another_collects(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock, page: Collected | SourceFailure
) -> None:
    web.pages[URL] = page
    with post_held(client, web) as answer:
        clock.forward(services.settings.lease + 1)
        other = services.collector.claim(services.records.target("webpage", URL).id)

    assert answer.result().status_code == 202
    assert services.store.records.find(other.id) == other, "what came too late is not recorded"


@pytest.mark.parametrize("page", LATE, ids=["page", "failure"])
def test_post_that_was_overtaken_answers_what_another_has_collected(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock, page: Collected | SourceFailure
) -> None:
    web.pages[URL] = page
    with post_held(client, web) as answer:
        clock.forward(services.settings.lease + 1)
        other = services.collector.claim(services.records.target("webpage", URL).id)
        shot = Snapshot(other.lease, other.id, clock(), content(URL), sha256(b"quick").hexdigest())
        services.store.records.settle([Stored(other, shot, b"quick")])

    assert (answer.result().status_code, answer.result().json["page_source"]) == (201, "quick")


def test_post_that_was_overtaken_answers_how_another_has_failed(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    with post_held(client, web) as answer:
        clock.forward(services.settings.lease + 1)
        services.store.records.fail_spent(now=clock(), max_attempts=1, retry_at=clock(), limit=1)

    assert (answer.result().status_code, answer.result().json["failure"]["code"]) == (504, "timeout")
    assert look_up(client, collect="false").json["failure"]["code"] == "timeout"
