"""A snapshot never exceeds what a store takes and a lookup can return; its defects say what was dropped."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import bson
import pytest

from inventory import json_bytes, urls
from inventory.http_client import cookies
from inventory.http_client.body import Body
from inventory.http_client.cookies import MAX_COOKIES
from inventory.http_client.decoding import Text
from inventory.http_client.fetched import Fetched, Hop, Timing
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.head import Fields, Head
from inventory.http_client.requests_transport import RequestsTransport
from inventory.http_client.tls import TlsDetails
from inventory.webpages.content import content_of
from inventory.webpages.cookies import cookies_of
from inventory.webpages.source import Webpage
from tests.upstreams import Answer, Upstream

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MEGABYTE = 1024 * 1024
HOPS = 6
Headers = tuple[tuple[str, str], ...]


@pytest.fixture
def webpage() -> Webpage:
    guard = Guard([ipaddress.ip_network("127.0.0.1/32")])
    return Webpage(Fetcher(RequestsTransport(guard), deadline=30, body_limit=1_000), guard, clock=lambda: NOW)


def collected(webpage: Webpage, upstream: Upstream, headers: Headers, path: str = "/x") -> dict[str, Any]:
    """The content after a chain of redirects, all of whose hops send these headers."""
    paths = [f"{path}{number}" for number in range(HOPS)]
    for here, there in zip(paths, [*paths[1:], ""], strict=True):
        upstream.script(here, Answer(302, (("Location", there), *headers)) if there else Answer(200, headers))
    return dict(webpage.collect(upstream.url(paths[0])).content)


def assert_bounded(content: dict[str, Any]) -> None:
    answered = {**content, "cookies": cookies_of(content)}
    assert len(json_bytes.dumps(content)) < 5 * MEGABYTE
    assert len(json_bytes.dumps(answered)) < 8 * MEGABYTE
    assert len(bson.encode(content)) < 8 * MEGABYTE


HOSTILE: dict[str, tuple[Headers, str]] = {
    "cookies of a long URL": ((("Set-Cookie", "a=b"),) * 1_900, "cookies were received; the first 1,000 are kept"),
    "cookies of 4 KB": (
        tuple(("Set-Cookie", f"{number}={'x' * 4_000}") for number in range(200)),
        "1,200 cookies were received; the first 248 are kept",
    ),
    "cookies that nobody can cover": (
        tuple(("Set-Cookie", f"{number}=\x01; Domain={'a.' * 500}") for number in range(800)),
        "cookies were received; the first",
    ),
    "header lines that are longer as JSON": (
        (("X-Control", "\x01" * 60_000),) * 16,
        "header lines were received; the first 5 are",
    ),
    "header lines that are longer in UTF-8": (
        (("X-Latin", "\xe9" * 60_000),) * 16,
        "header lines of a redirect were received",
    ),
    "header lines of nothing": ((("X", ""),) * 1_900, ""),
}


@pytest.mark.parametrize(("headers", "said"), HOSTILE.values(), ids=HOSTILE)
def test_no_chain_of_hops_makes_a_snapshot_larger_than_a_store_takes(
    webpage: Webpage, upstream: Upstream, headers: Headers, said: str
) -> None:
    content = collected(webpage, upstream, headers, "/" + "long" * 480)

    assert_bounded(content)
    assert len(content["redirects"]) == HOPS - 1
    assert said in " ".join(content["response"]["defects"])
    assert bool(content["response"]["defects"]) == bool(said)


def test_what_real_sites_send_is_kept_whole(webpage: Webpage, upstream: Upstream) -> None:
    policy = ("Content-Security-Policy", "script-src " + "https://cdn.example.com " * 400)
    headers = (policy, *(("Set-Cookie", f"c{number}={'v' * 500}; Path=/") for number in range(150)), ("X-Last", "1"))

    content = collected(webpage, upstream, headers)

    assert content["response"]["defects"] == []
    assert content["headers"][-2] == {"name": "X-Last", "value": "1"}
    assert len(content["cookies"]) == 150 * HOPS
    assert cookies_of(content)[-1]["set_by"] == upstream.url(f"/x{HOPS - 1}")
    assert cookies_of(content)[0]["set_by"] == upstream.url("/x0")


def test_the_answer_itself_is_kept_before_the_redirects_that_led_to_it(webpage: Webpage, upstream: Upstream) -> None:
    content = collected(webpage, upstream, (("X-Control", "\x01" * 60_000),) * 4)

    assert len(content["headers"]) == 5
    assert [len(hop["headers"]) for hop in content["redirects"]] == [2, 1, 1, 1, 1]


def fetched(fields: Fields = (), *, reason: str = "OK", tls: TlsDetails | None = None, trailers: Fields = ()) -> Fetched:
    hop = Hop(urls.parse("https://a.test/"), Head(200, reason, "1.1", fields, ()), (), "192.0.2.1", tls)
    return Fetched((), hop, Body(b""), trailers, Timing(1, 1, 1, 1, 1, 1))


def test_all_else_that_an_upstream_can_make_long_is_cut_as_well() -> None:
    names = tuple(f"{number}.{'a' * 60}.test" for number in range(5_000))
    tls = TlsDetails(
        subject="s" * 90_000,
        issuer="i" * 90_000,
        names=names,
        version="TLSv1.3",
        cipher="x",
        sha256="0" * 64,
        not_before=NOW,
        not_after=NOW,
    )
    hostile = fetched(reason="r" * 60_000, tls=tls, trailers=(("X", "\x01" * 60_000),) * 16)

    content = content_of(hostile, b"", Text("m" * 60_000, None))

    assert_bounded(content)
    assert content["response"]["defects"] == [
        "the reason phrase has 60,000 characters; the first 1,000 are kept",
        "5,000 names of the certificate were received; the first 1,000 are kept",
        "the subject of the certificate has 90,000 characters; the first 1,000 are kept",
        "the issuer of the certificate has 90,000 characters; the first 1,000 are kept",
        "16 trailers were received; the first 5 are kept",
        "the media type has 60,000 characters; the first 1,000 are kept",
    ]


def test_what_is_quoted_and_what_came_before_is_cut_as_well() -> None:
    quoted = tuple(f"header line {number} has no colon: {chr(1) * 60_000!r}" for number in range(4))
    hints = Head(103, "r" * 60_000, "1.1", (("Link", "\x01" * 60_000),) * 4, quoted)
    head = Head(200, "OK", "1.1", (("X", "\x01" * 60_000),) * 3, quoted, (hints,) * 10, 7)
    hop = Hop(urls.parse("https://a.test/"), head, (), "192.0.2.1", None)
    cut = tuple(f"trailers: {defect}" for defect in quoted)
    content = content_of(
        Fetched((hop,) * 20, hop, Body(b"", defects=cut), (), Timing(1, 1, 1, 1, 1, 1)), b"", Text("text/html", None)
    )

    assert_bounded(content)
    assert len(content["headers"]) == 3
    assert len(content["redirects"]) == 20
    assert [len(hop["headers"]) for hop in content["redirects"]] == [0] * 20
    told = " ".join(defect[:100] for defect in content["response"]["defects"])
    assert "17 interim responses were received; the first 10 are kept" in told
    assert "8 defects of the response were received; the first" in told


def test_what_was_sent_is_cut_as_well() -> None:
    sent = (("Host", "a.test"), ("Cookie", "\x01" * 40_000), ("If-None-Match", '"1"'))
    url, head = urls.parse(f"https://a.test/{'x' * 2_000}"), Head(302, "Found", "1.1", (), ())
    hop = Hop(url, head, (), "192.0.2.1", None, sent=sent)
    far = replace(hop, url=urls.follow(hop.url, f"/{'y' * 100_000}"))
    chain = Fetched((hop, far, far), hop, Body(b""), (), Timing(1, 1, 1, 1, 1, 1))

    content = content_of(chain, b"", Text("text/html", None))

    assert_bounded(content)
    assert len(content["response"]["request"]["headers"]) == 3
    assert [len(hop["request"]["headers"]) for hop in content["redirects"]] == [3, 1, 1]
    assert [len(hop["request"]["target"]) for hop in content["redirects"]] == [2_001, 2_048, 2_048]
    told = "3 header lines of the request of a redirect were received; the first 1 are kept"
    assert content["response"]["defects"] == [told] * 2


def test_what_a_page_says_is_cut_as_well() -> None:
    hosts = "".join(f"<{tag}=//{n}.{'a' * 200}.test>" for tag in ("img src", "form action") for n in range(1_000, 2_000))
    page = f"<title>{'t' * 5_000}</title>{hosts}".encode()

    content = content_of(fetched(), page, Text("text/html", "utf-8"))

    assert_bounded(content)
    found = content["page"]
    assert len(found["title"]) == 1_000
    assert len(json_bytes.dumps(found)) < 140_000
    assert found["defects"] == [
        "the title of the page has more than 1,000 characters; the first are kept",
        f"1,000 hosts of images were received; the first {len(found['hosts']['image'])} are kept",
        "1,000 hosts of forms were received; the first 0 are kept",
    ]
    assert content["response"]["defects"] == []


def test_a_page_that_never_changes_does_not_grow_by_what_its_304s_say(webpage: Webpage, upstream: Upstream) -> None:
    upstream.script("/page", Answer(200, (("ETag", '"v1"'),)))
    content = webpage.collect(upstream.url("/page")).content
    for number in range(6):
        new = tuple((f"X-{number}-{line}", "\x01" * 60_000) for line in range(8))
        upstream.script("/page", Answer(304, (("ETag", '"v1"'), *new)))
        content = webpage.collect(upstream.url("/page"), content).content

        assert content["response"]["not_modified"]
        assert_bounded(dict(content))
    assert "header lines, with earlier ones, were received" in " ".join(content["response"]["defects"])


def test_the_cookies_of_a_redirect_to_itself_are_not_carried_on_and_on(webpage: Webpage, upstream: Upstream) -> None:
    again = Answer(302, (("Location", "/page"), ("Set-Cookie", "seen=1")))
    upstream.script("/page", again, Answer(200, (("ETag", '"v1"'), ("Set-Cookie", "own=1"))))
    content = webpage.collect(upstream.url("/page")).content
    for _ in range(3):
        upstream.script("/page", again, Answer(304, (("ETag", '"v1"'),)))
        content = webpage.collect(upstream.url("/page"), content).content

        assert [(cookie["name"], cookie["set_by"]) for cookie in content["cookies"]] == [("seen", 0), ("own", 1)]


def test_old_snapshots_whose_cookies_name_the_url_are_answered_and_revalidated(webpage: Webpage, upstream: Upstream) -> None:
    first = webpage.collect(upstream.url("/conditional")).content
    by = upstream.url("/conditional")
    [cookie] = [cookies.parse("a=b", urls.parse(by))]
    stored = {"name": cookie.name, "value": cookie.value, "set_by": by}
    old = {**first, "cookies": [stored, {**stored, "set_by": upstream.url("/redirect")}]}

    assert [each["set_by"] for each in cookies_of(old)] == [by, upstream.url("/redirect")]
    second = webpage.collect(by, old)
    assert second.unchanged
    assert cookies_of(second.content) == [{**stored, "raw": None}]


def test_only_so_many_cookies_are_read_and_sent_on(webpage: Webpage, upstream: Upstream) -> None:
    many = tuple(("Set-Cookie", f"c{number}=1") for number in range(MAX_COOKIES + 5))
    upstream.script("/many", Answer(302, (("Location", "/echo"), *many)))

    content = webpage.collect(upstream.url("/many")).content

    assert len(content["cookies"]) == MAX_COOKIES
    assert content["response"]["defects"] == ["1,005 cookies were received; the first 1,000 are kept"]
    assert len(upstream.requests[-1].headers["cookie"]) <= 8_192
