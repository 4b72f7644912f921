"""Hand-written fakes of what lies outside: a web, the weather, and a clock that a test moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from typing import Any

from inventory import urls
from inventory.errors import InvalidUrl, SourceFailure
from inventory.rate_limits.calls import Calls
from inventory.rate_limits.model import Permit, PermitRequest, Report, Upstream
from inventory.records.model import Content, Target
from inventory.records.source import Collected
from inventory.weather.cities import City


def content(url: str, **changes: Any) -> dict[str, Any]:
    """What a webpage source would have seen."""
    return {
        "response": {
            "status": 200,
            "reason": "OK",
            "http_version": "1.1",
            "final_url": url,
            "remote_address": "127.0.0.1",
            "elapsed_ms": 1.5,
            "dns_ms": 0.1,
            "connect_ms": 0.1,
            "tls_ms": 0.0,
            "first_byte_ms": 1.0,
            "body_ms": 0.3,
            "tls": None,
            "trailers": [],
            "not_modified": False,
            "revalidation": None,
            "defects": [],
        },
        "redirects": [],
        "headers": [{"name": "X-One", "value": "1"}, {"name": "X-One", "value": "2"}],
        "cookies": [],
        "body": {
            "sha256": "0" * 64,
            "size": 5,
            "media_type": "text/html",
            "charset": "utf-8",
            "encoding": "text",
            "truncated": False,
            "undecoded": None,
        },
        "page": None,
    } | changes


def weather_content(name: str, temperature: float = 2.4, **place: Any) -> dict[str, Any]:
    """What a weather source would have seen of a city."""
    where = {"country": "CH", "region": None, "latitude": 47.4, "longitude": 8.6, "population": None, "candidates": 1}
    return {
        "city": {"name": name} | where | place,
        "weather": {
            "temperature_c": temperature,
            "condition": "partly cloudy",
            "humidity_percent": 81.0,
            "wind_kph": 9.4,
            "observed_at": "2026-01-31T12:00:00.000Z",
        },
    }


class FakeSource:
    """A source whose answers, failures and delays a test sets; `asked` counts the collections of each key."""

    name: str

    def __init__(self) -> None:
        self.pages: dict[str, Collected | SourceFailure] = {}
        self.asked: Counter[str] = Counter()
        self.previous: list[Content | None] = []
        self.open = Event()
        self.open.set()
        self._lock = Lock()

    def target(self, text: str) -> Target:
        raise NotImplementedError

    def usual(self, key: str) -> Collected:
        """What is collected for a key where the test set nothing else."""
        raise NotImplementedError

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        with self._lock:
            self.asked[key] += 1
            self.previous.append(previous)
        assert self.open.wait(100), "the test forgot to open the upstream"
        page = self.pages[key] if key in self.pages else self.usual(key)
        if isinstance(page, SourceFailure):
            raise page
        return page


class FakeWeb(FakeSource):
    """A source `webpage`."""

    name = "webpage"

    def target(self, text: str) -> Target:
        url = urls.parse(text)
        if url.host == "127.0.0.66":
            raise InvalidUrl("not here")
        return Target(self.name, url.href, url.host)

    def usual(self, key: str) -> Collected:
        return Collected(content(key), f"<p>{key}</p>".encode())


class FakeWeather(FakeSource):
    """A source `weather`."""

    name = "weather"

    def target(self, text: str) -> Target:
        return Target(self.name, City.read(text).key, "geocoding.test")

    def usual(self, key: str) -> Collected:
        return Collected(weather_content(key.title()), None)


class Unlimited:
    """Budgets that permit everything, for tests of something else; `reports` is what they were told."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    def take(self, asks: Sequence[PermitRequest]) -> Sequence[Permit]:
        return [Permit(ask.host, 0, 0, probe=False, shared=False) for ask in asks]

    def done(self, reports: Sequence[Report]) -> None:
        self.reports += reports

    def state(self, host: str) -> Upstream | None:
        return None

    def permits(self, hosts: Sequence[str], *, within: float) -> Mapping[str, int]:
        return dict.fromkeys(hosts, 10**9)

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        return ()


class Replacing:
    """An object with some members replaced; everything else is its own.

    >>> away = Replacing(store, records=Replacing(store.records, settle=fail))
    """

    def __init__(self, real: Any, **members: object) -> None:
        self._real = real
        vars(self).update(members)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class FakeClock:
    """A clock that stands still until it is moved on; with a `step`, each look moves it on by so many seconds."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC), step

    def __call__(self) -> datetime:
        self.forward(self.step)
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
