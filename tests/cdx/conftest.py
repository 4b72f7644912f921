"""Webpages of a scripted web, and the index of their captures."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.archive.conftest import World
from tests.conftest import Build
from tests.fakes import FakeClock


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
