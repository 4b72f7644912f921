"""Webpages of a scripted web, and the index of their captures."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.archive.conftest import World
from tests.conftest import Build
from tests.fakes import FakeClock

HTML = b"Content-Type: Text/HTML; charset=utf-8\r\n"


def page(body: bytes = b"seen", status: bytes = b"200 OK", fields: bytes = HTML) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n" + body


def moved(location: bytes) -> bytes:
    return b"HTTP/1.1 301 Moved\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"


def digest(body: bytes) -> str:
    return f"sha256:{sha256(body).hexdigest()}"


class Index(World):
    """The same with the index of captures."""

    def ask(self, url: str, status: int = 200, **query: Any) -> TestResponse:
        """What `/cdx` answers; a final `_` of a name is left out."""
        sent = {name.rstrip("_"): value for name, value in query.items()}
        answer = self.client.get("/cdx", query_string={"url": url, **sent})
        assert answer.status_code == status, answer.text
        return answer

    def lines(self, url: str, **query: Any) -> list[str]:
        """The lines of a text."""
        return self.ask(url, **query).text.splitlines()

    def all_lines(self, url: str, **query: Any) -> list[str]:
        """The lines of all pages, one after the other."""
        found: list[str] = []
        key: dict[str, str] = {}
        for _ in range(1_000):
            answer = self.lines(url, **query, showResumeKey="true", **key)
            if "" not in answer:
                return found + answer
            end = answer.index("")
            found += answer[:end]
            key = {"resumeKey": answer[end + 1]}
        raise AssertionError("The pages do not end.")


@pytest.fixture
def index(make_services: Build, clock: FakeClock) -> Index:
    return Index(make_services, clock)
