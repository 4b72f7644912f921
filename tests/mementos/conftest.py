"""Webpages whose answers a test writes byte for byte."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from tests.archive.conftest import World
from tests.conftest import Build
from tests.fakes import FakeClock

URL = "http://name.test/a?x=1&y=%2F"
FIRST, SECOND, THIRD = "20260131120010123", "20260131120020123", "20260131120030123"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
LINK = re.compile(r'<([^>]*)>((?:; [a-z]+="[^"]*")+)(?:, ?\n?|\n?\Z)')


def page(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nSet-Cookie: a=b\r\n" + HTML + b"\r\n" + body


def moved(location: bytes, status: bytes = b"302 Found") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"


def ask(world: World, path: str, status: int = 200, accept: str | None = None) -> TestResponse:
    headers = {} if accept is None else {"Accept-Datetime": accept}
    answer = world.client.get(path.removeprefix("http://localhost"), headers=headers)
    assert answer.status_code == status, answer.text
    return answer


def links(text: str) -> list[tuple[str, dict[str, str]]]:
    """The links of a header or of a TimeMap; all of it has to be links."""
    assert LINK.sub("", text) == ""
    return [(where, dict(re.findall(r'; ([a-z]+)="([^"]*)"', rest))) for where, rest in LINK.findall(text)]


def related(text: str) -> dict[str, str]:
    return {attributes["rel"]: where for where, attributes in links(text)}


@pytest.fixture
def world(make_services: Build, clock: FakeClock) -> World:
    return World(make_services, clock)


@pytest.fixture
def three(world: World) -> World:
    for body in (b"one", b"two", b"three"):
        world.collect(URL, page(body))
    return world
