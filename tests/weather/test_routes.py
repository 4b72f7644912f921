"""GET /api/v1/weather and its summary, by every way in which they can be answered."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory.errors import SourceFailure
from inventory.records.model import State
from inventory.records.source import Collected
from inventory.services import Services
from inventory.weather.service import JITTER
from tests.fakes import FakeClock, FakeWeather, weather_content
from tests.weather.actions import (
    CITY,
    EXPIRED,
    FRESH_FOR,
    GARBAGE,
    NO_CITY,
    TIMEOUT,
    WEATHER,
    accept_for_a_job,
    get,
    get_held,
    outcomes,
    record,
    target,
    warmer,
    work,
)


def test_a_miss_is_collected_while_its_caller_waits(client: FlaskClient, weather: FakeWeather, services: Services) -> None:
    answer = get(client, "Zürich")

    assert answer.status_code == 200
    assert answer.json == {
        "city": "Zurich",
        "key": CITY,
        "place": {
            "name": "Zurich",
            "country": "CH",
            "region": None,
            "latitude": 47.4,
            "longitude": 8.6,
            "population": None,
            "candidates": 1,
        },
        "temperature_c": 2.4,
        "condition": "partly cloudy",
        "humidity_percent": 81.0,
        "wind_kph": 9.4,
        "observed_at": "2026-01-31T12:00:00.000Z",
        "collected_at": "2026-01-31T12:00:00.123Z",
        "stale": False,
    }
    assert weather.asked == {CITY: 1}
    assert record(services).state is State.STORED


@pytest.mark.parametrize("spelling", ["zurich", "ZÜRICH", "zu\u0308rich", " Zurich,"])
def test_a_hit_is_the_same_for_every_spelling_and_asks_nobody(
    client: FlaskClient, weather: FakeWeather, clock: FakeClock, spelling: str
) -> None:
    first = get(client).json
    clock.forward(FRESH_FOR * (1 - JITTER) - 1)

    assert get(client, spelling).json == first
    assert weather.asked == {CITY: 1}


def test_of_several_cities_the_answer_says_which_one_it_is_and_how_many_there_are(
    client: FlaskClient, weather: FakeWeather
) -> None:
    place = {"country": "FR", "region": "Île-de-France", "population": 2138551, "candidates": 10}
    weather.pages["paris"] = Collected(weather_content("Paris", **place), None)
    answer = get(client, "Paris").json

    assert (answer["city"], answer["place"]["candidates"], answer["place"]["region"]) == ("Paris", 10, "Île-de-France")


def test_every_place_has_a_document_that_is_as_documented(client: FlaskClient, weather: FakeWeather) -> None:
    schema = client.get("/openapi.json").json["components"]["schemas"]
    bare = {"country": None, "region": None, "population": None, "latitude": 0.0, "longitude": -180.0}
    weather.pages["y"] = Collected(weather_content("Y \ud83d", -61.0, **bare), None)
    weather.pages["東京"] = Collected(weather_content("東京", 31.5, country="JP", population=8336599), None)
    for city in ("Y", "東京", "zurich"):
        answer = get(client, city)

        assert answer.status_code == 200
        assert set(answer.json) == set(schema["Weather"]["properties"])
        assert set(answer.json["place"]) == set(schema["Place"]["properties"])
        assert set(schema["Weather"]["required"]) == set(answer.json)


def test_stale_weather_is_collected_again(client: FlaskClient, weather: FakeWeather, clock: FakeClock) -> None:
    get(client)
    clock.forward(EXPIRED)
    weather.pages[CITY] = warmer()
    answer = get(client).json

    assert (answer["temperature_c"], answer["stale"]) == (9.9, False)
    assert weather.asked[CITY] == 2


@pytest.mark.parametrize("failure", [TIMEOUT, GARBAGE, NO_CITY], ids=lambda failure: failure.code)
def test_when_the_upstream_fails_the_last_known_weather_is_answered_as_stale(
    client: FlaskClient, weather: FakeWeather, clock: FakeClock, services: Services, failure: SourceFailure
) -> None:
    fresh = get(client).json
    clock.forward(EXPIRED)
    weather.pages[CITY] = failure

    assert get(client).json == fresh | {"stale": True}
    assert get(client).json == fresh | {"stale": True}
    assert weather.asked[CITY] == 2, "the failure stands until it may be tried again"

    clock.forward(services.settings.retry_failed_after)
    del weather.pages[CITY]
    assert get(client).json["stale"] is False
    assert weather.asked[CITY] == 3


def test_a_city_that_nobody_knows_is_404_and_remembered_until_it_may_be_tried_again(
    client: FlaskClient, weather: FakeWeather, clock: FakeClock, services: Services
) -> None:
    weather.pages["atlantis"] = NO_CITY
    first = get(client, "Atlantis")

    assert (first.status_code, first.json["code"]) == (404, "unknown_city")
    assert "'atlantis'" in first.json["detail"]
    assert first.content_type == "application/problem+json"

    clock.forward(services.settings.retry_failed_after - 1)
    assert get(client, "ATLANTIS").json["code"] == "unknown_city"
    assert weather.asked == {"atlantis": 1}

    clock.forward(1)
    weather.pages["atlantis"] = Collected(weather_content("Atlantis"), None)
    assert get(client, "Atlantis").status_code == 200
    assert weather.asked == {"atlantis": 2}


def test_a_city_that_a_job_found_to_be_unknown_is_known_to_be(
    client: FlaskClient, weather: FakeWeather, services: Services
) -> None:
    weather.pages[CITY] = NO_CITY
    accept_for_a_job(services, CITY)
    work(services)

    assert get(client).json["code"] == "unknown_city"
    assert weather.asked[CITY] == 1, "it is permanent, so a worker tries it once"


@pytest.mark.parametrize(("failure", "status"), [(TIMEOUT, 504), (GARBAGE, 502)], ids=["timeout", "garbage"])
def test_without_any_weather_a_failure_is_a_problem_that_stands_for_a_while(
    client: FlaskClient, weather: FakeWeather, clock: FakeClock, services: Services, failure: SourceFailure, status: int
) -> None:
    weather.pages[CITY] = failure
    for _ in range(2):
        answer = get(client)
        assert (answer.status_code, answer.json["code"]) == (status, "collection_failed")
        assert answer.json["failure"]["code"] == failure.code
        assert answer.json["failure"]["retry_at"] == "2026-01-31T12:05:00.123Z"
    assert weather.asked[CITY] == 1

    clock.forward(services.settings.retry_failed_after)
    del weather.pages[CITY]
    assert get(client).status_code == 200


@pytest.mark.parametrize("city", ["", " ", "12", "a, b, c, d, e", "x" * 121, "Paris\0", "Paris\n", ", FR"])
def test_what_is_no_city_is_refused_and_nothing_is_kept(client: FlaskClient, weather: FakeWeather, city: str) -> None:
    answer = get(client, city)

    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (422, "invalid_request", ["city"])
    assert client.get("/api/v1/records").json["records"] == []
    assert not weather.asked
    assert outcomes(client) == []


@pytest.mark.parametrize("query", [{}, {"city": ["Paris", "Rome"]}, {"city": "Paris", "town": "x"}])
def test_a_query_must_name_one_city_and_nothing_else(client: FlaskClient, query: dict[str, Any]) -> None:
    assert client.get(WEATHER, query_string=query).status_code == 422


def test_what_expires_together_does_not_expire_at_the_same_moment(
    client: FlaskClient, clock: FakeClock, weather: FakeWeather
) -> None:
    cities = [f"City {chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(80)]
    for city in cities:
        get(client, city)
    expired: list[int] = []
    clock.forward(FRESH_FOR * (1 - JITTER) - 1)
    for city in cities:
        assert get(client, city).json["stale"] is False
    assert weather.asked.total() == len(cities)

    weather.pages = {city.lower(): TIMEOUT for city in cities}
    for _ in range(10):
        expired.append(sum(get(client, city).json["stale"] for city in cities))
        clock.forward(FRESH_FOR * JITTER / 4 + 1)

    assert expired[0] <= 1
    assert expired == sorted(expired)
    assert expired[-1] == len(cities)
    steps = [after - before for before, after in pairwise(expired)]
    assert max(steps) < len(cities) / 2, "not many of them at a time; half of them come once in a billion runs"


def test_a_pause_of_a_worker_is_no_pause_for_a_caller(client: FlaskClient, weather: FakeWeather, services: Services) -> None:
    weather.pages[CITY] = TIMEOUT
    accept_for_a_job(services, CITY)
    work(services)
    assert record(services).state is State.PENDING
    del weather.pages[CITY]

    assert get(client).status_code == 200
    assert weather.asked[CITY] == 2
    assert work(services) == 0, "no collection is due"


def test_while_a_refresh_pauses_the_stale_weather_is_answered(
    client: FlaskClient, weather: FakeWeather, services: Services, clock: FakeClock
) -> None:
    get(client)
    clock.forward(EXPIRED)
    weather.pages[CITY] = TIMEOUT
    services.store.records.accept_all([(target(services), record(services))], now=clock())
    work(services)
    pausing = record(services)
    assert (pausing.state, pausing.failure is not None) == (State.PENDING, True)

    assert get(client).json["stale"] is True
    assert weather.asked[CITY] == 2, "it has just failed"

    clock.forward(services.settings.retry_base + 1)
    del weather.pages[CITY]
    assert get(client).json["stale"] is False


def test_while_it_is_collected_for_others_stale_weather_is_answered_at_once(
    client: FlaskClient, weather: FakeWeather, clock: FakeClock
) -> None:
    fresh = get(client).json
    clock.forward(EXPIRED)
    with get_held(client, weather) as first:
        assert get(client).json == fresh | {"stale": True}

    assert first.result().json["stale"] is False
    assert weather.asked[CITY] == 2


def test_a_city_without_weather_has_no_snapshot_that_is_a_page(client: FlaskClient, services: Services) -> None:
    get(client)
    snapshot_id = record(services).snapshot_id

    assert client.get(f"/api/v1/metadata/snapshots/{snapshot_id}").json["code"] == "not_found"


def test_records_list_cities_too(client: FlaskClient) -> None:
    get(client, "Zürich, CH")
    [listed] = client.get("/api/v1/records?source=weather").json["records"]

    assert (listed["key"], listed["status"], listed["host"]) == ("zurich,ch", "stored", "geocoding.test")


def test_the_summary_counts_cities_and_names_the_latest(
    client: FlaskClient, weather: FakeWeather, services: Services, clock: FakeClock
) -> None:
    weather.pages |= {"atlantis": NO_CITY, "brokenburg": GARBAGE}
    for city in ("Zürich", "Bern", "Atlantis", "Genf", "Brokenburg"):
        get(client, city)
        clock.forward(60)
    accept_for_a_job(services, "Basel", "Lugano")
    client.post("/api/v1/metadata", json={"url": "http://example.test/"})
    summary = client.get(f"{WEATHER}/summary?top=2").json

    assert summary["counts"] == {"stored": 3, "pending": 2, "failed": 2}
    assert [city["city"] for city in summary["refreshed"]] == ["Genf", "Bern"]
    assert [city["stale"] for city in summary["refreshed"]] == [False, False]
    assert [(failed["city"], failed["code"]) for failed in summary["failures"]] == [
        ("brokenburg", "invalid_response"),
        ("atlantis", "unknown_city"),
    ]
    assert summary["failures"][0]["at"] == "2026-01-31T12:04:00.123Z"


def test_the_summary_says_what_has_become_stale_and_what_was_refreshed_last(client: FlaskClient, clock: FakeClock) -> None:
    get(client, "Zürich")
    get(client, "Bern")
    clock.forward(EXPIRED)
    get(client, "Zürich")
    summary = client.get(f"{WEATHER}/summary").json

    assert [(city["city"], city["stale"]) for city in summary["refreshed"]] == [("Zurich", False), ("Bern", True)]


def test_an_empty_inventory_has_a_summary(client: FlaskClient) -> None:
    empty = {"counts": {"stored": 0, "pending": 0, "failed": 0}, "refreshed": [], "failures": []}

    assert client.get(f"{WEATHER}/summary").json == empty


@pytest.mark.parametrize("top", ["0", "201", "x", "-1", "1.5"])
def test_a_summary_has_1_to_200_lines(client: FlaskClient, top: str) -> None:
    assert client.get(f"{WEATHER}/summary?top={top}").json["errors"].keys() == {"top"}


def test_a_lookup_says_in_the_history_what_it_found(
    client: FlaskClient, weather: FakeWeather, services: Services, clock: FakeClock
) -> None:
    weather.pages |= {"atlantis": NO_CITY, "brokenburg": GARBAGE}
    for city in ("Zürich", "zurich", "Atlantis", "ATLANTIS", "Brokenburg"):
        get(client, city)
        clock.forward(1)
    clock.forward(EXPIRED)
    get(client, "Zürich")
    weather.pages[CITY] = TIMEOUT
    clock.forward(EXPIRED)
    get(client, "Zürich")

    assert outcomes(client) == [
        ("zurich", "miss"),
        ("zurich", "hit"),
        ("atlantis", "unknown"),
        ("atlantis", "unknown"),
        ("brokenburg", "failed"),
        ("zurich", "miss"),
        ("zurich", "stale"),
    ]
    assert services.settings.history_sources == ("weather",)


def test_freshness_is_a_setting(services: Services) -> None:
    assert timedelta(seconds=services.settings.weather_fresh_for) == timedelta(minutes=15)
