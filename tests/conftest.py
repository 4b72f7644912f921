"""Fixtures of all tests: services on a real SQLite store with a fake web and weather, and a client of the app."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from zlib import crc32

import fakeredis
import hypothesis
import pytest
import structlog
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.config import PerHost, Settings
from tests.browser import find_chromium
from tests.contract.backends import SqliteBackend
from tests.fakes import FakeClock, FakeWeather, FakeWeb, Unlimited
from tests.upstreams import Upstream

# The programs that tests start compile our modules once, not each of them again, which took a tenth of the suite's time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long an example takes says how busy the machine is, and no more.
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")


REAL_PARTS = {
    "attacks",
    "browser",
    "contract",
    "demo",
    "end_to_end",
    "faults",
    "files",
    "gunicorn_worker",
    "http_client",
    "local_stack",
    "workers",
    "test_budgets",
    "test_budgets_shared",
    "test_counters",
    "test_dashboard",
    "test_dashboard_login",
    "test_malloc_arenas",
    "test_real_programs",
    "test_real_server",
    "test_recipes",
    "test_run",
    "test_upload_slots",
}
"""Folders and modules whose tests use real servers, stores or programs."""


SLOWEST = {
    "access/test_documented.py",
    "access/test_table.py",
    "contract/test_three_weeks.py",
    "end_to_end/test_backups.py",
    "end_to_end/test_faults.py",
    "end_to_end/test_imports.py",
    "end_to_end/test_products.py",
    "end_to_end/test_watching.py",
    "events/test_real_programs.py",
    "faults/test_controls.py",
    "faults/test_faults.py",
    "faults/test_watches.py",
    "imports/test_rows.py",
    "test_parser_growth.py",
    "web_api/test_schemathesis.py",
    "workers/test_watch_noise.py",
}
"""Files that take more than half a minute each: none of them is to be begun last, while the other processes idle."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with its ring: `make test ARGS="-m pure"` is the quick one. Mix the files that processes share."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if REAL_PARTS & set(item.path.with_suffix("").parts) or {"upstream", "receiver"} & fixtures:
            item.add_marker("real")
        else:
            item.add_marker("fakes" if {"tmp_path", "redis"} & fixtures else "pure")
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(item.path))


def _turn(file: Path) -> float:
    """When a file is begun: by chance, so that at each moment some tests wait and others compute; slow ones sooner."""
    name = file.relative_to(Path(__file__).parent).as_posix()
    chance = crc32(name.encode())
    return chance / 2 if name in SLOWEST else float(chance)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out."""
    if not find_chromium():
        terminalreporter.write_line(
            "Left out: tests/browser/, which needs Chromium (on Debian and Ubuntu: apt install chromium)."
        )


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Restore the configuration of logging: a command changes it."""
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
def upstream() -> Iterator[Upstream]:
    """A server to collect from."""
    with Upstream() as upstream:
        yield upstream


class Build(Protocol):
    """Builds services of the fixtures below; a keyword replaces the settings, or an argument of `wiring.build`."""

    def __call__(self, settings: Settings = ..., **replaced: Any) -> wiring.Services: ...


@pytest.fixture
def make_services(
    settings: Settings, web: FakeWeb, weather: FakeWeather, clock: FakeClock, redis: fakeredis.FakeRedis
) -> Iterator[Build]:
    """A builder whose services are closed when the test ends."""
    with ExitStack() as built:

        def make(settings: Settings = settings, **replaced: Any) -> wiring.Services:
            fakes = {"redis": redis, "sources": [web, weather], "clock": clock, "rng": random.Random(7)}
            if settings.store.startswith("sqlite:"):
                fakes["store"] = SqliteBackend(Path(unquote(urlsplit(settings.store).path[1:]))).open()
            services = wiring.build(settings, **{**fakes, "budgets": Unlimited(), **replaced})
            built.callback(services.store.close)
            return services

        yield make


@pytest.fixture
def services(make_services: Build) -> wiring.Services:
    return make_services()


@pytest.fixture
def client(services: wiring.Services) -> FlaskClient:
    return create_app(services=services).test_client()
