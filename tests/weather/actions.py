"""What tests of weather do: ask for it, be a worker, collect for a job, and meddle between two steps of somebody else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory.errors import SourceFailure
from inventory.records.model import Record, Target
from inventory.records.ports import Records
from inventory.records.source import Collected
from inventory.services import Services
from inventory.weather.providers import UNKNOWN_CITY
from inventory.weather.service import JITTER
from tests.fakes import FakeWeather, Replacing, weather_content

WEATHER = "/api/v1/weather"
CITY = "zurich"
FRESH_FOR = 900
EXPIRED = FRESH_FOR * (1 + JITTER) + 1
"""Seconds after which weather is stale, whatever its jitter."""
NO_CITY = SourceFailure(UNKNOWN_CITY, "No city named 'zurich' was found", permanent=True)
TIMEOUT = SourceFailure("timeout", "The upstream did not respond in full within 10 seconds")
FRESH_FOR = 900
EXPIRED = FRESH_FOR * (1 + JITTER) + 1
"""Seconds after which weather is stale, whatever its jitter."""
GARBAGE = SourceFailure("invalid_response", "geocoding.test answered what is no JSON")


def get(client: FlaskClient, city: str = CITY) -> TestResponse:
    return client.get(WEATHER, query_string={"city": city})


def target(services: Services, city: str = CITY) -> Target:
    return services.records.target("weather", city)


def record(services: Services, city: str = CITY) -> Record:
    found = services.store.records.find(target(services, city).id)
    assert found is not None
    return found


def work(services: Services) -> int:
    """Collect what is due, as a worker does."""
    return services.collector.collect_due(slots=4, stopping=lambda: False)


def accept_for_a_job(services: Services, *cities: str) -> None:
    """Take on what a job wants of cities."""
    wanted = [(target(services, city), None) for city in cities]
    services.store.records.accept_all(wanted, now=services.records.clock())


def warmer(city: str = "Zurich", degrees: float = 9.9) -> Collected:
    """Other weather than usual."""
    return Collected(weather_content(city, degrees), None)


def outcomes(client: FlaskClient, **query: object) -> list[tuple[str, str]]:
    """The history, oldest first."""
    lookups = client.get("/api/v1/history", query_string=query).json["lookups"]
    return [(lookup["key"], lookup["outcome"]) for lookup in reversed(lookups)]


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.005)


@contextmanager
def get_held(client: FlaskClient, weather: FakeWeather, city: str = CITY) -> Iterator[Future[TestResponse]]:
    """A lookup whose upstream has been asked and does not answer before the end of the block."""
    weather.open.clear()
    before = weather.asked[city]
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, client, city)
        try:
            wait_until(lambda: weather.asked[city] > before or answer.done(), "the upstream is asked")
            assert not answer.done()
            yield answer
        finally:
            weather.open.set()


class Meddling(Replacing):
    """Records where something else happens before, or after, the next call of a method."""

    def __init__(self, records: Records) -> None:
        self.before: dict[str, Callable[[], object]] = {}
        self.after: dict[str, Callable[[], object]] = {}
        super().__init__(records)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._real, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if do := self.before.pop(name, None):
                do()
            result = method(*arguments, **named)
            if do := self.after.pop(name, None):
                do()
            return result

        return call
