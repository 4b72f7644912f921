"""Lookups of a URL alone are answered in front of Flask, with the same answer as by Flask."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app, urls
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.webpages.fast_lookup import URL_ONLY
from inventory.wiring import Services
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing

URL = "http://example.test/page"
AT = f"/api/v1/metadata?url={quote(URL, safe='')}"


@pytest.fixture
def client(client: FlaskClient, services: Services) -> FlaskClient:
    client.get(AT)
    services.collector.collect_due(slots=4, stopping=lambda: False)
    return client


def both_ways(client: FlaskClient, **headers: str) -> tuple[TestResponse, TestResponse]:
    """The answers in front of Flask and in it: the second query means the same, and is left to Flask."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(AT, headers=sent), client.get(f"{AT}&collect=true", headers=sent)


def test_status_headers_and_body_are_those_of_the_application(client: FlaskClient) -> None:
    fast, flask = both_ways(client, X_Request_ID="mine")

    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert sorted(fast.headers) == sorted(flask.headers)
    assert fast.headers["X-Request-ID"] == "mine"


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"other", "{}"', "*", '"other"', "nonsense"])
def test_what_the_caller_has_is_compared_alike(client: FlaskClient, form: str) -> None:
    etag = client.get(AT).headers["ETag"].strip('"')

    fast, flask = both_ways(client, X_Request_ID="mine", If_None_Match=form.format(etag))

    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert sorted(fast.headers) == sorted(flask.headers)
    assert fast.status_code == (200 if form in ('"other"', "nonsense") else 304)


def test_an_id_is_made_and_the_line_is_logged_as_ever(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    fast, flask = both_ways(client, X_Request_ID="not an id")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["request_id"] for line in lines] == [fast.headers["X-Request-ID"], flask.headers["X-Request-ID"]]
    assert lines[0].keys() == lines[1].keys()
    assert [lines[0][name] for name in ("event", "method", "path", "status")] == ["request", "GET", "/api/v1/metadata", 200]


def test_a_stale_hit_is_refreshed_in_the_background(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    clock.forward(2 * 86_400)

    assert client.get(AT).json["stale"] is True
    assert services.collector.collect_due(slots=4, stopping=lambda: False) == 1
    assert client.get(AT).json["stale"] is False


@pytest.mark.parametrize(
    "key", ["http://example.test/new", "http://example.test/~a;b?x=1&y=(2)'!*,$@%20é=%C3%BC", "http://h.test/%7e"]
)
@pytest.mark.parametrize("mounted_at", ["", "/inventory"])
@pytest.mark.parametrize("if_none_match", [None, "*"])
def test_a_miss_is_accepted_alike(client: FlaskClient, key: str, mounted_at: str, if_none_match: str | None) -> None:
    sent = {"X-Request-ID": "mine"} | ({"If-None-Match": if_none_match} if if_none_match else {})
    at = f"/api/v1/metadata?url={quote(urls.parse(key).href, safe='')}"
    how: Any = {"headers": sent, "environ_overrides": {"SCRIPT_NAME": mounted_at}}

    fast, flask = client.get(at, **how), client.get(f"{at}&collect=true", **how)

    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert fast.status_code == 202
    assert dict(fast.headers) == dict(flask.headers)


def test_a_miss_is_accepted_once_and_a_worker_is_woken(client: FlaskClient, services: Services) -> None:
    client.get(f"{AT}%2Fother")
    client.get(f"{AT}%2Fother")

    assert services.collector.collect_due(slots=4, stopping=lambda: False) == 1
    assert client.get(f"{AT}%2Fother").status_code == 200


def test_a_stale_hit_is_answered_alike(client: FlaskClient, clock: FakeClock) -> None:
    clock.forward(2 * 86_400)

    fast, flask = both_ways(client, X_Request_ID="mine")
    unchanged, unchanged_too = both_ways(client, X_Request_ID="mine", If_None_Match=fast.headers["ETag"])

    assert fast.json["stale"]
    assert (fast.status, fast.data, dict(fast.headers)) == (flask.status, flask.data, dict(flask.headers))
    assert unchanged.status_code == unchanged_too.status_code == 304
    assert dict(unchanged.headers) == dict(unchanged_too.headers)


def test_a_failure_is_told_by_the_application(client: FlaskClient, services: Services, web: FakeWeb) -> None:
    web.pages[f"{URL}/gone"] = SourceFailure("dns_failure", "There is no such name.", permanent=True)
    client.get(f"{AT}%2Fgone")
    services.collector.collect_due(slots=4, stopping=lambda: False)

    answer = client.get(f"{AT}%2Fgone")

    assert (answer.status_code, answer.json["code"]) == (502, "collection_failed")


def test_a_store_that_is_away_is_asked_once_and_is_a_503(services: Services, make_services: Build) -> None:
    asked = []

    def look_up(record_id: str) -> None:
        asked.append(record_id)
        raise StorageUnavailable("The store is away.")

    store = services.store
    without = make_services(store=Replacing(store, records=Replacing(store.records, look_up=look_up)))

    answer = create_app(services=without).test_client().get(AT, headers={"X-Request-ID": "mine"})

    assert (answer.status_code, answer.json["code"], answer.headers["X-Request-ID"]) == (503, "storage_unavailable", "mine")
    assert answer.headers["Retry-After"]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "query", ["", "url=", "url=a&url=b", "url=a+b", "url=%C3%BC", "url=%zz", "url=a%", "url=ü", "url=a#b", "x=a", "url=a\n"]
)
def test_a_query_that_may_be_read_in_two_ways_is_left_to_the_application(query: str) -> None:
    assert URL_ONLY.fullmatch(query) is None
