"""A service that looks as in use: 300 sites that were collected in three weeks, weather, feeds, logs, watches and jobs."""

from __future__ import annotations

import io
import ipaddress
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fakeredis
from flask import Flask

from inventory import wiring
from inventory.clock import rfc3339
from inventory.config import Settings
from inventory.demo.upstreams import Choices
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.jobs.runner import complete_jobs
from inventory.rate_limits.limits import Limit
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Policy
from inventory.records.source import Source
from inventory.services import Services
from inventory.watches.model import GATHER
from inventory.weather.providers import OpenMeteo
from inventory.weather.source import Weather
from tests.demo.served import served
from tests.end_to_end.stack import wait_until
from tests.fleet.fleet import Fleet, fleet_on
from tests.fleet.sites import FIRST, SECOND, SHOPS, THIRD
from tests.jobs.actions import Worker, found, work_to_the_end
from tests.products.runs import feeds_of

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
CITIES = (
    "Paris",
    "Berlin",
    "Tokyo",
    "New York, US",
    "Lima",
    "Nairobi",
    "Oslo",
    "Delhi",
    "Sydney",
    "Toronto",
    "Atlantis",
    "Rome",
)
MESSAGES = (
    ("info", "GET /basket 200"), ("info", "GET /products 200"), ("info", "order accepted"), ("debug", "cache miss"),
    ("warning", "upstream answered after 2.4 s"), ("error", "payment timed out"), ("info", "GET / 304"),
)  # fmt: skip
SERVICES = ("shop", "basket", "payment", "gateway")


@dataclass(frozen=True, kw_only=True)
class Showcase:
    """The application, and where its pages are."""

    app: Flask
    paths: dict[str, str]


@contextmanager
def showcase(folder: Path) -> Iterator[Showcase]:
    """The service, until the block ends."""
    with served(Choices(failures=0.1)) as urls:
        settings = Settings(
            data_dir=folder, allow_networks=(LOOPBACK,), product_feeds=feeds_of(folder, urls), retry_base=1.0
        )  # fmt: skip
        store = wiring.open_store(settings)
        with fleet_on(store, partial(_services, settings, urls["weather"])) as fleet:
            yield _filled(fleet)
            fleet.services.store.close()


def _services(settings: Settings, weather: str, *, sources: list[Source], clock: Any, **replaced: Any) -> Services:
    """Services on the fleet's sites and on the weather of the demo."""
    fetcher = Fetcher(RequestsTransport(Guard([LOOPBACK])), deadline=20, body_limit=65_536, clock=clock)
    of_weather = Weather(fetcher, OpenMeteo(f"{weather}/v1/search", f"{weather}/v1/forecast"))
    budgets = LocalBudgets(lambda host: Limit(200, 50, 200), Policy(lease=settings.lease, first_pause=0.5))
    return wiring.build(
        settings, sources=[*sources, of_weather], clock=clock, budgets=budgets, redis=fakeredis.FakeRedis(), **replaced
    )


def _filled(fleet: Fleet) -> Showcase:
    fleet.collect(FIRST)
    watch = _watch(fleet, "Production headers", "tag:shop", fields="header.*", every=86_400)
    _watch(fleet, "Certificates that end soon", "tag:office", on=["expires"])
    _watch(fleet, "New trackers", "tag:magazine", fields="script.host", cooldown=3_600)
    _watch(fleet, "Devices that fail", "tag:device", on=["fails", "recovers"])
    for week in (SECOND, THIRD):
        fleet.collect(week)
        _tell(fleet)
    for _ in range(2):
        fleet.clock.forward(3_600)
        _run_feeds(fleet)
    cities = _import(fleet, "cities", "cities.txt", "\n".join(CITIES))
    _import(fleet, "events", "shop.jsonl", "\n".join(_log_lines(fleet)))
    _import(fleet, "urls", "partners.csv", f"url\nnot a url\n{SHOPS[0].url}\nftp://old.example/")
    product = fleet.get("/api/v1/products", limit=1)["products"][0]["record_id"]
    shop = quote(SHOPS[0].url, safe="")
    paths = {
        "home": "/",
        "search": f"/search?q={quote('header.server:nginx NOT _exists_:header.strict-transport-security')}",
        "record": f"/record?url={shop}",
        "diff": f"/diff?url={shop}",
        "changes": "/changes/groups?since=30d",
        "jobs": "/jobs",
        "job": f"/jobs/{cities}",
        "watches": "/watches",
        "watch": f"/watches/{watch}",
        "upstreams": "/upstreams",
        "weather": "/weather?city=Paris",
        "products": "/products",
        "product": f"/products/{product}",
        "events": "/events",
    }
    return Showcase(app=fleet.client.application, paths=paths)


def _run_feeds(fleet: Fleet) -> None:
    """A run to its end; the feeds take real time to answer."""
    job, worker = fleet.services.products.start().id, Worker(fleet.services)

    def is_over() -> bool:
        worker.round()
        fleet.clock.forward(0.05)
        complete_jobs(fleet.services.store.jobs, fleet.services.notifier, now=fleet.clock())
        return found(fleet.services, job).status.finished

    wait_until(is_over, "the run ends", 90)


def _watch(fleet: Fleet, name: str, query: str, **settings: Any) -> str:
    made = fleet.client.post("/api/v1/watches", json={"name": name, "query": query, "file": "ops", **settings})
    assert made.status_code == 201, made.text
    return str(made.json["id"])


def _tell(fleet: Fleet) -> None:
    """What the scheduler does for watches, until nothing is left to do."""
    work = fleet.services.watch_work
    while work.enroller.enrol_some() or work.looker.look():
        pass
    fleet.clock.forward(GATHER.total_seconds() + 1)
    while work.composer.compose_next():
        pass


def _log_lines(fleet: Fleet) -> Iterator[str]:
    """A day of four services; the errors are those of an hour."""
    rng, now = random.Random(3), fleet.clock()
    for _ in range(1_500):
        ago = rng.random() ** 2 * 24
        level, message = rng.choice(MESSAGES if 2 < ago < 5 else [each for each in MESSAGES if each[0] != "error"])
        event = {
            "timestamp": rfc3339(now - timedelta(hours=ago)),
            "level": level,
            "service": rng.choice(SERVICES),
            "message": message,
            "trace_id": f"{rng.randrange(300) + 2**120:032x}",
            "duration_ms": rng.randrange(3, 900),
        }
        yield json.dumps(event)


def _import(fleet: Fleet, kind: str, name: str, content: str) -> str:
    file = io.BytesIO(content.encode()), name
    answer = fleet.client.post("/api/v1/imports", query_string={"kind": kind}, data={"file": file})
    assert answer.status_code == 202, answer.text
    fleet.clock.forward(60)
    return work_to_the_end(fleet.services, fleet.clock, str(answer.json["job_id"])).id
