"""A service that has something of everything to show, and whose texts of others are as friendly as a test wants."""

from __future__ import annotations

import asyncio
import html
import io
import ipaddress
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fakeredis
from flask import Flask

from inventory import create_app, wiring
from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.products.model import Product, ProductVersion
from inventory.rate_limits.limits import Limit
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Policy
from inventory.records.source import Collected
from inventory.services import Services
from inventory.store.sqlite import SqliteStore
from inventory.watches.model import GATHER
from inventory.webpages.source import Webpage
from tests.fakes import FakeClock, FakeWeather, weather_content
from tests.jobs.actions import work_to_the_end
from tests.ui.counted import CountedStore
from tests.upstreams import Answer, Request, Upstream

API = "/api/v1"
Texts = Callable[[int], str]
"""What others call their things, numbered."""
WITHOUT_LIMIT = Limit(1_000_000, 10_000, 10_000)
PAGES = (
    "home", "search", "search narrowed", "values", "fields", "lookup", "record", "record redirected", "diff",
    "changes", "changes in groups", "changes one by one", "jobs", "job urls", "job cities", "job events",
    "watches", "watch", "new watch", "edited watch", "watch tried", "message", "webhooks", "upstreams", "upstream",
    "weather", "city", "products", "product", "events",
)  # fmt: skip
SERVERS = ("apache", "caddy", "nginx")
LEVELS = ("debug", "info", "warning", "error")


def plain(number: int) -> str:
    """A text as people write it."""
    return f"Thing {number}"


class Site(Upstream):
    """Shows the text of its number on each path, in every place that it has; each `edition` differs in some."""

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.texts = texts
        self.edition = 0

    def respond(self, request: Request) -> tuple[Answer, asyncio.Event | None]:
        super().respond(request)
        number = int(request.path.rpartition("/")[2])
        if request.path.startswith("/on/"):
            return Answer(302, (("Location", f"/{number}?from={quote(self.texts(number))}"), *self._headers(number))), None
        text = self.texts(number)
        scripts = f"<script src=//{number % 7}.cdn.test/></script>"
        body = f"<!doctype html><title>{html.escape(text)} {self.edition}</title>{scripts}{text}"
        return Answer(200, (("Content-Type", "text/html; charset=utf-8"), *self._headers(number)), body.encode()), None

    def _headers(self, number: int) -> tuple[tuple[str, str], ...]:
        text = self.texts(number).replace("\0", "").encode().decode("latin-1")
        name = "".join(letter for letter in text if letter.isalnum() and letter.isascii())[:40]
        return (
            ("Server", SERVERS[self.edition]),
            ("X-Note", text),
            (f"X-{name}", str(number)),
            ("Set-Cookie", f"{text[:60]}={text}; Path=/; HttpOnly"),
            ("Set-Cookie", f"elsewhere={text}; Domain=partner.example"),
            ("Set-Cookie", "session=8f14e45fceea; Path=/; SameSite=Lax"),
        )


@dataclass(frozen=True, kw_only=True)
class Filled:
    """The services, their application, and where the pages of what they hold are. `calls` are those of the store."""

    services: Services
    app: Flask
    clock: FakeClock
    urls: list[str]
    jobs: dict[str, str]
    watch: str
    city: str
    product: str
    calls: list[str]

    def paths(self) -> dict[str, str]:
        """The path of each of `PAGES`: lists, and one of each thing."""
        url = quote(self.urls[0], safe="")
        return {
            "home": "/",
            "search": "/search",
            "search narrowed": "/search?q=status:200",
            "values": "/search/facet?field=title",
            "fields": "/search/fields",
            "lookup": "/lookup",
            "record": f"/record?url={url}",
            "record redirected": f"/record?url={quote(self.urls[-1], safe='')}",
            "diff": f"/diff?url={url}",
            "changes": "/changes",
            "changes in groups": "/changes/groups",
            "changes one by one": "/changes/list",
            "jobs": "/jobs",
            **{f"job {kind}": f"/jobs/{job}" for kind, job in self.jobs.items()},
            "watches": "/watches",
            "watch": f"/watches/{self.watch}",
            "new watch": "/watches/new",
            "edited watch": f"/watches/{self.watch}/edit",
            "watch tried": f"/watches/{self.watch}/test?days=7",
            "message": f"/watches/{self.watch}/messages/1",
            "webhooks": "/webhooks",
            "upstreams": "/upstreams",
            "upstream": "/upstreams/host-0.test",
            "weather": "/weather",
            "city": f"/weather?city={quote(self.city, safe='')}",
            "products": "/products",
            "product": f"/products/{self.product}",
            "events": "/events",
        }


@contextmanager
def filled(folder: Path, *, count: int = 10, texts: Texts = plain) -> Iterator[Filled]:
    """A service with `count` of everything, on a store in the folder. Nothing is asked of any server but our own here."""
    with Site(texts) as site, ExitStack() as closing:
        clock = FakeClock()
        store = CountedStore(SqliteStore(folder / "inventory.sqlite3"))
        services = _services(folder, store, clock, texts)
        closing.callback(services.store.close)
        app = create_app(services=services)
        filling = _Filling(services=services, app=app, clock=clock, site=site, count=count)
        jobs = {"urls": filling.urls(), "cities": filling.cities(), "events": filling.events()}
        product = filling.products()
        yield Filled(
            services=services, app=app, clock=clock, urls=filling.targets(), jobs=jobs, watch=filling.watches(),
            city=texts(1), product=product, calls=store.calls,
        )  # fmt: skip


