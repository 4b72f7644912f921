"""What the fetcher does with a transport, without a network: which requests it sends, and that it closes every response."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.fetched import RedirectsFailed, Validators
from inventory.http_client.fetcher import Fetcher
from tests.http_client.scripted import PAGE, ScriptedTransport, redirect

CUT_OFF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"


def fetcher(transport: ScriptedTransport) -> Fetcher:
    return Fetcher(transport, deadline=10, body_limit=1_000, max_redirects=1)


def test_each_hop_is_one_request_with_the_cookies_of_those_before_it() -> None:
    transport = ScriptedTransport.of(redirect("/b"), PAGE)

    fetched = fetcher(transport).fetch(urls.parse("http://name.test/a"))

    assert [request.url.href for request in transport.requests] == ["http://name.test/a", "http://name.test/b"]
    assert [request.headers.get("Cookie") for request in transport.requests] == [None, "a=b"]
    assert (fetched.body.content, fetched.timing.dns_ms, transport.closed) == (b"hello", 500.0, 2)


@pytest.mark.parametrize(
    ("responses", "code"),
    [
        ([redirect("/b"), redirect("/c")], "too_many_redirects"),
        ([redirect("ftp://name.test/")], "forbidden_address"),
        ([CUT_OFF], "incomplete_response"),
    ],
    ids=["too many redirects", "a redirect to another scheme", "an incomplete body"],
)
def test_every_response_is_closed_when_the_collection_fails(responses: Sequence[bytes], code: str) -> None:
    transport = ScriptedTransport.of(*responses)

    with pytest.raises(SourceFailure) as caught:
        fetcher(transport).fetch(urls.parse("http://name.test/a"))

    assert (caught.value.code, transport.closed) == (code, len(responses))


def test_a_failure_keeps_the_redirects_that_were_seen() -> None:
    transport = ScriptedTransport.of(redirect("/b"), redirect("http://name.test:81/"))

    with pytest.raises(RedirectsFailed) as caught:
        Fetcher(transport, deadline=10, body_limit=1_000).fetch(urls.parse("http://name.test/a"))

    assert caught.value.code == "connection_refused"
    assert [hop.url.target for hop in caught.value.hops] == ["/a", "/b"]
    assert [hop.head.values("location") for hop in caught.value.hops] == [["/b"], ["http://name.test:81/"]]


@pytest.mark.parametrize(
    ("responses", "seen"),
    [
        ([redirect("/b"), redirect("/c")], ["/a", "/b"]),
        ([redirect("ftp://name.test/")], ["/a"]),
        ([redirect("//")], ["/a"]),
        ([redirect("/b"), CUT_OFF], ["/a"]),
    ],
    ids=["one too many", "another scheme", "no URL", "an incomplete page after a redirect"],
)
def test_a_failure_keeps_each_redirect_also_the_one_that_cannot_be_followed(responses: list[bytes], seen: list[str]) -> None:
    with pytest.raises(RedirectsFailed) as caught:
        fetcher(ScriptedTransport.of(*responses)).fetch(urls.parse("http://name.test/a"))

    assert [hop.url.target for hop in caught.value.hops] == seen


def test_a_failure_without_a_redirect_has_none() -> None:
    with pytest.raises(SourceFailure) as caught:
        fetcher(ScriptedTransport.of(CUT_OFF)).fetch(urls.parse("http://name.test/a"))

    assert not isinstance(caught.value, RedirectsFailed)


LOCATIONS = [
    # the bytes of Location, and what is asked of name.test
    (b"/x?q=\xe9", "/x?q=%E9"),
    (b"/\xc3\xa9", "/%C3%A9"),
    (b"/\xc3\xa9?q=\xe9", "/%C3%A9?q=%E9"),
    (b"/\x85\xa0", "/%85%A0"),
    (b"\xa0", "/%A0"),
    (b"/a b%zz", "/a%20b%zz"),
    (b"/a\tb", "/ab"),
    (b"http://user:pa%3Ass@name.test/x", "/x"),
    (b"//@name.test/x", "/x"),
    (b"http:x", "/x"),
    (b"?", "/a?"),
    (b"\\\\name.test\\x?a\\b", "/x?a\\b"),
    (b"/\\name.test/x", "/x"),
    (b"/\t/name.test/x", "/x"),
    (b"ht\ttp:///name.test/x", "/x"),
    (b"\x01\x1f /x", "/x"),
    (b"http://n%61me.test/x", "/x"),
    ("http://ｎａｍｅ。test/x".encode(), "/x"),
    (b"HTTP://NAME.test:0080/x", "/x"),
    (b"http://name.test:?x", "/?x"),
    (b"http://name.test#x", "/"),
    (b"/%2e%2E/a/%7e%zz", "/a/%7e%zz"),
    (b'/"a"<b>{c}|d^e', "/%22a%22%3Cb%3E%7Bc%7D|d%5Ee"),
    (b"?'\"<>", "/a?%27%22%3C%3E"),
    (b"name.test/x", "/name.test/x"),
    (b"<http://name.test/>", "/%3Chttp://name.test/%3E"),
    (b"/x, http://name.test/y", "/x,%20http://name.test/y"),
    (b"/@x?y@z", "/@x?y@z"),
    (b"/\x93\xfa\x96{", "/%93%FA%96%7B"),
    (b"/x#" + b"f" * 65_000, "/x"),
    (b"/" + b"\xe9" * 60_000, "/" + "%E9" * 60_000),
]


@pytest.mark.parametrize(("sent", "asked"), LOCATIONS, ids=[ascii(sent[:40]) for sent, _ in LOCATIONS])
def test_the_bytes_of_a_location_reach_the_next_server_as_they_are(sent: bytes, asked: str) -> None:
    transport = ScriptedTransport.of(b"HTTP/1.1 301 M\r\nContent-Length: 0\r\nLocation: " + sent + b"\r\n\r\n", PAGE)

    fetched = fetcher(transport).fetch(urls.parse("http://name.test/a"))

    assert fetched.final.url.target == asked
    assert "Authorization" not in transport.requests[1].headers


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("localhost:8000/x", "forbidden_address"),
        ("tel:123", "forbidden_address"),
        ("java\tscript:alert(1)", "forbidden_address"),
        ("view-source:http://name.test/", "forbidden_address"),
        ("http+unix://x/y", "forbidden_address"),
        ("http://name.test:65536/", "invalid_response"),
        ("http://[::1/", "invalid_response"),
        ("http://1.2.3.256/", "invalid_response"),
        ("http://b c.test/", "invalid_response"),
        ("http://b%00.test/", "invalid_response"),
        ("https://:443/", "invalid_response"),
        ("/a\0b", "invalid_response"),
        ("http://" + "a." * 30_000 + "test/", "dns_failure"),
        ("http://" + "a" * 255 + "/", "dns_failure"),
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_where_no_browser_goes_is_a_failure(location: str, code: str) -> None:
    with pytest.raises(RedirectsFailed) as caught:
        fetcher(ScriptedTransport.of(redirect(location))).fetch(urls.parse("http://name.test/a"))

    assert (caught.value.code, caught.value.permanent, len(caught.value.hops)) == (code, True, 1)
    assert len(str(caught.value)) < 200


def test_browsers_keep_no_cookies_of_interim_responses() -> None:
    """Fetch parses `Set-Cookie` in final responses alone."""
    hints = b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: h=1\r\n\r\n"
    transport = ScriptedTransport.of(hints + redirect("/b"), PAGE)

    fetched = fetcher(transport).fetch(urls.parse("http://name.test/a"))

    assert [(cookie.name, cookie.reason) for cookie in fetched.cookies] == [("h", "in an interim response"), ("a", None)]
    assert transport.requests[1].headers["Cookie"] == "a=b"


def test_a_cookie_and_a_redirect_to_itself_lead_to_the_page() -> None:
    transport = ScriptedTransport(lambda request: PAGE if request.headers.get("Cookie") == "a=b" else redirect("/a"))

    fetched = fetcher(transport).fetch(urls.parse("http://name.test/a"))

    assert [hop.head.status for hop in fetched.hops] == [302, 200]


VALIDATORS = Validators("http://name.test/a", '"1"', None)


@pytest.mark.parametrize("status", [400, 412, 500, 501, 502, 503, 504, 599])
def test_who_cannot_bear_a_condition_is_asked_again_without(status: int) -> None:
    refusal = f"HTTP/1.1 {status} No\r\nContent-Length: 2\r\nSet-Cookie: c=d\r\nodd\r\n\r\nno".encode()
    transport = ScriptedTransport.of(refusal, PAGE)

    fetched = fetcher(transport).fetch(urls.parse("http://name.test/a"), validators=VALIDATORS)

    assert [request.headers.get("If-None-Match") for request in transport.requests] == ['"1"', None]
    assert (fetched.body.content, fetched.redirects, fetched.final.conditional, transport.closed) == (b"hello", (), False, 2)
    assert fetched.final.head.defects == (
        f"with conditions it answered {status}; this is its answer without them",
        "with conditions: header line 3 has no colon: 'odd'",
    )
    assert fetched.final.refusal is not None
    assert [dict(sent).get("If-None-Match") for sent in (fetched.final.refused, fetched.final.sent)] == ['"1"', None]
    assert fetched.final.refusal.fields == (("Content-Length", "2"), ("Set-Cookie", "c=d"))
    assert [cookie.name for cookie in fetched.cookies] == ["c"]
    assert fetched.timing.dns_ms == 500.0


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 304 Same\r\n\r\n",
        b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Wait\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Wait\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_who_answers_a_condition_or_asks_for_a_pause_is_not_asked_again(response: bytes) -> None:
    transport = ScriptedTransport.of(response)

    fetched = fetcher(transport).fetch(urls.parse("http://name.test/a"), validators=VALIDATORS)

    assert (fetched.final.conditional, len(transport.requests)) == (True, 1)


def test_an_error_without_a_condition_is_the_answer() -> None:
    transport = ScriptedTransport.of(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    fetched = fetcher(transport).fetch(urls.parse("http://name.test/b"), validators=VALIDATORS)

    assert (fetched.final.head.status, fetched.final.conditional) == (500, False)
