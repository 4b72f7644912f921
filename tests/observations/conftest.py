"""Targets on a real store, collected through the services, and what the API answers about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory.errors import CollectionFailed, SourceFailure
from inventory.records.source import Collected
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb, content

Headers = Sequence[tuple[str, str]]


class Fleet:
    """Collects URLs that serve what a test says."""

    def __init__(self, services: Services, web: FakeWeb, clock: FakeClock) -> None:
        self._services, self._web, self._clock = services, web, clock

    def collect(self, url: str, headers: Headers = (), cookies: Sequence[Mapping[str, Any]] = (), **response: Any) -> str:
        """Collect a URL with these header lines and cookies; its id."""
        target = self._services.records.collectable("webpage", url)
        seen = content(target.key, headers=[{"name": name, "value": value} for name, value in headers])
        seen["response"] = seen["response"] | response
        seen["cookies"] = list(cookies)
        self._web.pages[target.key] = Collected(seen, b"<p>" + target.key.encode())
        self._clock.forward(1)
        self._services.inline.collect(target)
        return target.id

    def fail(self, url: str) -> None:
        """Collect a URL whose host has no address."""
        target = self._services.records.collectable("webpage", url)
        self._web.pages[target.key] = SourceFailure("dns_failure", "There is no such host.", permanent=True)
        self._clock.forward(1)
        with pytest.raises(CollectionFailed):
            self._services.inline.collect(target)


@pytest.fixture
def fleet(services: Services, web: FakeWeb, clock: FakeClock) -> Fleet:
    return Fleet(services, web, clock)


Ask = Callable[..., Any]


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    """What a route below /api/v1/search answers: its document, which is expected to be no problem unless a status is."""

    def asked(path: str = "", *, status: int = 200, **query: Any) -> Any:
        response = client.get(f"/api/v1/search{path}", query_string=query)
        assert response.status_code == status, response.text
        return response.json

    return asked


def urls(document: Mapping[str, Any]) -> list[str]:
    return [target["url"] for target in document["targets"]]
