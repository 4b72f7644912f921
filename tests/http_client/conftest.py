"""Fetchers that reach loopback alone, and upstreams to fetch from."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from tests.upstreams import Upstream
from tests.upstreams.torture import Torture

OPENED = (ipaddress.ip_network("127.0.0.1/32"),)
"""The one address that tests may fetch from; canaries listen on others."""


def nowhere(host: str) -> Sequence[str]:
    """A resolver that knows no name: no test asks a real one."""
    raise AssertionError(f"{host} was looked up")


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="session")
def torture() -> Iterator[Torture]:
    with Torture() as server:
        yield server


@pytest.fixture
def fetcher() -> Fetcher:
    return make_fetcher()


def make_fetcher(
    *,
    deadline: float = 10.0,
    body_limit: int = 4 * 1024 * 1024,
    resolve: Callable[[str], Sequence[str]] = nowhere,
    tls: Any = None,
) -> Fetcher:
    """A fetcher for 127.0.0.1 and nothing else."""
    return Fetcher(RequestsTransport(Guard(OPENED), resolve=resolve, tls=tls), deadline=deadline, body_limit=body_limit)
