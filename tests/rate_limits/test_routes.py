"""`/api/v1/upstreams`: who is called, how much, with what success, and when again."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from inventory.clock import rfc3339
from inventory.ops import request_log
from inventory.rate_limits import routes, schemas
from inventory.rate_limits.limits import HostLimits
from inventory.rate_limits.service import UpstreamService
from inventory.web_api import problems
from inventory.web_api.blueprint import Api, example
from tests.fakes import FakeClock
from tests.rate_limits.budget_halves import LocalHalf

HOST = "api.example"


@pytest.fixture
def half() -> LocalHalf:
    return LocalHalf(HostLimits(10, 4))


@pytest.fixture
def client(half: LocalHalf, clock: FakeClock) -> FlaskClient:
    app = Flask(__name__)
    app.config.update(API_TITLE="Inventory", API_VERSION="1", OPENAPI_VERSION="3.1.0", OPENAPI_URL_PREFIX="/")
    app.extensions["inventory"] = SimpleNamespace(upstreams=UpstreamService(half.budgets, clock=clock))
    request_log.register(app)
    problems.register(app)
    Api(app).register_blueprint(routes.blueprint)
    return app.test_client()


def get(client: FlaskClient, path: str) -> dict[str, Any]:
    response = client.get(f"/api/v1/upstreams{path}")
    assert response.status_code == 200, response.text
    assert isinstance(response.json, dict)
    return response.json


def in_future(clock: FakeClock, seconds: float) -> str:
    return rfc3339(clock() + timedelta(seconds=seconds))


def test_an_upstream_shows_its_budget_and_how_it_answers(client: FlaskClient, half: LocalHalf, clock: FakeClock) -> None:
    half.end(half.permit(HOST), elapsed=0.03)
    half.end(half.permit(HOST), failed=True)
    half.permit(HOST)

    assert get(client, f"/{HOST}") == {
        "host": HOST,
        "shared": False,
        "budget": {"rate": 10, "burst": 4, "concurrency": 4, "in_use": 1},
        "requests": 3,
        "failures": 1,
        "put_off": 0,
        "latency": pytest.approx({"answers": 1, "mean_ms": 30.0, "p50_ms": 27.5, "p95_ms": 34.2, "p99_ms": 34.9}, abs=0.11),
        "breaker": {"state": "closed", "failures_in_a_row": 1, "openings": 0, "open_until": None},
        "paused_until": None,
        "callable_at": rfc3339(clock()),
        "waiting_until": None,
        "asked_at": "2026-09-21T14:13:20.000Z",
    }


def test_an_open_breaker_is_seen_and_when_it_may_be_tried(client: FlaskClient, half: LocalHalf, clock: FakeClock) -> None:
    half.fail(HOST, 3)

    upstream = get(client, f"/{HOST}")
    assert upstream["breaker"]["state"] == "open"
    assert upstream["breaker"]["open_until"] == upstream["callable_at"] == in_future(clock, 10)
    assert upstream["latency"] == {"answers": 0, "mean_ms": None, "p50_ms": None, "p95_ms": None, "p99_ms": None}

    half.forward(10)
    assert get(client, f"/{HOST}")["breaker"]["state"] == "half_open"


def test_the_last_reservation_of_who_waits_is_seen(client: FlaskClient, half: LocalHalf, clock: FakeClock) -> None:
    for _ in range(4):
        half.permit(HOST)
    for _ in range(3):
        half.throttled(HOST)

    assert get(client, f"/{HOST}")["waiting_until"] == in_future(clock, 0.3)
    half.forward(1)
    assert get(client, f"/{HOST}")["waiting_until"] is None


def test_a_pause_that_was_asked_for_is_seen(client: FlaskClient, half: LocalHalf, clock: FakeClock) -> None:
    half.end(half.permit(HOST), pause=90)

    upstream = get(client, f"/{HOST}")
    assert upstream["paused_until"] == upstream["callable_at"] == in_future(clock, 90)


def test_a_host_may_be_written_in_capitals(client: FlaskClient, half: LocalHalf) -> None:
    half.permit(HOST)
    half.permit("[::1]")

    assert get(client, "/API.Example")["host"] == HOST
    assert get(client, "/%5B::1%5D")["host"] == "[::1]"


def test_a_host_that_was_never_called_is_not_found(client: FlaskClient) -> None:
    response = client.get("/api/v1/upstreams/unknown.example")

    assert response.status_code == 404
    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert response.json["code"] == "not_found"


def test_upstreams_are_listed_in_pages_those_called_last_first(client: FlaskClient, half: LocalHalf) -> None:
    assert get(client, "") == {"upstreams": [], "next_cursor": None}
    for number in range(5):
        half.permit(f"{number}.example")
        half.forward(1)

    first = get(client, "?limit=3")
    second = get(client, f"?limit=3&cursor={first['next_cursor']}")
    assert [row["host"] for row in first["upstreams"] + second["upstreams"]] == [f"{n}.example" for n in (4, 3, 2, 1, 0)]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("query", ["?limit=0", "?limit=201", "?cursor=x", "?host=x"])
def test_a_query_that_cannot_be_read_is_refused(client: FlaskClient, query: str) -> None:
    response = client.get(f"/api/v1/upstreams{query}")

    assert response.status_code == 422
    assert response.json is not None
    assert response.json["code"] == "invalid_request"


def test_the_answers_and_the_examples_are_as_documented(client: FlaskClient, half: LocalHalf) -> None:
    half.permit(HOST)
    document = client.get("/openapi.json").json
    assert document is not None

    assert set(document["paths"]) == {"/api/v1/upstreams", "/api/v1/upstreams/{host}"}
    for answer in (get(client, f"/{HOST}"), example("rate_limits/upstream")):
        assert schemas.UpstreamSchema().validate(answer) == {}
        assert set(answer) == set(document["components"]["schemas"]["Upstream"]["properties"])
