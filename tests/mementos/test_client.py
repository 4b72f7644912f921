"""The client for Memento on PyPI, `memento_client`, finds mementos here: over real connections, of a page that is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network
from typing import Any

import pytest
import requests
from memento_client.memento_client import MementoClient

from tests.archive.conftest import World
from tests.browser.serving import served
from tests.conftest import Build
from tests.fakes import FakeClock
from tests.mementos.conftest import FIRST, SECOND, THIRD, page
from tests.upstreams import Answer, Upstream

LOOPBACK = IPv4Network("127.0.0.1/32")
NOON = datetime(2026, 1, 31, 12, 0, 0)  # noqa: DTZ001 - the client knows no zones


@dataclass(frozen=True)
class Past:
    """A page with three mementos, where they are, and the client."""

    url: str
    root: str
    client: MementoClient

    def found(self, at: datetime) -> Any:
        return self.client.get_memento_info(self.url, at)

    def address(self, stamp: str) -> str:
        return f"{self.root}/memento/{stamp}/{self.url}"


@pytest.fixture
def past(make_services: Build, clock: FakeClock, upstream: Upstream) -> Iterator[Past]:
    world = World(make_services, clock, allowed=[LOOPBACK])
    url = upstream.url("/page?a=1")
    for body in (b"one", b"two", b"three"):
        world.collect(url, page(body))
    upstream.script("/page?a=1", *[Answer(200, (("Content-Type", "text/html"),), b"now")] * 9)
    with served(world.client.application) as root, requests.Session() as session:
        yield Past(url, root, MementoClient(timegate_uri=f"{root}/memento/timegate/", session=session))


def test_the_client_finds_what_was_current_and_what_was_around_it(past: Past) -> None:
    found = past.found(NOON.replace(second=25))

    assert found["original_uri"] == past.url
    assert found["timegate_uri"] == f"{past.root}/memento/timegate/{past.url}"
    assert found["mementos"] == {
        "closest": {"uri": [past.address(SECOND)], "http_status_code": 200, "datetime": NOON.replace(second=20)},
        "first": {"uri": [past.address(FIRST)], "datetime": NOON.replace(second=10)},
        "prev": {"uri": [past.address(FIRST)], "datetime": NOON.replace(second=10)},
        "next": {"uri": [past.address(THIRD)], "datetime": NOON.replace(second=30)},
        "last": {"uri": [past.address(THIRD)], "datetime": NOON.replace(second=30)},
    }


@pytest.mark.parametrize(("year", "stamp"), [(1999, FIRST), (2031, THIRD)])
def test_the_client_finds_the_first_and_the_last_one(past: Past, year: int, stamp: str) -> None:
    mementos = past.found(NOON.replace(year=year))["mementos"]

    assert mementos["closest"]["uri"] == [past.address(stamp)]
    assert "prev" not in mementos or "next" not in mementos


def test_the_client_knows_what_is_a_timegate_and_what_a_memento(past: Past) -> None:
    session = past.client.session
    timegate = f"{past.root}/memento/timegate/{past.url}"

    assert MementoClient.is_timegate(timegate, session=session)
    memento = session.head(past.address(FIRST))
    assert MementoClient.is_memento(past.address(FIRST), response=memento)
    assert not MementoClient.is_timegate(past.address(FIRST), response=memento)
    to_one = session.head(past.address(FIRST[:14]))
    assert (to_one.status_code, to_one.headers["Location"]) == (302, past.address(FIRST))
    assert not MementoClient.is_memento(past.address(FIRST[:14]), response=to_one)
    assert not MementoClient.is_timegate(past.address(FIRST[:14]), response=to_one)


def test_the_client_leads_back_from_a_memento_to_its_page(past: Past) -> None:
    assert past.client.get_original_uri(past.address(SECOND)) == past.url
    assert past.client.get_memento_info(past.address(THIRD), NOON)["mementos"]["closest"]["uri"] == [past.address(FIRST)]


def test_the_client_finds_nothing_of_a_page_that_was_never_seen(past: Past, upstream: Upstream) -> None:
    upstream.script("/other", *[Answer(200, (), b"now")] * 9)

    assert "mementos" not in past.client.get_memento_info(upstream.url("/other"), NOON)
