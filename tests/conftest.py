"""What every test may ask for: services on a real SQLite store with a fake web and weather, and a client of the app."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import fakeredis
import hypothesis
import pytest
import structlog
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.config import PerHost, Settings
from tests.fakes import FakeClock, FakeWeather, FakeWeb, Unlimited

# How long an example takes says how busy the machine is, and no more.
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A test that runs a command, which logs warnings alone, takes no line from those that come after it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path, retry_base=1.0, upstream_rate=PerHost(1_000_000.0), upstream_concurrency=PerHost(10_000)
    )


@pytest.fixture
def web() -> FakeWeb:
    return FakeWeb()


@pytest.fixture
def weather() -> FakeWeather:
    return FakeWeather()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def redis() -> fakeredis.FakeRedis:
    return fakeredis.FakeRedis()


@pytest.fixture
def services(
    settings: Settings, web: FakeWeb, weather: FakeWeather, clock: FakeClock, redis: fakeredis.FakeRedis
) -> Iterator[wiring.Services]:
    services = wiring.build(
        settings, redis=redis, sources=[web, weather], clock=clock, rng=random.Random(7), budgets=Unlimited()
    )
    yield services
    services.store.close()


@pytest.fixture
def client(services: wiring.Services) -> FlaskClient:
    return create_app(services=services).test_client()
