"""Weather on real processes: one call however many clients ask at once, whichever process answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import requests

from tests.end_to_end.stack import Stack, stack_on
from tests.real_mongo import ANY_STORE
from tests.upstreams import Answer, Upstream

SEARCH, FORECAST = "/v1/search", "/v1/forecast"
CALLERS = 50
PLACE = {
    "name": "Zürich",
    "latitude": 47.36667,
    "longitude": 8.55,
    "feature_code": "PPLA",
    "country_code": "CH",
    "country": "Switzerland",
    "admin1": "Zurich",
    "population": 436332,
}
NOW = {"temperature_2m": 2.4, "relative_humidity_2m": 81, "weather_code": 2, "wind_speed_10m": 9.4, "time": 1769860800}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module", params=ANY_STORE)
def running(request: pytest.FixtureRequest, upstream: Upstream) -> Iterator[Stack]:
    urls = {"weather_url": upstream.url(FORECAST), "weather_geocoding_url": upstream.url(SEARCH)}
    with stack_on(request.param, **urls, retry_failed_after=1) as running:
        running.start("redis", "api")
        yield running


def as_json(document: object, *, wait: float = 0.0) -> Answer:
    return Answer(headers=(("Content-Type", "application/json"),), body=json.dumps(document).encode(), wait=wait)


def serve(upstream: Upstream, name: str, *, wait: float = 0.0) -> None:
    """Answer one search and one forecast, the former after a while."""
    upstream.script(SEARCH, as_json({"results": [PLACE | {"name": name}]}, wait=wait))
    upstream.script(FORECAST, as_json({"current": NOW}))


def get(running: Stack, city: str) -> requests.Response:
    return requests.get(f"{running.url}/api/v1/weather", params={"city": city}, timeout=60)


def at_once(running: Stack, city: str) -> list[requests.Response]:
    """The answers to lookups that begin together."""
    start = Barrier(CALLERS)

    def one() -> requests.Response:
        start.wait(120)
        return get(running, city)

    with ThreadPoolExecutor(CALLERS) as pool:
        return [answer.result() for answer in [pool.submit(one) for _ in range(CALLERS)]]


def test_a_miss_is_collected_and_then_a_hit_for_every_process(running: Stack, upstream: Upstream) -> None:
    serve(upstream, "Bern")
    before = upstream.count(SEARCH)
    answers = [get(running, city) for city in ("Bern", "BERN", "bern", "Bérn")]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    assert upstream.count(SEARCH) - before == 1


def test_fifty_simultaneous_misses_are_one_call_for_all_processes_together(running: Stack, upstream: Upstream) -> None:
    serve(upstream, "Zürich", wait=1.0)
    before = upstream.count(SEARCH), upstream.count(FORECAST)
    answers = at_once(running, "Zürich")

    assert Counter(answer.status_code for answer in answers) == {200: CALLERS}, min(answer.text for answer in answers)
    assert len({answer.text for answer in answers}) == 1
    assert (upstream.count(SEARCH) - before[0], upstream.count(FORECAST) - before[1]) == (1, 1)


def test_fifty_who_ask_for_what_nobody_knows_are_one_call_too(running: Stack, upstream: Upstream) -> None:
    upstream.script(SEARCH, as_json({}, wait=1.0))
    before = upstream.count(SEARCH)
    answers = at_once(running, "Atlantis")

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "unknown_city")}
    assert upstream.count(SEARCH) - before == 1