def _services(folder: Path, store: CountedStore, clock: FakeClock, texts: Texts) -> Services:
    loopback = ipaddress.ip_network("127.0.0.1/32")
    settings = Settings(data_dir=folder, allow_networks=(loopback,), retry_base=1.0)
    guard = Guard([loopback])
    transport = RequestsTransport(guard, resolve=lambda host: ["127.0.0.1"])
    webpage = Webpage(Fetcher(transport, deadline=20, body_limit=65_536, clock=clock), guard, clock)
    ticks = lambda: int(clock().timestamp() * 1_000_000)  # noqa: E731 - the clock in another unit
    budgets = LocalBudgets(lambda host: WITHOUT_LIMIT, Policy(lease=settings.lease, first_pause=0.5), clock=ticks)
    return wiring.build(
        settings,
        store=store,  # type: ignore[arg-type]
        redis=fakeredis.FakeRedis(),
        sources=[webpage, _Weather(texts)],
        clock=clock,
        budgets=budgets,
    )


class _Weather(FakeWeather):
    """Cities whose names, countries and conditions are texts of others; the tenth is not there."""

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts

    def usual(self, key: str) -> Collected:
        number = sum(map(ord, key))
        text = f"{self._texts(number)} {self._texts(1)}"
        if number % 10 == 0:
            raise SourceFailure("unknown_city", f"There is no {text}.", permanent=True)
        seen = weather_content(text, 1.0 + number % 30, country=text, region=text)
        seen["weather"]["condition"] = text
        return Collected(seen, None)


@dataclass(frozen=True, kw_only=True)
class _Filling:
    """What is done to fill a service."""

    services: Services
    app: Flask
    clock: FakeClock
    site: Site
    count: int

    def targets(self) -> list[str]:
        """The URLs, some of them redirects, on hosts of their own."""
        return [
            f"http://host-{number % 25}.test:{self.site.port}/{'on/' if number % 5 == 4 else ''}{number}"
            f"?q={quote(self.site.texts(number))}"
            for number in range(self.count)
        ]

    def urls(self) -> str:
        """Two collections of each URL, two days apart, a watch that tells how they differ, and rows that are no URLs."""
        for again in range(2):
            lines = [*self.targets(), *(f"no url {self.site.texts(number)}" for number in range(self.count))]
            job = self._import("urls", lines, "urls.txt", tag=self.site.texts(0)[:50], fresh_for=0)
            self.site.edition += 1
            self.clock.forward(3_600 if again else 2 * 86_400)
            if not again:
                self._watch("everything", every=3600)
            self._tell()
        return job

    def cities(self) -> str:
        """The weather of places, and rows that are no place."""
        job = self._import("cities", [self.site.texts(number) or "-" for number in range(self.count)], "cities.txt")
        self.clock.forward(60)
        return job

    def events(self) -> str:
        """Lines of logs, and some that are none."""
        now = self.clock()
        events = [
            {
                "timestamp": (now - timedelta(minutes=13 * number)).isoformat(),
                "level": LEVELS[number % 4],
                "service": self.site.texts(number % 12)[:60],
                "message": f"{self.site.texts(number)} happened",
                "trace_id": f"{number % 9:032x}",
                "logger": self.site.texts(number),
                "error": {"type": self.site.texts(number), "stack": self.site.texts(number)},
            }
            for number in range(self.count)
        ]
        return self._import("events", [*map(json.dumps, events), "{broken " + self.site.texts(0)], "events.jsonl")

    def products(self) -> str:
        """A catalogue whose prices went up once; the first product."""
        for again in range(2):
            products = tuple(
                Product(
                    feed=("acme", "bazaar", "corner")[number % 3],
                    id=str(number),
                    title=self.site.texts(number),
                    price=round((number + 1) * (1.0 + again / 10), 2),
                    category=self.site.texts(number % 8),
                    currency="EUR",
                    url=("javascript:hacked()", "https://shop.test/1")[number % 2],
                    rating=4.5,
                )
                for number in range(self.count)
            )
            version = ProductVersion(job_id=f"{again:032x}", host="shop.test", at=self.clock(), products=products)
            self.services.store.products.keep(version)
            self.clock.forward(60)
        return products[0].target("shop.test").id

    def watches(self) -> str:
        """A watch for each thing; the one that has something to tell."""
        for number in range(1, min(self.count, 100)):
            name = "".join(letter for letter in self.site.texts(number)[:190] if letter.isprintable())
            self._watch(f"{name} {number}", paused=number % 3 == 0)
        return self._watch_named("everything")

    def _watch(self, name: str, *, paused: bool = False, **settings: Any) -> None:
        client = self.app.test_client()
        asked = {"name": name, "query": "", "file": "told", **settings}
        made = client.post(f"{API}/watches", json=asked)
        assert made.status_code == 201, made.text
        if paused:
            client.post(f"{API}/watches/{made.json['id']}/pause")

    def _watch_named(self, name: str) -> str:
        return self.services.watches.named(name).id

    def _tell(self) -> None:
        """What the scheduler does for watches, until nothing is left to do."""
        work = self.services.watch_work
        while work.enroller.enrol_some():
            pass
        while work.looker.look():
            pass
        self.clock.forward(GATHER.total_seconds() + 1)
        while work.composer.compose_next():
            pass

    def _import(self, kind: str, lines: list[str], name: str, **options: object) -> str:
        content = "\n".join(line.replace("\n", " ") for line in lines).encode()
        file_name = f"{self.site.texts(0)} {name}".replace("/", "_").replace("\0", "")
        answer = self.app.test_client().post(
            f"{API}/imports", query_string={"kind": kind, **options}, data={"file": (io.BytesIO(content), file_name)}
        )
        assert answer.status_code == 202, answer.text
        return work_to_the_end(self.services, self.clock, str(answer.json["job_id"])).id
