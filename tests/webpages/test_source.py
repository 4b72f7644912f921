"""The source `webpage`: the record that the API documents, from a real upstream."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.errors import ForbiddenAddress, InvalidUrl, SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.webpages.cookies import READY, cookies_of
from inventory.webpages.source import Webpage, page_source
from tests.upstreams import Answer, Upstream
from tests.upstreams.answers import BINARY, ETAG, HTML, LAST_MODIFIED, PAGE_COOKIES, page_body

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def webpage() -> Webpage:
    return make_webpage()


def make_webpage(body_limit: int = 1_000_000) -> Webpage:
    guard = Guard([ipaddress.ip_network("127.0.0.1/32")])
    fetcher = Fetcher(RequestsTransport(guard, resolve=lambda host: ["127.0.0.1"]), deadline=10, body_limit=body_limit)
    return Webpage(fetcher, guard, clock=lambda: NOW)


def test_a_target_is_the_canonical_url_and_its_host(webpage: Webpage) -> None:
    target = webpage.target(" HTTP://Example.com:80/a/../b#c ")

    assert (target.source, target.key, target.host) == ("webpage", "http://example.com/b", "example.com")
    assert webpage.target("http://example.com/b").id == target.id
    assert webpage.target("http://example.com/B").id != target.id


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://[fd00::1]/", "http://0xa000001/", "http://[64:ff9b::8.8.8.8]/"])
def test_a_forbidden_address_is_no_target(webpage: Webpage, url: str) -> None:
    with pytest.raises(ForbiddenAddress, match="not a public address"):
        webpage.target(url)


@pytest.mark.parametrize(
    "url", ["http://example.com:25/", "https://example.com:22/", "http://example.com:6667/x", "http://h:0/"]
)
def test_a_port_of_another_protocol_is_no_target(webpage: Webpage, url: str) -> None:
    with pytest.raises(ForbiddenAddress, match=r"Port \d+ belongs to another protocol than HTTP") as caught:
        webpage.target(url)

    assert caught.value.key == url


def test_what_is_no_url_is_no_target(webpage: Webpage) -> None:
    with pytest.raises(InvalidUrl):
        webpage.target("example.com")


def test_the_record_has_the_members_that_the_api_documents(webpage: Webpage, upstream: Upstream) -> None:
    collected = webpage.collect(upstream.url("/redirect"))

    content: dict[str, Any] = json.loads(json.dumps(collected.content))
    assert set(content) == {READY, "response", "redirects", "headers", "cookies", "body", "page"}
    response = content["response"]
    assert (response["status"], response["reason"], response["http_version"]) == (200, "OK", "1.1")
    assert (response["final_url"], response["remote_address"]) == (upstream.url("/page"), "127.0.0.1")
    assert (response["tls"], response["not_modified"], response["revalidation"]) == (None, False, None)
    assert (response["defects"], response["trailers"]) == ([], [])
    for part in ("elapsed_ms", "dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "body_ms"):
        assert response[part] >= 0
    assert [(hop["url"], hop["status"]) for hop in content["redirects"]] == [(upstream.url("/redirect"), 302)]
    assert {"name": "Location", "value": "/page"} in content["redirects"][0]["headers"]


def test_headers_and_cookies_are_lists_in_the_order_received(webpage: Webpage, upstream: Upstream) -> None:
    content = webpage.collect(upstream.url("/redirect")).content

    assert [one["value"] for one in content["headers"] if one["name"] == "X-Repeated"] == ["one", "two", "one"]
    assert [one["value"] for one in content["headers"] if one["name"] == "Set-Cookie"] == list(PAGE_COOKIES)
    assert [one["name"] for one in content["cookies"]] == ["hop1", "session", "theme", "visits"]
    assert content["cookies"][3] == {
        "name": "visits",
        "value": "1",
        "domain": "127.0.0.1",
        "host_only": True,
        "path": "/",
        "expires": "2100-06-09T10:18:14.000Z",
        "max_age": None,
        "secure": False,
        "http_only": False,
        "same_site": None,
        "partitioned": False,
        "set_by": upstream.url("/page"),
        "accepted": True,
        "reason": None,
        "raw": None,
    }
    assert [one["set_by"] for one in cookies_of(content)] == [upstream.url("/redirect"), *[upstream.url("/page")] * 3]


def test_a_text_body_is_kept_as_it_came_and_reads_as_text(webpage: Webpage, upstream: Upstream) -> None:
    collected = webpage.collect(upstream.url("/latin1"))

    assert collected.body == "<title>café</title>".encode("latin-1")
    assert page_source(collected.body, collected.content) == "<title>café</title>"
    assert collected.content["body"] == {
        "sha256": hashlib.sha256(collected.body).hexdigest(),
        "size": 19,
        "media_type": "text/html",
        "charset": "windows-1252",
        "encoding": "text",
        "truncated": False,
        "undecoded": None,
    }


def test_a_body_that_is_no_text_reads_as_base64(webpage: Webpage, upstream: Upstream) -> None:
    collected = webpage.collect(upstream.url("/binary"))

    assert collected.body == BINARY
    assert (collected.content["body"]["encoding"], collected.content["body"]["charset"]) == ("base64", None)
    assert base64.b64decode(page_source(BINARY, collected.content)) == BINARY


TYPED: list[tuple[tuple[tuple[str, str], ...], tuple[str | None, str | None]]] = [
    ((("Content-Type", "text/html; charset=koi8-r"), ("Content-Type", "text/html")), ("text/html", "koi8-r")),
    ((("Content-Type", "text/html; charset=koi8-r"), ("content-type", "TEXT/plain")), ("text/plain", "utf-8")),
    ((("Content-Type", "text/html; charset=koi8-r"), ("Content-Type", "nonsense")), ("text/html", "koi8-r")),
    ((), ("text/html", "big5")),
    ((("X-Content-Type-Options", "NoSniff"),), ("text/plain", "utf-8")),
]


@pytest.mark.parametrize(("headers", "described"), TYPED)
def test_all_header_lines_and_the_body_say_what_it_is(
    webpage: Webpage, upstream: Upstream, headers: tuple[tuple[str, str], ...], described: tuple[str, str]
) -> None:
    upstream.script("/typed", Answer(headers=headers, body=b"<html><meta charset=big5>"))

    body = webpage.collect(upstream.url("/typed")).content["body"]

    assert (body["media_type"], body["charset"]) == described


def test_a_body_of_a_legacy_encoding_is_cut_between_its_characters(upstream: Upstream) -> None:
    upstream.script("/legacy", Answer(headers=(("Content-Type", "text/html; charset=shift_jis"),), body=b"\x81\x60" * 9))

    collected = make_webpage(body_limit=5).collect(upstream.url("/legacy"))

    assert collected.body == b"\x81\x60" * 2
    assert page_source(collected.body, collected.content) == "～～"
    assert collected.content["response"]["defects"] == []


def test_a_body_whose_coding_is_unknown_has_the_media_type_of_its_header(webpage: Webpage, upstream: Upstream) -> None:
    upstream.script("/coded", Answer(headers=(HTML, ("Content-Encoding", "x-rot13")), body=b"<ugzy>"))

    body = webpage.collect(upstream.url("/coded")).content["body"]

    assert (body["media_type"], body["charset"], body["encoding"]) == ("text/html", None, "base64")


ENCODINGS_OF_OLD_SNAPSHOTS = [
    *("utf-8", "utf-16le", "utf-16be", "windows-1252", "windows-874", "iso-8859-8-i", "koi8-u", "macintosh", "ibm866"),
    *("x-mac-cyrillic", "gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr", "replacement"),
    "x-user-defined",
]


@pytest.mark.parametrize("charset", ENCODINGS_OF_OLD_SNAPSHOTS)
def test_a_snapshot_of_before_is_read_in_the_encoding_that_it_names(charset: str) -> None:
    content = {"body": {"encoding": "text", "charset": charset, "media_type": None}}

    assert page_source(b"", content) == ""
    assert page_source(b"a\0b\0", content)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_an_encoded_body_is_kept_decoded(webpage: Webpage, upstream: Upstream, coding: str) -> None:
    collected = webpage.collect(upstream.url(f"/{coding}"))

    assert collected.body == page_body(f"/{coding}")
    assert {"name": "Content-Encoding", "value": coding} in collected.content["headers"]


def test_an_empty_body_is_an_empty_text(webpage: Webpage, upstream: Upstream) -> None:
    collected = webpage.collect(upstream.url("/status/204"))

    assert collected.body == b""
    assert (collected.content["body"]["size"], page_source(b"", collected.content)) == (0, "")


def test_bytes_that_no_text_can_hold_survive_in_the_body(webpage: Webpage, upstream: Upstream) -> None:
    wild = b"a\0b \xff \xed\xa0\x80 end"
    upstream.script("/wild", Answer(headers=(HTML,), body=wild))

    collected = webpage.collect(upstream.url("/wild"))

    assert collected.body == wild
    text = page_source(wild, collected.content)
    assert text.startswith("a\0b \ufffd ")
    json.dumps(text).encode()
    assert collected.content["response"]["defects"] == ["the body has bytes that are not utf-8; they read as U+FFFD"]


@pytest.mark.parametrize("limit", range(2, 9))
def test_a_truncated_text_ends_with_a_whole_character(upstream: Upstream, limit: int) -> None:
    upstream.script("/cut", Answer(headers=(HTML,), body="äöü€😀".encode()))

    collected = make_webpage(body_limit=limit).collect(upstream.url("/cut"))

    assert collected.content["body"]["truncated"]
    assert collected.body is not None
    assert "äöü€😀".startswith(collected.body.decode())
    assert collected.content["response"]["defects"] == []
    assert collected.content["body"]["sha256"] == hashlib.sha256(collected.body).hexdigest()


@pytest.mark.parametrize(
    ("status", "retry_after", "pause"),
    [
        (200, "7", None),
        (500, "7", None),
        (503, "7", 7.0),
        (429, "0", 0.0),
        (429, None, 5.0),
        (503, "soon", 5.0),
        (503, "-3", 5.0),
        (503, "1.5", 5.0),
        (503, "0000000000000007", 7.0),
        (503, "99999999999999999999", 3600.0),
        (503, "9" * 5_000, 3600.0),
        (503, "Sat, 31 Jan 99999999999999999999 12:00:00 GMT", 5.0),
        (503, f"Sat, 31 Jan {'9' * 5_000} 12:00:00 GMT", 5.0),
        (503, "Sat, 31 Jan 2026 12:01:30 GMT", 90.0),
        (503, "Sat Jan 31 12:01:30 2026", 90.0),
        (503, "Saturday, 31-Jan-26 12:01:30 GMT", 90.0),
        (503, "Sat, 31 Jan 2026 11:00:00 GMT", 0.0),
        (503, "Sat, 31 Jan 2027 12:00:00 GMT", 3600.0),
    ],
)
def test_an_upstream_is_not_called_for_as_long_as_it_asks(
    webpage: Webpage, upstream: Upstream, status: int, retry_after: str | None, pause: float | None
) -> None:
    upstream.script("/busy", Answer(status, (("Retry-After", retry_after),) if retry_after else ()))

    collected = webpage.collect(upstream.url("/busy"))

    assert collected.come_back_in == pause
    assert collected.content["response"]["status"] == status


def test_a_page_that_has_not_changed_shares_its_body(webpage: Webpage, upstream: Upstream) -> None:
    first = webpage.collect(upstream.url("/redirect?to=/conditional"))
    second = webpage.collect(upstream.url("/redirect?to=/conditional"), first.content)

    assert (second.unchanged, second.body) == (True, None)
    assert second.content["body"] == first.content["body"]
    assert second.content["headers"] == first.content["headers"]
    response = second.content["response"]
    assert (response["status"], response["not_modified"]) == (200, True)
    assert response["revalidation"]["status"] == 304
    assert {"name": "ETag", "value": ETAG} in response["revalidation"]["headers"]


def test_an_error_to_a_condition_is_kept_beside_the_page(webpage: Webpage, upstream: Upstream) -> None:
    first = webpage.collect(upstream.url("/conditional"))
    upstream.script("/conditional", Answer(412, (("X-Why", "no conditions"),)), Answer(200, (HTML,), b"new"))

    second = webpage.collect(upstream.url("/conditional"), first.content)

    response = second.content["response"]
    assert (response["status"], response["not_modified"], second.unchanged, second.body) == (200, False, False, b"new")
    assert (response["revalidation"]["status"], response["revalidation"]["reason"]) == (412, "Precondition Failed")
    assert {"name": "X-Why", "value": "no conditions"} in response["revalidation"]["headers"]


def test_the_headers_of_a_304_replace_those_of_the_same_name(webpage: Webpage, upstream: Upstream) -> None:
    first = webpage.collect(upstream.url("/conditional"))
    news = (("ETag", ETAG), ("Cache-Control", "no-store"), ("Set-Cookie", "a=b"))
    upstream.script("/conditional", Answer(304, (*news, ("Content-Type", "text/plain"), ("Keep-Alive", "timeout=5"))))

    second = webpage.collect(upstream.url("/conditional"), first.content)

    named = [(field["name"], field["value"]) for field in second.content["headers"]]
    length = ("Content-Length", str(first.content["body"]["size"]))
    assert named == [HTML, news[0], ("Last-Modified", LAST_MODIFIED), length, news[1], news[2]]
    assert [cookie["name"] for cookie in second.content["cookies"]] == ["a"]


def test_a_page_that_has_changed_is_collected_whole(webpage: Webpage, upstream: Upstream) -> None:
    first = webpage.collect(upstream.url("/conditional"))
    upstream.script("/conditional", Answer(200, (HTML, ("ETag", '"v2"')), b"new"))

    second = webpage.collect(upstream.url("/conditional"), first.content)

    assert upstream.requests[-1].headers["if-none-match"] == ETAG
    assert (second.unchanged, second.body, second.content["response"]["not_modified"]) == (False, b"new", False)


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/page", 10**6), ("/status/404", 10**6), ("/conditional", 10)],
    ids=["no validator", "no 200", "truncated"],
)
def test_nothing_is_asked_about_what_cannot_be_reused(upstream: Upstream, path: str, limit: int) -> None:
    webpage = make_webpage(body_limit=limit)
    first = webpage.collect(upstream.url(path))

    webpage.collect(upstream.url(path), first.content)

    assert not {"if-none-match", "if-modified-since"} & set(upstream.requests[-1].headers)


def test_a_validator_that_cannot_be_sent_is_left_out(webpage: Webpage, upstream: Upstream) -> None:
    upstream.script("/odd", Answer(headers=(HTML, ("ETag", '"a\rb"'))), Answer(body=b"again"))
    first = webpage.collect(upstream.url("/odd"))

    second = webpage.collect(upstream.url("/odd"), first.content)

    assert (second.body, "if-none-match" in upstream.requests[-1].headers) == (b"again", False)


def test_a_304_that_nobody_asked_for_is_a_snapshot_like_others(webpage: Webpage, upstream: Upstream) -> None:
    collected = webpage.collect(upstream.url("/status/304"))

    assert (collected.unchanged, collected.body) == (False, b"")
    assert collected.content["response"]["status"] == 304


@pytest.mark.parametrize("status", [400, 412, 500, 503])
def test_a_page_that_cannot_bear_conditions_stays_the_page(webpage: Webpage, upstream: Upstream, status: int) -> None:
    first = webpage.collect(upstream.url("/conditional"))
    upstream.script("/conditional", Answer(status, (HTML,), b"no conditions here"), Answer(200, (HTML,), b"the page"))

    second = webpage.collect(upstream.url("/conditional"), first.content)

    assert "if-none-match" not in upstream.requests[-1].headers
    assert (second.body, second.come_back_in) == (b"the page", None)
    response = second.content["response"]
    assert (response["status"], response["not_modified"], second.content["redirects"]) == (200, False, [])
    assert response["defects"] == [f"with conditions it answered {status}; this is its answer without them"]


def test_a_304_that_no_condition_asked_for_is_a_snapshot_of_its_own(webpage: Webpage, upstream: Upstream) -> None:
    first = webpage.collect(upstream.url("/conditional"))
    upstream.script("/conditional", Answer(500, (HTML,)), Answer(304))

    second = webpage.collect(upstream.url("/conditional"), first.content)

    assert (second.unchanged, second.content["response"]["status"]) == (False, 304)


def test_where_a_page_refreshes_to_is_recorded_and_not_followed(webpage: Webpage, upstream: Upstream) -> None:
    page = b"<base href=/elsewhere/><meta http-equiv='Refresh' content='5; url=there'>"
    answer = Answer(200, (HTML, ("Refresh", "0; url=/next"), ("ETag", ETAG)), page)
    upstream.script("/refresh", answer, Answer(304, (("Refresh", "7"),)))

    first = webpage.collect(upstream.url("/refresh"))
    second = webpage.collect(upstream.url("/refresh"), first.content)

    meta = {"source": "meta", "seconds": 5, "url": upstream.url("/elsewhere/there")}
    header = {"source": "header", "seconds": 0, "url": upstream.url("/next")}
    assert first.content["response"]["refresh"] == [header, meta]
    assert second.unchanged
    assert second.content["response"]["refresh"] == [{**header, "seconds": 7, "url": upstream.url("/refresh")}, meta]
    assert upstream.requests[-1].path == "/refresh"


def test_what_an_old_snapshot_does_not_say_of_refreshes_a_304_does_not_say_either(
    webpage: Webpage, upstream: Upstream
) -> None:
    content = webpage.collect(upstream.url("/conditional")).content
    old = {**content, "response": {name: value for name, value in content["response"].items() if name != "refresh"}}

    second = webpage.collect(upstream.url("/conditional"), old)

    assert second.unchanged
    assert "refresh" not in second.content["response"]


SHOP = b"<base href=/b/><title>A\nshop</title><meta name=generator content=x><script src=a.js></script><img src=//i.test>"


def test_what_a_page_says_of_itself_is_recorded_and_stands_until_it_changes(webpage: Webpage, upstream: Upstream) -> None:
    upstream.script("/shop", Answer(200, (HTML, ("ETag", ETAG)), SHOP), Answer(304))

    first = webpage.collect(upstream.url("/shop"))
    second = webpage.collect(upstream.url("/shop"), first.content)

    assert first.content["page"] == {
        "title": "A shop",
        "generators": ["x"],
        "hosts": {"script": ["127.0.0.1"], "image": ["i.test"]},
        "inline_scripts": 0,
        "defects": [],
    }
    assert second.unchanged
    assert second.content["page"] == first.content["page"]


@pytest.mark.parametrize(
    ("kind", "body", "title"),
    [("text/html", SHOP, "kept"), ("text/html", SHOP + b" ", "A shop"), ("application/xhtml+xml", SHOP, "A shop"),
     ("text/html; charset=latin1", SHOP, "A shop")],
)  # fmt: skip
def test_a_page_that_is_sent_again_is_not_read_again(
    webpage: Webpage, upstream: Upstream, kind: str, body: bytes, title: str
) -> None:
    upstream.script(
        "/again", *(Answer(200, (("Content-Type", each),), sent) for each, sent in (("text/html", SHOP), (kind, body)))
    )
    first = webpage.collect(upstream.url("/again")).content
    first = {**first, "page": first["page"] | {"title": "kept"}}

    again = webpage.collect(upstream.url("/again"), first)

    assert not again.unchanged
    assert again.content["page"]["title"] == title


@pytest.mark.parametrize("path", ["/binary", "/undecoded", "/text"])
def test_what_is_not_html_is_no_page(webpage: Webpage, upstream: Upstream, path: str) -> None:
    upstream.script("/text", Answer(200, (("Content-Type", "text/plain"),), SHOP))
    upstream.script("/undecoded", Answer(200, (HTML, ("Content-Encoding", "x")), SHOP))

    assert webpage.collect(upstream.url(path)).content["page"] is None


def test_what_an_old_snapshot_does_not_say_of_its_page_a_304_does_not_say_either(
    webpage: Webpage, upstream: Upstream
) -> None:
    content = webpage.collect(upstream.url("/conditional")).content
    old = {name: member for name, member in content.items() if name != "page"}

    second = webpage.collect(upstream.url("/conditional"), old)

    assert second.unchanged
    assert "page" not in second.content


def test_of_many_refreshes_the_first_are_kept(webpage: Webpage, upstream: Upstream) -> None:
    upstream.script("/many", Answer(200, (HTML,), b"<meta http-equiv=refresh content=1>" * 20))

    response = webpage.collect(upstream.url("/many")).content["response"]

    assert len(response["refresh"]) == 10
    assert response["defects"] == ["11 refreshes were received; the first 10 are kept"]


def test_a_cookie_in_utf8_is_shown_as_text_and_its_bytes_are_kept(webpage: Webpage, upstream: Upstream) -> None:
    lines = ("caf\u00e9=\u20ac; Path=/\u00fc".encode().decode("latin-1"), "caf\xe9=1", "plain=1")
    upstream.script("/utf8", Answer(302, (("Location", "/page"), *(("Set-Cookie", line) for line in lines))))

    cookies = cookies_of(webpage.collect(upstream.url("/utf8")).content)[:3]

    shown = [(cookie["name"], cookie["value"], cookie["path"]) for cookie in cookies]
    assert shown == [("caf\u00e9", "\u20ac", "/\u00fc"), ("caf\u00e9", "1", "/"), ("plain", "1", "/")]
    assert [cookie["raw"] for cookie in cookies] == [
        {"name": "caf\u00c3\u00a9", "value": "\u00e2\u0082\u00ac", "path": "/\u00c3\u00bc"},
        None,
        None,
    ]
    assert upstream.requests[-1].headers["cookie"] == "caf\xe9=1; plain=1", "the bytes go back as they came"


def test_a_failure_carries_the_redirects_that_were_seen(webpage: Webpage, upstream: Upstream) -> None:
    upstream.script("/away", Answer(302, (("Location", "ftp://example.com/"), ("Set-Cookie", "a=b"))))

    with pytest.raises(SourceFailure) as caught:
        webpage.collect(upstream.url("/redirect?to=/away"))

    assert caught.value.code == "forbidden_address"
    assert [(hop["url"], hop["status"]) for hop in caught.value.redirects] == [
        (upstream.url("/redirect?to=/away"), 302),
        (upstream.url("/away"), 302),
    ]
    assert {"name": "Set-Cookie", "value": "a=b"} in caught.value.redirects[1]["headers"]  # type: ignore[operator]


def test_a_failure_keeps_no_more_of_its_redirects_than_a_claim_may_read(webpage: Webpage, upstream: Upstream) -> None:
    long = "/long?" + "x" * 60_000
    upstream.script("/long", *[Answer(302, (("Location", f"{long}{n}"), ("X", "y" * 60_000))) for n in range(21)])

    with pytest.raises(SourceFailure) as caught:
        webpage.collect(upstream.url("/long"))

    assert (caught.value.code, len(caught.value.redirects)) == ("too_many_redirects", 21)
    assert len(json.dumps(caught.value.redirects)) < 360_000
    assert "header lines of a redirect were received" in str(caught.value.redirects[-1]["defects"])
