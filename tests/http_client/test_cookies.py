"""`Set-Cookie` lines: what is read of each, and why a browser would refuse some."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from inventory import urls
from inventory.http_client import cookie_dates, cookies

HTTPS = "https://www.example.com/folder/page?q=/x"
HTTP = "http://www.example.com/folder/page"

READ: list[tuple[str, dict[str, Any]]] = [
    # Name and value.
    ("foo=bar", {"name": "foo", "value": "bar", "host_only": True, "domain": "www.example.com", "path": "/folder"}),
    ("foo=", {"name": "foo", "value": ""}),
    ("=bar", {"name": "", "value": "bar"}),
    ("bar", {"name": "", "value": "bar"}),
    ("foo=bar=baz", {"name": "foo", "value": "bar=baz"}),
    (" \t foo \t = \t bar \t ; Secure", {"name": "foo", "value": "bar", "secure": True}),
    ("foo bar=a b", {"name": "foo bar", "value": "a b"}),
    ('foo="a;b"', {"name": "foo", "value": '"a'}),
    ('foo="bar"', {"name": "foo", "value": '"bar"'}),
    ("foo=a,b, c=d", {"name": "foo", "value": "a,b, c=d"}),
    ("foo=caf\xe9", {"name": "foo", "value": "caf\xe9"}),
    ("foo=a\tb", {"name": "foo", "value": "a\tb"}),
    ("$Version=1", {"name": "$Version", "value": "1"}),
    ("a==", {"name": "a", "value": "="}),
    ("Secure", {"name": "", "value": "Secure", "secure": False}),
    ("a=b Secure,HttpOnly", {"value": "b Secure,HttpOnly", "secure": False, "http_only": False}),
    ("\xa0a=b\xa0", {"name": "\xa0a", "value": "b\xa0"}),
    ("a=" + " " * 5_000 + "b", {"value": "b"}),
    ("foo=bar; baz; unknown=1", {"name": "foo", "value": "bar"}),
    ("foo=bar;;; ;=; =x;Secure", {"secure": True}),
    # Path.
    ("a=b; Path=/x", {"path": "/x"}),
    ("a=b; path=/x", {"path": "/x"}),
    ("a=b; Path=/x; Path=/y", {"path": "/y"}),
    ("a=b; Path=x", {"path": "/folder"}),
    ("a=b; Path=", {"path": "/folder"}),
    ("a=b; Path=/x; Path", {"path": "/folder"}),
    ('a=b; Path="/x"', {"path": "/folder"}),
    ("a=b; Path=/" + "x" * 1024, {"path": "/folder"}),
    # Domain.
    ("a=b; Domain=example.com", {"domain": "example.com", "host_only": False}),
    ("a=b; Domain=.example.com", {"domain": "example.com", "host_only": False}),
    ("a=b; Domain=EXAMPLE.com", {"domain": "example.com", "host_only": False}),
    ("a=b; Domain=www.example.com", {"domain": "www.example.com", "host_only": False}),
    ("a=b; Domain=", {"domain": "www.example.com", "host_only": True}),
    ("a=b; Domain=elsewhere.com; Domain=example.com", {"domain": "example.com", "host_only": False}),
    # Max-Age and Expires.
    ("a=b; Max-Age=3600", {"max_age": 3600, "expires": None}),
    ("a=b; Max-Age=0", {"max_age": 0}),
    ("a=b; Max-Age=-1", {"max_age": -1}),
    ("a=b; Max-Age=+1", {"max_age": None}),
    ("a=b; Max-Age=1.5", {"max_age": None}),
    ("a=b; Max-Age=1 hour", {"max_age": None}),
    ("a=b; Max-Age=-0", {"max_age": 0}),
    ("a=b; Max-Age=--5", {"max_age": None}),
    ("a=b; Max-Age=0x10", {"max_age": None}),
    ("a=b; Max-Age=\xd9\xa5", {"max_age": None}),
    ("a=b; Max-Age=" + "9" * 1_025, {"max_age": None}),
    ("a=b; Max-Age=", {"max_age": None}),
    ("a=b; Max-Age=5; Max-Age=soon", {"max_age": None}),
    ("a=b; Max-Age=" + "0" * 500 + "7", {"max_age": 7}),
    ("a=b; Max-Age=" + "9" * 500, {"max_age": 2**53}),
    ("a=b; Expires=Wed, 09 Jun 2100 10:18:14 GMT", {"expires": datetime(2100, 6, 9, 10, 18, 14, tzinfo=UTC)}),
    ("a=b; Expires=yesterday", {"expires": None}),
    ("a=b; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Expires=yesterday", {"expires": None}),
    (
        "a=b; Expires=yesterday; Expires=Wed, 09 Jun 2100 10:18:14 GMT",
        {"expires": datetime(2100, 6, 9, 10, 18, 14, tzinfo=UTC)},
    ),
    (
        "a=b; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Expires=" + "x" * 1025,
        {"expires": datetime(2100, 6, 9, 10, 18, 14, tzinfo=UTC)},
    ),
    (
        "a=b; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Max-Age=5",
        {"max_age": 5, "expires": datetime(2100, 6, 9, 10, 18, 14, tzinfo=UTC)},
    ),
    # Flags.
    ("a=b; Secure; HttpOnly", {"secure": True, "http_only": True}),
    ("a=b; SECURE=no; httponly=0", {"secure": True, "http_only": True}),
    ("a=b; SameSite=Lax", {"same_site": "Lax"}),
    ("a=b; samesite=STRICT", {"same_site": "Strict"}),
    ("a=b; SameSite=None; Secure", {"same_site": "None"}),
    ("a=b; SameSite", {"same_site": None}),
    ("a=b; SameSite=Whatever", {"same_site": None}),
    ("a=b; SameSite=Strict; SameSite=Lax", {"same_site": "Lax"}),
    ("a=b; Secure; Partitioned", {"partitioned": True}),
    # Prefixes that keep their promise.
    ("__Secure-a=b; Secure", {"name": "__Secure-a"}),
    ("__Secure-a=b; Secure; Domain=example.com", {"domain": "example.com"}),
    ("__Host-a=b; Secure; Path=/", {"name": "__Host-a", "path": "/"}),
    ("__Http-a=b; Secure; HttpOnly", {"name": "__Http-a", "path": "/folder"}),
    ("__Http-a=b; Secure; HttpOnly; Domain=example.com", {"domain": "example.com"}),
    ("__Host-Http-a=b; Secure; HttpOnly; Path=/", {"name": "__Host-Http-a", "path": "/"}),
    ("__Hostess=b", {"name": "__Hostess"}),
    ("__Https=b", {"name": "__Https"}),
    # The longest that is taken.
    ("a=" + "b" * 4095, {"value": "b" * 4095}),
]

REFUSED: list[tuple[str, str, str]] = [
    # url, line → reason
    (HTTPS, "", "neither name nor value"),
    (HTTPS, "=", "neither name nor value"),
    (HTTPS, " ; Secure", "neither name nor value"),
    (HTTPS, "==bar", "an = in the value of a cookie without a name"),
    (HTTPS, "=a=b", "an = in the value of a cookie without a name"),
    (HTTPS, "a=b\x00c", "control character"),
    (HTTPS, "a=b; Path=/\x7f", "control character"),
    (HTTPS, "a\rb=c", "control character"),
    (HTTPS, "a=" + "b" * 4096, "name and value exceed 4096 bytes"),
    (HTTPS, "a" * 4097 + "=", "name and value exceed 4096 bytes"),
    (HTTPS, "a=b; Path=/x\ty", "a tab in Path"),
    (HTTPS, "a=b; Domain=.", "Domain is a lone dot"),
    (HTTPS, "a=b; Domain=example.com; Domain=.", "Domain is a lone dot"),
    (HTTPS, "a=b; Domain=..", "Domain is a lone dot"),
    (HTTPS, "a=b; Domain=elsewhere.com", "Domain elsewhere.com does not cover the host www.example.com"),
    (HTTPS, "a=b; Domain=ample.com", "Domain ample.com does not cover the host www.example.com"),
    (HTTPS, "a=b; Domain=deep.www.example.com", "Domain deep.www.example.com does not cover the host www.example.com"),
    (HTTPS, "a=b; Domain=..example.com", "Domain .example.com does not cover the host www.example.com"),
    (HTTPS, "a=b; Domain=example.com.", "Domain example.com. does not cover the host www.example.com"),
    (HTTPS, "a=b; Domain=com", "Domain com is a public suffix"),
    (HTTPS, "a=b; Domain=.com", "Domain com is a public suffix"),
    ("https://shop.example.co.uk/", "a=b; Domain=co.uk", "Domain co.uk is a public suffix"),
    ("https://someone.github.io/", "a=b; Domain=github.io", "Domain github.io is a public suffix"),
    ("https://a.city.kawasaki.jp/", "a=b; Domain=kawasaki.jp", "Domain kawasaki.jp is a public suffix"),
    (HTTPS, 'a=b; Domain="example.com"', 'Domain "example.com" does not cover the host www.example.com'),
    (HTTPS, "a=b; Domain=example.com:443", "Domain example.com:443 does not cover the host www.example.com"),
    (HTTPS, "a=b; Domain=example.com/x", "Domain example.com/x does not cover the host www.example.com"),
    ("http://127.0.0.1/", "a=b; Domain=0x7f.1", "Domain 0x7f.1 does not cover the host 127.0.0.1"),
    (HTTPS, "a=b; SameSite=Lax; SameSite=None", "SameSite=None without Secure"),
    (HTTPS, "a=b; Domain=ex\xe4mple.com", "Domain is not ASCII"),
    ("http://127.0.0.1/", "a=b; Domain=127.0.0.2", "Domain 127.0.0.2 does not cover the host 127.0.0.1"),
    ("http://[::1]/", "a=b; Domain=::1", "Domain ::1 does not cover the host [::1]"),
    ("http://127.0.0.1/", "a=b; Domain=0.0.1", "Domain 0.0.1 does not cover the host 127.0.0.1"),
    (HTTP, "a=b; Secure", "Secure, but not set over https"),
    ("http://localhost.example/", "a=b; Secure", "Secure, but not set over https"),
    ("http://10.0.0.1/", "a=b; Secure", "Secure, but not set over https"),
    (HTTPS, "a=b; SameSite=None", "SameSite=None without Secure"),
    (HTTPS, "a=b; Partitioned", "Partitioned without Secure"),
    (HTTPS, "__Secure-a=b", "a __Secure-, __Host- or __Http- name without Secure"),
    (HTTPS, "__secure-a=b", "a __Secure-, __Host- or __Http- name without Secure"),
    (HTTPS, "__Host-a=b; Path=/", "a __Secure-, __Host- or __Http- name without Secure"),
    (HTTPS, "__Host-a=b; Secure", "a __Host- name with a Domain, or without Path=/"),
    (HTTPS, "__Host-a=b; Secure; Path=/folder", "a __Host- name with a Domain, or without Path=/"),
    (HTTPS, "__HOST-a=b; Secure; Path=/; Domain=example.com", "a __Host- name with a Domain, or without Path=/"),
    (HTTPS, "__Http-a=b; HttpOnly", "a __Secure-, __Host- or __Http- name without Secure"),
    (HTTPS, "__Http-a=b; Secure", "a __Http- or __Host-Http- name without HttpOnly"),
    (HTTPS, "__HOST-HTTP-a=b; Secure; Path=/", "a __Http- or __Host-Http- name without HttpOnly"),
    (HTTPS, "__Host-Http-a=b; Secure; HttpOnly", "a __Host- name with a Domain, or without Path=/"),
    (HTTPS, "=__Http-a; Secure; HttpOnly", "a prefix in the value of a cookie without a name"),
    (HTTPS, "=__Host-Http-a; Secure; HttpOnly; Path=/", "a prefix in the value of a cookie without a name"),
    (HTTPS, "=__Host-a=b; Secure; Path=/", "a prefix in the value of a cookie without a name"),
    (HTTPS, "__Secure-a; Secure", "a prefix in the value of a cookie without a name"),
]

DATES: list[tuple[str, datetime | None]] = [
    ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),  # RFC 1123
    ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),  # RFC 850
    ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),  # asctime
    ("Sun, 06-Nov-1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
    ("08:49:37 1994 Nov 6", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
    ("6 November 94 8:49:37", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
    ("6nov1994 08:49:37", None),
    ("Thu,21 Oct 2027 07:28:00GMT", datetime(2027, 10, 21, 7, 28, tzinfo=UTC)),
    ("'Jeu, 21_oct. 2027 07:28:00.123 GMT'", datetime(2027, 10, 21, 7, 28, tzinfo=UTC)),
    ("2027-10-21T07:28:00Z", None),
    ("1824103680", None),
    ("1 Jan 2020 00:00:60", None),
    ("06 NOV 1994 08:49:37 +0500", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
    ("06 Nov 69 00:00:00", datetime(2069, 11, 6, tzinfo=UTC)),
    ("06 Nov 70 00:00:00", datetime(1970, 11, 6, tzinfo=UTC)),
    ("06 Nov 1601 00:00:00", datetime(1601, 11, 6, tzinfo=UTC)),
    ("06 Nov 1600 00:00:00", None),
    ("06 Nov 9999 23:59:59", datetime(9999, 11, 6, 23, 59, 59, tzinfo=UTC)),
    ("06 Nov 10000 00:00:00", None),
    ("31 Feb 2020 00:00:00", None),
    ("29 Feb 2020 00:00:00", datetime(2020, 2, 29, tzinfo=UTC)),
    ("32 Jan 2020 00:00:00", None),
    ("0 Jan 2020 00:00:00", None),
    ("1 Jan 2020 24:00:00", None),
    ("1 Jan 2020 00:60:00", None),
    ("1 Jan 2020 00:00", None),
    ("1 Jan 2020", None),
    ("Jan 2020 00:00:00", None),
    ("1 2020 00:00:00", None),
    ("1 Jan 00:00:00", None),
    ("", None),
    ("Thu, 01 Jan 1970 00:00:00 GMT; garbage", datetime(1970, 1, 1, tzinfo=UTC)),
]


@pytest.mark.parametrize(("line", "members"), READ, ids=[line[:60] for line, _ in READ])
def test_a_cookie_is_read_as_a_browser_reads_it(line: str, members: dict[str, Any]) -> None:
    cookie = cookies.parse(line, urls.parse(HTTPS))

    assert {name: getattr(cookie, name) for name in members} == members
    assert (cookie.accepted, cookie.reason) == (True, None)
    assert cookie.set_by == HTTPS


@pytest.mark.parametrize(("url", "line", "reason"), REFUSED, ids=[ascii(line[:60]) or "nothing" for _, line, _ in REFUSED])
def test_a_cookie_that_a_browser_would_refuse_is_kept_with_the_reason(url: str, line: str, reason: str) -> None:
    cookie = cookies.parse(line, urls.parse(url))

    assert (cookie.accepted, cookie.reason) == (False, reason)


@pytest.mark.parametrize(("text", "instant"), DATES, ids=[text or "nothing" for text, _ in DATES])
def test_a_cookie_date_means_an_instant_or_nothing(text: str, instant: datetime | None) -> None:
    assert cookie_dates.parse(text) == instant


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://a.test", "/"),
        ("http://a.test/", "/"),
        ("http://a.test/x", "/"),
        ("http://a.test/x/", "/x"),
        ("http://a.test/x/y", "/x"),
        ("http://a.test/x/y?z=/w/", "/x"),
        ("http://a.test/x//y", "/x/"),
    ],
)
def test_the_default_path_is_the_folder_of_the_page(url: str, path: str) -> None:
    assert cookies.parse("a=b", urls.parse(url)).path == path


def test_cookies_of_a_response_share_its_long_path() -> None:
    url = urls.follow(urls.parse(HTTPS), "/" + "x" * 60_000 + "/y")

    assert cookies.parse("a=b", url).path is cookies.parse("c=d", url).path


def test_a_cookie_of_an_interim_response_is_kept_with_the_reason() -> None:
    url = urls.parse(HTTPS)

    assert cookies.parse("a=b", url, interim=True).reason == "in an interim response"
    assert cookies.parse("a=b; Domain=com", url, interim=True).reason == "Domain com is a public suffix"


def test_a_public_suffix_may_set_a_cookie_for_itself_alone() -> None:
    cookie = cookies.parse("a=b; Domain=github.io", urls.parse("https://github.io/"))

    assert (cookie.domain, cookie.host_only, cookie.accepted) == ("github.io", True, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_an_address_may_name_itself_as_the_domain(host: str) -> None:
    cookie = cookies.parse(f"a=b; Domain={host}", urls.parse(f"http://{host}/"))

    assert (cookie.domain, cookie.accepted) == (host, True)
