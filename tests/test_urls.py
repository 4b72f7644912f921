"""URLs: which texts are one, how it is spelled, and that nothing but our own errors is ever raised."""

from __future__ import annotations

import ada_url
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import urls
from inventory.errors import CredentialsInUrl, InvalidUrl, UnsupportedScheme, UrlTooLong

SPELLINGS = [
    # text → href, as the WHATWG URL standard serialises it
    ("http://example.com", "http://example.com/"),
    ("HTTP://EXAMPLE.com:80/a/../b#x", "http://example.com/b"),
    ("  http://example.com/  ", "http://example.com/"),
    ("http://exa\tmple.\ncom/", "http://example.com/"),
    ("https://example.com:443/", "https://example.com/"),
    ("https://example.com:80/", "https://example.com:80/"),
    ("http://example.com:00080/", "http://example.com/"),
    ("http:example.com", "http://example.com/"),
    ("http:\\\\example.com\\a", "http://example.com/a"),
    ("http:///x", "http://x/"),
    ("http://@example.com/", "http://example.com/"),
    ("http://example.com/%7Euser", "http://example.com/%7Euser"),
    ("http://example.com/%2e%2E/a", "http://example.com/a"),
    ("http://example.com/a//b/./c/..", "http://example.com/a//b/"),
    ("http://example.com/A?b=c&b=a", "http://example.com/A?b=c&b=a"),
    ("http://example.com/?", "http://example.com/?"),
    ("http://example.com/a b?c d", "http://example.com/a%20b?c%20d"),
    ("http://example.com/é?ü", "http://example.com/%C3%A9?%C3%BC"),
    ("http://example.com/|[]^{}'", "http://example.com/|[]%5E%7B%7D'"),
    ("http://example.com/?'\"<>", "http://example.com/?%27%22%3C%3E"),
    ("http://example.com?q", "http://example.com/?q"),
    ("http://bücher.example/", "http://xn--bcher-kva.example/"),
    ("http://BÜCHER.example/", "http://xn--bcher-kva.example/"),
    ("http://faß.example/", "http://xn--fa-hia.example/"),
    ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
    ("http://XN--A/", "http://xn--a/"),  # a name that is ASCII already is not decoded, whatever its punycode means
    ("http://xn--/", "http://xn--/"),
    ("http://ｅｘａｍｐｌｅ.com/", "http://example.com/"),
    ("http://example。com/", "http://example.com/"),
    ("http://%65xample.com/", "http://example.com/"),
    ("http://example.com./", "http://example.com./"),
    ("http://a_b.example/", "http://a_b.example/"),
    ("http://127.1/", "http://127.0.0.1/"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("http://2130706433/", "http://127.0.0.1/"),
    ("http://[0:0::1]:8080/", "http://[::1]:8080/"),
    ("http://[::127.0.0.1]/", "http://[::7f00:1]/"),
    ("http://[2001:DB8::A]/", "http://[2001:db8::a]/"),
]

REFUSED = [
    ("", InvalidUrl),
    ("   ", InvalidUrl),
    ("example.com", InvalidUrl),
    ("example.com/path", InvalidUrl),
    ("example.com:80/path", InvalidUrl),
    ("localhost:8000", InvalidUrl),
    ("//example.com/", InvalidUrl),
    ("/path", InvalidUrl),
    ("http://", InvalidUrl),
    ("http://:80/", InvalidUrl),
    ("http://example.com:65536/", InvalidUrl),
    ("http://example.com:port/", InvalidUrl),
    ("http://exa mple.com/", InvalidUrl),
    ("http://exa<mple.com/", InvalidUrl),
    ("http://%00.example/", InvalidUrl),
    ("http://[::1/", InvalidUrl),
    ("http://[::1%25eth0]/", InvalidUrl),
    ("http://[1::2::3]/", InvalidUrl),
    ("http://1.2.3.256/", InvalidUrl),
    ("http://1.2.3.4.5/", InvalidUrl),
    ("http://0x7f.0.0.0.1/", InvalidUrl),
    ("http://\xad/", InvalidUrl),
    ("http://\x80/", InvalidUrl),  # what xn--a means
    ("http://é.xn--a/", InvalidUrl),
    ("http://example.com/\0", InvalidUrl),
    ("\0http://example.com/", InvalidUrl),
    ("http://example.com/\ud800", InvalidUrl),
    ("http://\udfff.example/", InvalidUrl),
    ("ftp://example.com/", UnsupportedScheme),
    ("file:///etc/passwd", UnsupportedScheme),
    ("javascript:alert(1)", UnsupportedScheme),
    ("data:text/html,x", UnsupportedScheme),
    ("mailto:a@example.com", UnsupportedScheme),
    ("gopher://example.com/", UnsupportedScheme),
    ("ws://example.com/", UnsupportedScheme),
    ("http://user@example.com/", CredentialsInUrl),
    ("http://user:password@example.com/", CredentialsInUrl),
    ("http://:password@example.com/", CredentialsInUrl),
    ("http://%40@example.com/", CredentialsInUrl),
]


@pytest.mark.parametrize(("text", "href"), SPELLINGS, ids=[text for text, _ in SPELLINGS])
def test_a_text_is_the_url_that_the_standard_says(text: str, href: str) -> None:
    assert urls.parse(text).href == href


@pytest.mark.parametrize(("text", "error"), REFUSED, ids=[ascii(text) for text, _ in REFUSED])
def test_other_texts_are_refused_by_name(text: str, error: type[InvalidUrl]) -> None:
    with pytest.raises(InvalidUrl) as caught:
        urls.parse(text)

    assert type(caught.value) is error
    assert caught.value.errors is not None
    assert str(caught.value) in caught.value.errors["url"]


def test_the_parts_of_a_url_are_available() -> None:
    url = urls.parse("https://Example.com:8443/a/b?c=d#e")

    assert (url.scheme, url.host, url.port) == ("https", "example.com", 8443)
    assert (url.authority, url.target) == ("example.com:8443", "/a/b?c=d")
    assert url.address is None
    assert urls.parse("http://example.com").port == 80
    assert urls.parse("https://example.com").port == 443
    assert urls.parse("https://example.com").authority == "example.com"
    assert str(urls.parse("http://[::1]:81/").address) == "::1"
    assert urls.parse("http://[::1]:81/").host == "[::1]"
    assert str(urls.parse("http://127.1/").address) == "127.0.0.1"


def test_a_url_without_scheme_is_told_what_to_send() -> None:
    with pytest.raises(InvalidUrl, match=r"'example\.com' has no scheme; send .*https://"):
        urls.parse("example.com")


def test_2048_characters_are_taken_and_one_more_is_not() -> None:
    start = "http://example.com/"
    assert len(urls.parse(start + "a" * (2048 - len(start))).href) == 2048
    with pytest.raises(UrlTooLong):
        urls.parse(start + "a" * (2049 - len(start)))


def test_the_limit_is_of_the_serialised_url_too() -> None:
    with pytest.raises(UrlTooLong):
        urls.parse("http://example.com/" + "é" * 400)


@pytest.mark.parametrize(
    ("reference", "href"),
    [
        ("/x", "http://example.com/x"),
        ("x?y", "http://example.com/a/x?y"),
        ("../x", "http://example.com/x"),
        ("", "http://example.com/a/b?c"),
        ("?d", "http://example.com/a/b?d"),
        ("#f", "http://example.com/a/b?c"),
        ("//other.example/x", "http://other.example/x"),
        ("https:x", "https://x/"),
        ("http:x", "http://example.com/a/x"),
        ("https://other.example", "https://other.example/"),
        (" \t/x\n", "http://example.com/x"),
        ("\\\\other.example\\x", "http://other.example/x"),
    ],
)
def test_a_reference_is_read_on_its_page(reference: str, href: str) -> None:
    assert urls.join(urls.parse("http://example.com/a/b?c"), reference).href == href


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        ("ftp://example.com/", UnsupportedScheme),
        ("http://u:p@example.com/", CredentialsInUrl),
        ("http://[", InvalidUrl),
        ("\0", InvalidUrl),
        ("\ud800", InvalidUrl),
        ("x" * 3000, UrlTooLong),
    ],
)
def test_a_reference_is_refused_like_a_url(reference: str, error: type[InvalidUrl]) -> None:
    with pytest.raises(error):
        urls.join(urls.parse("http://example.com/"), reference)


