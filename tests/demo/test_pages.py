"""The demo's web site, as the inventory records it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from inventory.errors import SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.webpages.source import Webpage
from tests.demo.served import ask, served, unserved


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served() as upstreams:
        yield upstreams["pages"]


def collect(url: str, deadline: float = 10) -> Mapping[str, Any]:
    guard = Guard([ipaddress.ip_network("127.0.0.1/32")])
    source = Webpage(Fetcher(RequestsTransport(guard), deadline=deadline, body_limit=1_000_000), guard)
    return source.collect(source.target(url).key).content


def names(content: Mapping[str, Any]) -> list[str]:
    return [header["name"] for header in content["headers"]]


def test_every_page_that_is_linked_is_there(site: str) -> None:
    pages = unserved()["pages"]
    links = re.findall("href=([^>]+)>", ask(pages, "/").body.decode())
    listed = ask(pages, "/urls.txt").body.decode().split()

    assert len(links) >= 10
    assert {f"http://127.0.0.1:1{link}" for link in links} < set(listed)
    assert {ask(pages, link).status for link in links} <= {200, 302, 404, 500}
    assert len(set(listed)) == len(listed) == 70


def test_a_redirect_chain_sets_a_cookie_at_each_hop(site: str) -> None:
    content = collect(f"{site}/redirect")

    assert [hop["status"] for hop in content["redirects"]] == [302, 302]
    assert [cookie["name"] for cookie in content["cookies"]] == ["campaign", "came_from", "session", "csrf", "language"]
    assert "Strict-Transport-Security" in names(content)


def test_repeated_headers_and_a_cookie_that_a_browser_refuses(site: str) -> None:
    content = collect(f"{site}/news")

    assert names(content).count("X-Served-By") == names(content).count("Via") == 2
    assert [cookie["name"] for cookie in content["cookies"] if not cookie["accepted"]] == ["partner"]


@pytest.mark.parametrize(("path", "text"), [("/gzip", "Over and over again."), ("/latin1", "Größe, naïveté, señor.")])
def test_a_page_in_another_coding_is_read(site: str, path: str, text: str) -> None:
    guard = Guard([ipaddress.ip_network("127.0.0.1/32")])
    source = Webpage(Fetcher(RequestsTransport(guard), deadline=10, body_limit=1_000_000), guard)
    collected = source.collect(source.target(site + path).key)

    assert collected.body is not None
    assert text in collected.body.decode(collected.content["body"]["charset"])


def test_a_client_with_a_cached_page_is_answered_304() -> None:
    pages = unserved()["pages"]
    first = ask(pages, "/cached")
    again = ask(pages, "/cached", **{"if-none-match": dict(first.headers)["ETag"]})

    assert (first.status, again.status, again.body) == (200, 304, b"")


def test_a_page_can_be_slower_than_the_deadline(site: str) -> None:
    with pytest.raises(SourceFailure) as raised:
        collect(f"{site}/slow?seconds=30", deadline=0.5)

    assert raised.value.code == "timeout"
    assert ask(unserved()["pages"], "/slow").wait >= 3
    assert ask(unserved()["pages"], "/slow?seconds=x").status == 400


def test_the_flaky_page_fails_now_and_then() -> None:
    pages = unserved()["pages"]
    statuses = [ask(pages, "/flaky").status for _ in range(60)]

    assert 5 < statuses.count(500) < 40
    assert set(statuses) == {200, 500}


@pytest.mark.parametrize("path", ["/missing", "/articles/0", "/articles/61", "/articles/x", "/articles/²"])
def test_a_page_that_is_not_there_is_404(path: str) -> None:
    assert ask(unserved()["pages"], path).status == 404
