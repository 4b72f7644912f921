"""The page of the weather: a city as the API answers it, the problem beside the form, and all cities in tables."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.records.source import Collected
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeWeather, weather_content
from tests.ui.logging_in import log_in, make_key

EVIL = "<script>alert(1)</script>\u202e"


def test_nothing_is_asked_before_a_city_is_named(client: FlaskClient, weather: FakeWeather) -> None:
    page = client.get("/weather")

    assert page.status_code == 200
    assert '<form class="row" method="get" action="/weather"' in page.text
    assert "Nothing was asked yet" in page.text
    assert not weather.asked


def test_a_city_is_collected_and_shown(client: FlaskClient, weather: FakeWeather) -> None:
    weather.pages["paris"] = Collected(
        weather_content("Paris", 11.5, country="FR", region="Île-de-France", population=2138551, candidates=10), None
    )
    page = client.get("/weather", query_string={"city": "Paris"}).text

    assert weather.asked == {"paris": 1}
    assert "Paris, Île-de-France, FR" in page
    assert "11.5 °C" in page
    assert "10, this is the" in page
    assert 'value="Paris"' in page
    assert 'href="/weather?city=paris"' in page, "in the table of all cities"
    assert client.get("/api/v1/weather/summary").json["counts"]["stored"] == 1


@pytest.mark.parametrize(
    ("city", "status", "code"), [("12", 422, "invalid_request"), ("atlantis", 404, "unknown_city"), ("", 422, None)]
)
def test_what_is_wrong_is_said_beside_the_form(
    client: FlaskClient, weather: FakeWeather, city: str, status: int, code: str | None
) -> None:
    weather.pages["atlantis"] = SourceFailure("unknown_city", "No city named 'atlantis' was found", permanent=True)
    answer = client.get("/weather", query_string={"city": city})

    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert code is None or f"<code>{code}</code>" in answer.text
    assert f'value="{city}"' in answer.text


def test_a_city_that_failed_is_listed(client: FlaskClient, weather: FakeWeather) -> None:
    weather.pages["atlantis"] = SourceFailure("unknown_city", "No city named 'atlantis' was found", permanent=True)
    client.get("/api/v1/weather?city=atlantis")

    assert "<code>unknown_city</code>" in client.get("/weather").text


def test_texts_of_a_provider_stay_texts(client: FlaskClient, weather: FakeWeather) -> None:
    content = weather_content(EVIL, country=EVIL, region=EVIL)
    content["weather"]["condition"] = EVIL
    weather.pages["paris"] = Collected(content, None)
    page = client.get("/weather?city=paris").text

    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e" in page


def test_a_key_that_may_only_read_collects_nothing(make_services: Build, settings: Settings, weather: FakeWeather) -> None:
    client = _client_of(make_services(replace(settings, access=Mode.KEYS)))
    answer = client.get("/weather?city=paris")

    assert answer.status_code == 404
    assert "Nothing was collected" in answer.text
    assert not weather.asked


def _client_of(services: Services) -> FlaskClient:
    client = create_app(services=services).test_client()
    log_in(client, make_key(services, "read"))
    return client
