"""Server-sent events and WebSockets, as the routes admit, frame and end them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.jobs.model import RowOutcome
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeClock
from tests.jobs.course import Course

JOBS = "/api/v1/jobs"
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
def course(services: Services, clock: FakeClock) -> Course:
    return Course(services.store, clock(), rows=1)


@pytest.fixture
def finished(course: Course, clock: FakeClock) -> Course:
    return course.begin(clock()).go_on(clock(), RowOutcome.SUCCEEDED).end(clock())


def events(text: str) -> list[dict[str, Any]]:
    """The events of a stream, by the rules of the HTML standard as far as they are used here."""
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.split("\n\n") if block]
    return [block | {"data": json.loads(block["data"])} for block in blocks if "data" in block]


@pytest.fixture
def one_slot(services: Services) -> Services:
    """The services, all of whose slots but one are taken."""
    for _ in range(services.settings.live_streams - 1):
        services.streams.slots.take(None)
    return services


def test_a_finished_job_is_one_event_and_the_end_of_the_stream(client: FlaskClient, finished: Course) -> None:
    answer = client.get(f"{JOBS}/{finished.id}/events")

    [event] = events(answer.text)
    assert (event["event"], event["id"]) == ("end", "1-10-1-completed")
    assert event["data"] == client.get(f"{JOBS}/{finished.id}").json


def test_a_stream_is_neither_stored_nor_buffered_on_its_way(client: FlaskClient, finished: Course) -> None:
    answer = client.get(f"{JOBS}/{finished.id}/events")

    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert "Content-Length" not in answer.headers
    assert answer.text.startswith("retry: 2000\n\n")


def test_a_running_job_is_told_as_it_is_at_once(client: FlaskClient, course: Course, clock: FakeClock) -> None:
    course.begin(clock())
    with client.get(f"{JOBS}/{course.id}/events", buffered=False) as answer:
        pieces = iter(answer.response)
        next(pieces)
        [event] = events(next(pieces).decode())

    assert (event["event"], event["id"], event["data"]["status"]) == ("progress", "0-0-1-running", "running")


def test_a_client_that_has_seen_the_end_is_told_not_to_reconnect(client: FlaskClient, finished: Course) -> None:
    answer = client.get(f"{JOBS}/{finished.id}/events", headers={"Last-Event-ID": "1-10-1-completed"})

    assert (answer.status_code, answer.data) == (204, b"")


def test_a_client_that_has_seen_less_gets_the_end(client: FlaskClient, finished: Course) -> None:
    answer = client.get(f"{JOBS}/{finished.id}/events", headers={"Last-Event-ID": "1-0-1-running"})

    assert [event["event"] for event in events(answer.text)] == ["end"]


def test_a_stream_too_many_is_503_and_polling_still_works(client: FlaskClient, one_slot: Services, course: Course) -> None:
    with client.get(f"{JOBS}/{course.id}/events", buffered=False):
        refused = client.get(f"{JOBS}/{course.id}/events")
        socket = client.get(f"/ws/jobs/{course.id}", headers=HANDSHAKE)

        assert (refused.status_code, refused.json["code"]) == (503, "too_many_streams")
        assert (socket.status_code, socket.json["code"]) == (503, "too_many_streams")
        assert client.get(f"{JOBS}/{course.id}").status_code == 200


@pytest.mark.parametrize("how", ["read to its end", "left at once", "left in the middle", "HEAD", "204", "404"])
def test_a_stream_that_is_over_frees_its_slot(
    client: FlaskClient, one_slot: Services, finished: Course, clock: FakeClock, how: str
) -> None:
    path = f"{JOBS}/{finished.id}/events"
    match how:
        case "read to its end":
            assert client.get(path, buffered=True).text
        case "left at once":
            client.get(path, buffered=False).close()
        case "left in the middle":
            with client.get(path, buffered=False) as answer:
                next(iter(answer.response))
        case "HEAD":
            assert client.head(path, buffered=True).status_code == 200
        case "204":
            client.get(path, headers={"Last-Event-ID": "1-10-1-completed"})
        case "404":
            client.get(f"{JOBS}/nope/events")

    assert client.get(path).status_code == 200


def test_without_any_slot_there_are_no_streams(make_services: Build, services: Services, finished: Course) -> None:
    settings = replace(services.settings, live_streams=0)
    client = create_app(services=make_services(settings, store=services.store)).test_client()

    assert client.get(f"{JOBS}/{finished.id}/events").status_code == 503


def test_a_websocket_of_a_job_that_there_is_not_is_refused_in_http(client: FlaskClient) -> None:
    answer = client.get("/ws/jobs/nope", headers=HANDSHAKE)

    assert (answer.status_code, answer.json["code"]) == (404, "unknown_job")


@pytest.mark.parametrize(
    "changes",
    [
        {"Connection": "keep-alive"},
        {"Upgrade": "h2c"},
        {"Sec-WebSocket-Version": "8"},
        {"Sec-WebSocket-Version": ""},
        {"Sec-WebSocket-Key": ""},
        {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ"},
        {"Sec-WebSocket-Key": "=" * 24},
    ],
)
def test_a_request_that_is_not_a_handshake_is_refused(
    client: FlaskClient, one_slot: Services, course: Course, changes: dict[str, str]
) -> None:
    answer = client.get(f"/ws/jobs/{course.id}", headers=HANDSHAKE | changes)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert "WebSocket" in answer.json["detail"]
    one_slot.streams.slots.take(None)
