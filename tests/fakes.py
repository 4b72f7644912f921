"""Hand-written stand-ins for what lies outside: an upstream web, and a clock that only moves when told."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from typing import Any

from inventory.errors import InvalidUrl, SourceFailure
from inventory.records.model import Content, Target
from inventory.sources import Collected
from inventory.upstream import urls


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
    } | changes


class FakeWeb:
    """A source `webpage` whose pages, failures and hold-ups a test sets; `asked` counts the collections of each key."""

    name = "webpage"

    def __init__(self) -> None:
        self.pages: dict[str, Collected | SourceFailure] = {}
        self.asked: Counter[str] = Counter()
        self.previous: list[Content | None] = []
        self.open = Event()
        self.open.set()
        self._lock = Lock()

    def target(self, text: str) -> Target:
        url = urls.parse(text)
        if url.host == "127.0.0.66":
            raise InvalidUrl("not here")
        return Target(self.name, url.href, url.host)

    def collect(self, key: str, previous: Content | None = None) -> Collected:
        with self._lock:
            self.asked[key] += 1
            self.previous.append(previous)
        assert self.open.wait(20), "the test forgot to open the upstream"
        page = self.pages.get(key, Collected(content(key), f"<p>{key}</p>".encode()))
        if isinstance(page, SourceFailure):
            raise page
        return page


class FakeClock:
    """A clock that stands still until it is moved on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
