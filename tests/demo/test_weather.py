"""The demo's weather through the real source, and at its edges."""

from __future__ import annotations

import csv
import ipaddress
from collections.abc import Iterator, Mapping

import pytest
from structlog.testing import capture_logs

from inventory import wiring
from inventory.config import Settings
from inventory.demo.upstreams import Choices
from inventory.errors import SourceFailure
from inventory.records.source import Source
from tests.demo.served import ask, document, served, unserved


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Mapping[str, str]]:
    with served() as upstreams:
        yield upstreams


@pytest.fixture
def weather(upstreams: Mapping[str, str]) -> Source:
    return make_weather(upstreams, deadline=10)


def make_weather(upstreams: Mapping[str, str], deadline: float) -> Source:
    """The source as it is wired for these upstreams."""
    settings = Settings(
        allow_networks=(ipaddress.ip_network("127.0.0.1/32"),),
        fetch_deadline=deadline,
        weather_url=f"{upstreams['weather']}/v1/forecast",
        weather_geocoding_url=f"{upstreams['weather']}/v1/search",
    )
    return wiring.build(settings).sources["weather"]


@pytest.mark.parametrize(
    ("text", "name", "country", "candidates"),
    [
        ("Paris", "Paris", "FR", 2),
        ("paris, us", "Paris", "US", 1),
        ("Springfield", "Springfield", "US", 3),
        ("zurich", "Zürich", "CH", 1),
        ("SÃO PAULO", "São Paulo", "BR", 1),
        ("Łódź", "Łódź", "PL", 1),
        ("lodz", "Łódź", "PL", 1),
        ("New Lyon Falls", "New Lyon Falls", "FR", 1),
    ],
)
def test_a_city_is_found_in_any_spelling_and_the_most_populous_one_is_meant(
    weather: Source, text: str, name: str, country: str, candidates: int
) -> None:
    content = weather.collect(weather.target(text).key).content
    city, now = content["city"], content["weather"]

    assert (city["name"], city["country"], city["candidates"]) == (name, country, candidates)
    assert -60 < now["temperature_c"] < 60
    assert 0 <= now["humidity_percent"] <= 100
    assert now["condition"] != "unknown"
    assert now["observed_at"].endswith(("00:00.000Z", "15:00.000Z", "30:00.000Z", "45:00.000Z"))


@pytest.mark.parametrize(
    ("text", "code"),
    [("Atlantis", "unknown_city"), ("Garbage City", "invalid_response"), ("Brokenburg", "invalid_response")],
)
def test_what_cannot_be_known_fails_as_it_would_at_a_real_upstream(weather: Source, text: str, code: str) -> None:
    with pytest.raises(SourceFailure) as raised:
        weather.collect(weather.target(text).key)

    assert raised.value.code == code
    assert raised.value.permanent == (code == "unknown_city")


def test_slowtown_is_slower_than_any_deadline(upstreams: Mapping[str, str]) -> None:
    weather = make_weather(upstreams, deadline=0.5)

    with pytest.raises(SourceFailure) as raised:
        weather.collect("slowtown")
    assert raised.value.code == "timeout"


def test_a_dead_upstream_is_one_that_closes_without_an_answer() -> None:
    with served(Choices(dead=["weather"])) as upstreams, capture_logs() as logs, pytest.raises(SourceFailure) as raised:
        make_weather(upstreams, deadline=10).collect("paris")

    assert raised.value.code == "invalid_response"
    assert "closed without a response" in logs[0]["error"]


def test_the_weather_of_a_city_stays_for_a_quarter_of_an_hour_and_has_the_requested_units() -> None:
    weather = unserved()["weather"]
    target = "/v1/forecast?latitude=48.85&longitude=2.35&current=wind_speed_10m"
    kmh, again, ms = (document(ask(weather, target + more)) for more in ("", "", "&wind_speed_unit=ms&timeformat=unixtime"))

    assert (
        kmh["current"]
        == again["current"]
        == {"time": "2026-01-31T12:00", "interval": 900}
        | {"wind_speed_10m": pytest.approx(ms["current"]["wind_speed_10m"] * 3.6, abs=0.5)}
    )
    assert kmh["current_units"]["wind_speed_10m"] == "km/h"
    assert ms["current"]["time"] == 1_769_860_800


@pytest.mark.parametrize(
    "target",
    [
        "/v1/search?name=Paris&count=1000",
        "/v1/search?name=Paris&count=many",
        "/v1/forecast?longitude=2",
        "/v1/forecast?latitude=91&longitude=2",
        "/v1/forecast?latitude=nan&longitude=2",
        "/v1/forecast?latitude=1&longitude=2&current=mood",
        "/v1/forecast?latitude=1&longitude=2&timeformat=roman",
    ],
)
def test_a_request_that_open_meteo_would_refuse_is_refused_in_its_words(target: str) -> None:
    answer = ask(unserved()["weather"], target)

    assert answer.status == 400
    assert document(answer)["error"] is True
    assert document(answer)["reason"]


def test_an_unknown_name_is_answered_without_results() -> None:
    assert "results" not in document(ask(unserved()["weather"], "/v1/search?name=Atlantis&count=10"))


def test_ten_thousand_cities_can_be_imported_and_a_fiftieth_of_them_is_unknown() -> None:
    weather = unserved()["weather"]
    rows = list(csv.DictReader(ask(weather, "/cities.csv?count=10000").body.decode().splitlines()))
    unknown = [row for row in rows if "results" not in document(ask(weather, f"/v1/search?name={row['city']}"))]

    assert len(rows) == 10_000
    assert len(unknown) == 200
    assert len({(row["city"], row["country"]) for row in rows}) > 9_990