SCHEMES = ["http://", "https:", "HTTP:\\\\", "ftp://", "example.com", "127.1", "0x7f", "::1", "xn--"]
SIGNS = ["//", "/", "\\", "..", ".", "%2e", "%00", "@", ":", "#", "?", "[", "]", "é", "。", "80", "65536", "|", "%"]
TOKENS = [*SCHEMES, *SIGNS, "\t", "\n", " ", "\0", "\ud800"]
PIECES = st.lists(
    st.one_of(st.sampled_from(TOKENS), st.text(st.characters(codec=None), max_size=5)),
    max_size=12,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(st.characters(codec=None)), PIECES, PIECES.map(lambda rest: f"http://example.com{rest}")))
def test_any_text_is_a_url_or_one_of_our_errors(text: str) -> None:
    try:
        url = urls.parse(text)
    except InvalidUrl:
        return
    assert url.href.isascii()
    assert len(url.href) <= urls.MAX_CHARACTERS
    assert url.href == f"{url.scheme}://{url.authority}{url.target}"


@settings(max_examples=400, deadline=None)
@given(PIECES.map(lambda rest: f"http://example.com{rest}"))
def test_a_url_is_what_the_standard_serialises_without_its_fragment(text: str) -> None:
    try:
        url = urls.parse(text)
    except InvalidUrl:
        return
    whole = ada_url.URL(text)
    whole.hash = ""
    assert url.href == whole.href
    assert (whole.username, whole.password) == ("", "")


@settings(max_examples=400, deadline=None)
@given(PIECES.map(lambda rest: f"http://example.com{rest}"))
def test_a_url_that_is_spelled_out_stays_as_it_is(text: str) -> None:
    try:
        url = urls.parse(text)
    except InvalidUrl:
        return
    assert urls.parse(url.href) == url
    assert urls.join(url, url.href) == url


@settings(max_examples=200, deadline=None)
@given(PIECES, PIECES)
def test_any_reference_on_any_page_is_a_url_or_one_of_our_errors(page: str, reference: str) -> None:
    try:
        urls.join(urls.parse(f"http://example.com/{page}"), reference)
    except InvalidUrl:
        return


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"[a-z]{1,8}(/[a-z0-9]{0,4}){0,3}(\?[a-z=&]{0,6})?", fullmatch=True), st.data())
def test_different_paths_are_different_urls_and_spellings_are_not(path: str, data: st.DataObject) -> None:
    other = data.draw(st.from_regex(r"[a-z]{1,8}(/[a-z0-9]{0,4}){0,3}(\?[a-z=&]{0,6})?", fullmatch=True))
    one, two = urls.parse(f"http://example.com/{path}"), urls.parse(f"http://example.com/{other}")

    assert (one.href == two.href) == (path == other)
    for spelling in (f" HTTP://EXAMPLE.COM:80/x/../{path}#f", f"http:\\\\ex%61mple.com/./{path}"):
        assert urls.parse(spelling) == one
