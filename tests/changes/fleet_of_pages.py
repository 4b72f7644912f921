"""Pages that change from one collection to the next, collected for real: their observations are those of any other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from flask.testing import FlaskClient

from inventory.errors import SourceFailure
from inventory.records.source import Collected
from tests.fakes import FakeClock, FakeWeb, content

HSTS = ("Strict-Transport-Security", "max-age=31536000")
DAY = 86_400


@dataclass
class Page:
    """What one page serves."""

    headers: dict[str, str] = field(default_factory=lambda: {"Server": "nginx", HSTS[0]: HSTS[1]})
    scripts: list[str] = field(default_factory=lambda: ["cdn.example.net"])
    certificate: int = 1
    text: str = "hello"
    status: int = 200
    title: str = "A page"
    final_url: str | None = None
    failure: str | None = None


@dataclass
class Fleet:
    """Pages by their URL. Each collection has volatile headers."""

    client: FlaskClient
    web: FakeWeb
    clock: FakeClock
    pages: dict[str, Page] = field(default_factory=dict)
    collections: int = 0

    def add(self, number: int, host: str = "www{0}.example.com") -> list[str]:
        """The URLs of new pages."""
        urls = [f"https://{host.format(n)}/{n}" for n in range(number)]
        self.pages |= {url: Page() for url in urls}
        return urls

    def collect(self, urls: Iterable[str] | None = None, *, step: float = 1.0) -> None:
        """Collect these pages or all, one after the other; with no `step` all are collected at the same instant."""
        for url in list(self.pages if urls is None else urls):
            self.collections += 1
            self.web.pages[url] = self._served(url)
            answer = self.client.post("/api/v1/metadata", json={"url": url})
            assert answer.status_code in (200, 201, 502), answer.text
            self.clock.forward(step)

    def _served(self, url: str) -> Collected | SourceFailure:
        page = self.pages[url]
        if page.failure is not None:
            return SourceFailure(page.failure, "It failed.", permanent=True)
        source = f"<p>{page.text}{page.scripts}</p>".encode()
        lines = page.headers | {"Date": f"Sat, 31 Jan 2026 12:00:{self.collections % 60:02d} GMT"}
        lines |= {"X-Request-ID": sha256(b"%d" % self.collections).hexdigest()[:32], "Age": str(self.collections)}
        seen = content(url, headers=[{"name": name, "value": value} for name, value in lines.items()])
        seen["body"] |= {"sha256": sha256(source).hexdigest(), "size": len(source)}
        seen["response"] |= {"status": page.status, "tls": self._tls(url, page), "final_url": page.final_url or url}
        seen["page"] = {"title": page.title, "hosts": {"script": page.scripts}, "inline_scripts": len(page.scripts)}
        return Collected(seen, source)

    @staticmethod
    def _tls(url: str, page: Page) -> dict[str, Any]:
        return {
            "version": "TLSv1.3",
            "issuer": "CN=R11,O=Let's Encrypt,C=US",
            "sha256": sha256(f"{url} {page.certificate}".encode()).hexdigest(),
            "not_after": f"2026-{page.certificate:02d}-28T00:00:00Z",
        }
