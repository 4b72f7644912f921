"""GET and DELETE /api/v1/history, and what a lookup leaves there: of cities by default, of webpages where they are named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.config import Settings
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.services import Services
from inventory.web_api import shortcut
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeather, FakeWeb, Replacing

HISTORY = "/api/v1/history"
URL = "http://example.test/page"


class Switch(Replacing):
    """What is away while `away` is set."""

    away = False

    def __getattr__(self, name: str) -> Any:
        return fail if self.away else getattr(self._real, name)


def fail(*_: object, **__: object) -> None:
    raise StorageUnavailable("The disk is full.")


@pytest.fixture
def services(make_services: Build, settings: Settings) -> Services:
    store = wiring.open_store(settings)
    return make_services(store=Replacing(store, history=Switch(store.history)))


@pytest.fixture
def history(services: Services) -> Any:
    return services.store.history


@pytest.fixture
def webpages(make_services: Build, services: Services) -> Flask:
    """The application where webpages have a history, and cities have none."""
    settings = replace(services.settings, history_sources=("webpage",))
    return create_app(services=make_services(settings, store=services.store))


def lookups(client: FlaskClient, **query: object) -> list[dict[str, Any]]:
    return list(client.get(HISTORY, query_string=query).json["lookups"])


def outcomes(client: FlaskClient) -> list[str]:
    """Oldest first."""
    return [lookup["outcome"] for lookup in reversed(lookups(client))]


def ask(client: FlaskClient, *cities: str, clock: FakeClock) -> None:
    for city in cities:
        client.get("/api/v1/weather", query_string={"city": city})
        clock.forward(1)


def test_lookups_are_listed_newest_first(client: FlaskClient, clock: FakeClock) -> None:
    ask(client, "Zürich, CH", "Bern", "zurich, Switzerland", clock=clock)

    assert lookups(client) == [
        {"source": "weather", "key": "zurich,ch", "outcome": "hit", "at": "2026-01-31T12:00:02.123Z"},
        {"source": "weather", "key": "bern", "outcome": "miss", "at": "2026-01-31T12:00:01.123Z"},
        {"source": "weather", "key": "zurich,ch", "outcome": "miss", "at": "2026-01-31T12:00:00.123Z"},
    ]


def test_pages_stay_where_they_are_while_lookups_are_made(client: FlaskClient, clock: FakeClock) -> None:
    cities = [f"City {letter}" for letter in "abcdefg"]
    ask(client, *cities, clock=clock)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(HISTORY, query_string={"limit": 3} | ({"cursor": cursor} if cursor else {})).json
        seen += [lookup["key"] for lookup in page["lookups"]]
        cursor = page["next_cursor"]
        ask(client, "Meanwhile", clock=clock)

    assert seen == [city.lower() for city in reversed(cities)]


def test_lookups_of_the_same_moment_are_all_listed_once(client: FlaskClient) -> None:
    for letter in "abcdefg":
        client.get("/api/v1/weather", query_string={"city": letter})
    seen: list[str] = []
    cursor: dict[str, object] = {}
    while page := client.get(HISTORY, query_string={"limit": 2} | cursor).json:
        seen += [lookup["key"] for lookup in page["lookups"]]
        cursor = {"cursor": page["next_cursor"]}
        if page["next_cursor"] is None:
            break

    assert sorted(seen) == list("abcdefg")


def test_one_source_can_be_asked_for(client: FlaskClient, clock: FakeClock) -> None:
    ask(client, "Bern", clock=clock)

    assert len(lookups(client, source="weather")) == 1
    assert lookups(client, source="webpage") == []
    assert lookups(client, source="no such source") == []


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"cursor": "x"}, {"cursor": "####"}, {"page": 1}]
)
def test_a_query_that_cannot_be_answered_says_why(client: FlaskClient, query: dict[str, object]) -> None:
    answer = client.get(HISTORY, query_string=query)

    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (422, "invalid_request", list(query))


def test_delete_forgets_all_lookups_and_nothing_else(client: FlaskClient, clock: FakeClock, weather: FakeWeather) -> None:
    ask(client, "Bern", "Zürich", clock=clock)

    for _ in range(2):
        answer = client.delete(HISTORY)
        assert (answer.status_code, answer.data) == (204, b"")
        assert lookups(client) == []
    ask(client, "Bern", clock=clock)
    assert [lookup["outcome"] for lookup in lookups(client)] == ["hit"]
    assert weather.asked["bern"] == 1


def test_what_is_no_city_was_not_looked_up(client: FlaskClient) -> None:
    client.get("/api/v1/weather?city=")
    client.get("/api/v1/weather")

    assert lookups(client) == []


def test_a_lookup_that_cannot_be_kept_is_answered_all_the_same(
    client: FlaskClient, history: Switch, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    history.away = True
    assert client.get("/api/v1/weather?city=Bern").status_code == 200
    assert "lookup_not_kept" in capsys.readouterr().out

    history.away = False
    assert lookups(client) == []


def test_without_the_history_itself_its_routes_are_503(client: FlaskClient, history: Switch) -> None:
    history.away = True

    for answer in (client.get(HISTORY), client.delete(HISTORY)):
        assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")


@pytest.mark.parametrize("named", [(), ("weather",), ("webpage",), ("webpage", "weather")])
def test_only_sources_that_are_named_have_a_history(
    make_services: Build, settings: Settings, named: tuple[str, ...]
) -> None:
    client = create_app(services=make_services(replace(settings, history_sources=named))).test_client()
    client.get("/api/v1/weather?city=Bern")
    client.get("/api/v1/metadata", query_string={"url": URL})

    assert {lookup["source"] for lookup in lookups(client)} == set(named)


# Webpages


def test_a_webpages_lookups_are_kept_with_what_each_was_answered(
    webpages: Flask, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    client = webpages.test_client()

    def look_up(headers: dict[str, str] | None = None, **query: object) -> int:
        clock.forward(1)
        return client.get("/api/v1/metadata", query_string={"url": URL, **query}, headers=headers).status_code

    def work() -> None:
        services.collector.collect_due(slots=1, stopping=lambda: False)

    statuses = [look_up(collect="false"), look_up(), look_up()]
    work()
    statuses += [look_up(), look_up(fields="headers"), look_up(headers={"If-None-Match": "*"})]
    statuses += [look_up(max_age=0), look_up(headers={"If-None-Match": "*"}, max_age=0)]
    assert statuses == [404, 202, 202, 200, 200, 304, 200, 304]
    assert outcomes(client) == ["miss", "miss", "miss", "hit", "hit", "hit", "stale", "stale"]
    assert {lookup["key"] for lookup in lookups(client)} == {URL}


def test_a_webpage_that_cannot_be_collected_is_a_failed_lookup(
    webpages: Flask, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    web.pages[URL] = SourceFailure("tls_failure", "The certificate was refused.", permanent=True)
    client = webpages.test_client()
    client.get("/api/v1/metadata", query_string={"url": URL})
    services.collector.collect_due(slots=1, stopping=lambda: False)
    clock.forward(1)
    assert client.get("/api/v1/metadata", query_string={"url": URL}).status_code == 502

    assert outcomes(client) == ["miss", "failed"]


def test_a_lookup_that_is_held_for_its_record_was_a_miss(webpages: Flask, services: Services, clock: FakeClock) -> None:
    client = webpages.test_client()
    client.get("/api/v1/metadata", query_string={"url": URL})
    clock.forward(1)
    answer = client.get("/api/v1/metadata", query_string={"url": URL}, headers={"Prefer": "wait=0"})
    assert answer.status_code == 202

    assert outcomes(client) == ["miss", "miss"]


def test_what_is_no_lookup_is_not_kept(webpages: Flask) -> None:
    client = webpages.test_client()
    assert client.post("/api/v1/metadata", json={"url": URL}).status_code == 201
    client.get("/api/v1/metadata", query_string={"url": "no url"})
    client.delete("/api/v1/metadata", query_string={"url": URL})
    client.get("/api/v1/records")

    assert lookups(client) == []


def test_a_webpages_lookup_that_cannot_be_kept_is_answered_all_the_same(webpages: Flask, history: Switch) -> None:
    client = webpages.test_client()
    client.post("/api/v1/metadata", json={"url": URL})
    history.away = True

    assert client.get("/api/v1/metadata", query_string={"url": URL}).status_code == 200


def test_hits_are_answered_before_the_application_when_they_have_no_side_effects(
    webpages: Flask, services: Services
) -> None:
    assert shortcut.KEY in create_app(services=services).extensions
    assert shortcut.KEY not in webpages.extensions


def test_a_hit_is_the_same_with_a_history_as_without_one(webpages: Flask, services: Services) -> None:
    answers = []
    webpages.test_client().post("/api/v1/metadata", json={"url": URL})
    for app in (create_app(services=services), webpages):
        answer = app.test_client().get(f"/api/v1/metadata?url={URL}", headers={"X-Request-ID": "mine"})
        answers.append((answer.status, answer.data, sorted(answer.headers)))

    assert answers[0] == answers[1]
