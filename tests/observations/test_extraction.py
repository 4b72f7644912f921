"""What a snapshot says of its target, field by field."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.html_pages.page import document_of, read
from inventory.observations import extraction
from inventory.observations.extraction import of_failure, of_snapshot
from inventory.observations.statement_list import MAX_LINES
from inventory.observations.volatility import Volatility
from inventory.records.model import Failure, Statements, Target
from tests.fakes import content, weather_content

URL = "https://www.example.co.uk/shop?a=b"
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
HEX = "d41d8cd98f00b204e9800998ecf8427e"
TLS = {
    "version": "TLSv1.3",
    "cipher": "TLS_AES_256_GCM_SHA384",
    "subject": "commonName=example.co.uk",
    "issuer": "countryName=US, organizationName=Let's Encrypt, commonName=R11",
    "names": ["example.co.uk", "*.example.co.uk"],
    "sha256": HEX * 2,
    "not_before": "2026-01-01T00:00:00.000Z",
    "not_after": "2026-04-01T00:00:00.000Z",
}
COOKIE = {
    "name": "sid",
    "value": "secret",
    "domain": "example.co.uk",
    "host_only": True,
    "path": "/",
    "expires": None,
    "max_age": None,
    "secure": False,
    "http_only": False,
    "same_site": None,
    "partitioned": False,
    "set_by": 0,
    "accepted": True,
    "reason": None,
}
PAGE = """<!doctype html><title>A shop</title><meta name=generator content="WordPress 6.4"><base href=//cdn.example>
<script src=/a.js></script><script>1</script><link rel=stylesheet href=//css.example><img src=//img.example>
<iframe src=//frame.example></iframe><form action=//form.example></form>"""


def target(url: str = URL) -> Target:
    return Target("webpage", url, "www.example.co.uk")


def lines(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def snapshot(*, response: Mapping[str, Any] = {}, body: Mapping[str, Any] = {}, **members: Any) -> dict[str, Any]:
    whole = content(URL)
    whole["response"] |= response
    whole["body"] |= body
    return whole | members


def headers(*pairs: tuple[str, str]) -> dict[str, Any]:
    return snapshot(headers=lines(*pairs))


def redirected(*hops: dict[str, Any]) -> dict[str, Any]:
    return snapshot(redirects=list(hops))


def hop(url: str, status: int = 301, *pairs: tuple[str, str], defects: list[str] | None = None) -> dict[str, Any]:
    return {"url": url, "status": status, "headers": lines(*pairs), "defects": defects or []}


def cookie(**changes: Any) -> dict[str, Any]:
    return snapshot(cookies=[COOKIE | changes])


def values(found: Statements, field: str) -> list[str]:
    return [value for name, value, _ in found if name == field]


TARGETS = [
    ("https://www.example.co.uk/shop?a=b", "url", ["https://www.example.co.uk/shop?a=b"]),
    ("https://www.example.co.uk/shop?a=b", "host", ["www.example.co.uk"]),
    ("https://www.example.co.uk/shop?a=b", "domain", ["example.co.uk"]),
    ("https://www.example.co.uk/shop?a=b", "scheme", ["https"]),
    ("https://www.example.co.uk/shop?a=b", "port", ["443"]),
    ("https://www.example.co.uk/shop?a=b", "path", ["/shop"]),
    ("http://example.com/", "port", ["80"]),
    ("http://example.com/", "scheme", ["http"]),
    ("http://example.com/", "path", ["/"]),
    ("http://example.com:8080/a/b?c/d", "port", ["8080"]),
    ("http://example.com:8080/a/b?c/d", "path", ["/a/b"]),
    ("http://example.com:8080/a/b?c/d", "host", ["example.com"]),
    ("http://[2001:db8::1]:8080/", "host", ["[2001:db8::1]"]),
    ("http://[2001:db8::1]:8080/", "domain", ["[2001:db8::1]"]),
    ("http://[2001:db8::1]:8080/", "port", ["8080"]),
    ("http://192.0.2.1/", "domain", ["192.0.2.1"]),
    ("http://localhost/", "domain", ["localhost"]),
    ("http://a.b.github.io/", "domain", ["b.github.io"]),
    ("http://co.uk/", "domain", ["co.uk"]),
    ("http://www.example.com./", "host", ["www.example.com."]),
    ("http://www.example.com./", "domain", ["example.com"]),
    ("http://xn--bcher-kva.example/", "host", ["xn--bcher-kva.example"]),
    (
        "http://example.com/" + "a" * 1_000,
        "path",
        ["/" + "a" * 923 + "…{sha256:" + hashlib.sha256(b"/" + b"a" * 1_000).hexdigest() + "}"],
    ),
]

FIELDS: list[tuple[dict[str, Any], str, list[str]]] = [
    # The final response.
    (snapshot(), "status", ["200"]),
    (snapshot(response={"status": 404}), "status", ["404"]),
    (snapshot(), "reason", ["OK"]),
    (snapshot(response={"reason": ""}), "reason", []),
    (snapshot(), "http_version", ["1.1"]),
    (snapshot(response={"final_url": "https://b.example:8443/c"}), "final.url", ["https://b.example:8443/c"]),
    (snapshot(response={"final_url": "https://b.example:8443/c"}), "final.host", ["b.example"]),
    (snapshot(response={"final_url": "https://[::1]/"}), "final.host", ["[::1]"]),
    (snapshot(response={"remote_address": "2001:db8::1"}), "ip", ["2001:db8::1"]),
    (snapshot(), "media_type", ["text/html"]),
    (snapshot(body={"media_type": None}), "media_type", []),
    (snapshot(), "charset", ["utf-8"]),
    (snapshot(body={"charset": None}), "charset", []),
    (snapshot(), "body.sha256", ["0" * 64]),
    (snapshot(), "body.size", ["5"]),
    (snapshot(), "elapsed_ms", ["1.5"]),
    # Header lines.
    (headers(("Server", "nginx"), ("SERVER", "caddy")), "header.server", ["nginx", "caddy"]),
    (headers(("X-A", "1"), ("x-a", "1")), "header.x-a", ["1"]),
    (headers(("X-Empty", "")), "header.x-empty", [""]),
    (headers(("Date", DATE)), "header.date", ["{date}"]),
    (headers(("Set-Cookie", f"sid={HEX}; Secure")), "header.set-cookie", ["sid={hex:32}; Secure"]),
    (headers(("ETag", f'"{HEX}"')), "header.etag", ['"{hex:32}"']),
    (headers(("Strict-Transport-Security", "max-age=60")), "header.strict-transport-security", ["max-age=60"]),
    (headers(("X-Long", "a" * 1_000)), "header.x-long", ["a" * 1_000]),
    (
        headers(("X-Long", "a" * 1_001)),
        "header.x-long",
        ["a" * 924 + "…{sha256:" + hashlib.sha256(b"a" * 1_001).hexdigest() + "}"],
    ),
    (headers(("X-Odd: $.\0", "\xff\0\"'")), "header.x-odd: $.\0", ["\xff\0\"'"]),
    (headers(("", "no name")), "header.", ["no name"]),
    (headers(("Ä", "1")), "header.ä", ["1"]),
    (headers(("x.secure", "1")), "header.x.secure", ["1"]),
    # Redirects.
    (snapshot(), "redirects", ["0"]),
    (snapshot(), "redirect.url", []),
    (redirected(hop("http://a.example/"), hop("https://a.example/", 302)), "redirects", ["2"]),
    (
        redirected(hop("http://a.example/"), hop("https://a.example/")),
        "redirect.url",
        ["http://a.example/", "https://a.example/"],
    ),
    (redirected(hop("http://a.example/"), hop("https://a.example/", 302)), "redirect.status", ["301", "302"]),
    (redirected(hop("http://a.example/"), hop("https://a.example/")), "redirect.status", ["301"]),
    (redirected(hop("http://a.example/", 301, ("Location", "/b"))), "redirect.header.location", ["/b"]),
    (redirected(hop("http://a.example/", 301, ("Location", "/b"))), "header.location", []),
    (redirected(hop("http://a.example/", 301, ("Date", DATE))), "redirect.header.date", ["{date}"]),
    (redirected(hop("http://a.example/", defects=["a defect"])), "defect", ["a defect"]),
    # Cookies.
    (cookie(), "cookie.sid", ["path=/"]),
    (cookie(secure=True), "cookie.sid", ["secure; path=/"]),
    (cookie(http_only=True), "cookie.sid", ["httponly; path=/"]),
    (cookie(same_site="Lax"), "cookie.sid", ["samesite=lax; path=/"]),
    (cookie(host_only=False), "cookie.sid", ["domain=example.co.uk; path=/"]),
    (cookie(path="/a"), "cookie.sid", ["path=/a"]),
    (cookie(max_age=60), "cookie.sid", ["path=/; persistent"]),
    (cookie(max_age=0), "cookie.sid", ["path=/; persistent"]),
    (cookie(expires="2026-10-21T07:28:00.000Z"), "cookie.sid", ["path=/; persistent"]),
    (cookie(partitioned=True), "cookie.sid", ["path=/; partitioned"]),
    (
        cookie(secure=True, http_only=True, same_site="None", host_only=False, max_age=1, partitioned=True),
        "cookie.sid",
        ["secure; httponly; samesite=none; domain=example.co.uk; path=/; persistent; partitioned"],
    ),
    (cookie(), "cookie.sid.secure", ["false"]),
    (cookie(secure=True), "cookie.sid.secure", ["true"]),
    (cookie(), "cookie.sid.httponly", ["false"]),
    (cookie(http_only=True), "cookie.sid.httponly", ["true"]),
    (cookie(), "cookie.sid.samesite", ["unset"]),
    (cookie(same_site="Strict"), "cookie.sid.samesite", ["strict"]),
    (cookie(same_site="None"), "cookie.sid.samesite", ["none"]),
    (cookie(), "cookie.sid.accepted", ["true"]),
    (cookie(), "cookie.sid.reason", []),
    (cookie(accepted=False, reason="control character"), "cookie.sid.accepted", ["false"]),
    (cookie(accepted=False, reason="control character"), "cookie.sid.reason", ["control character"]),
    (cookie(), "cookie.sid.host_only", ["true"]),
    (cookie(host_only=False), "cookie.sid.host_only", ["false"]),
    (cookie(), "cookie.sid.partitioned", ["false"]),
    (cookie(partitioned=True), "cookie.sid.partitioned", ["true"]),
    (cookie(name="SID"), "cookie.sid", []),
    (cookie(name="SID"), "cookie.SID", ["path=/"]),
    (cookie(name="a.b"), "cookie.a.b", ["path=/"]),
    (cookie(name="a.secure"), "cookie.a\\.secure", ["path=/"]),
    (cookie(name="a.secure"), "cookie.a.secure", []),
    (cookie(name="a.secure"), "cookie.a\\.secure.secure", ["false"]),
    (cookie(name="a\\"), "cookie.a\\\\", ["path=/"]),
    (cookie(name=""), "cookie.", ["path=/"]),
    (snapshot(cookies=[COOKIE, COOKIE | {"path": "/a", "secure": True}]), "cookie.sid", ["path=/", "secure; path=/a"]),
    (snapshot(cookies=[COOKIE, COOKIE | {"path": "/a", "secure": True}]), "cookie.sid.secure", ["false", "true"]),
    (snapshot(cookies=[COOKIE, COOKIE | {"value": "other"}]), "cookie.sid", ["path=/"]),
    # The connection.
    (snapshot(), "tls.version", []),
    (snapshot(response={"tls": TLS}), "tls.version", ["TLSv1.3"]),
    (snapshot(response={"tls": TLS}), "tls.cipher", ["TLS_AES_256_GCM_SHA384"]),
    (snapshot(response={"tls": TLS}), "tls.issuer", ["countryName=US, organizationName=Let's Encrypt, commonName=R11"]),
    (snapshot(response={"tls": TLS}), "tls.subject", ["commonName=example.co.uk"]),
    (snapshot(response={"tls": TLS}), "tls.name", ["example.co.uk", "*.example.co.uk"]),
    (snapshot(response={"tls": TLS}), "tls.sha256", [HEX * 2]),
    (snapshot(response={"tls": TLS}), "tls.not_after", ["2026-04-01T00:00:00.000Z"]),
    (snapshot(response={"tls": TLS | {"not_after": None, "subject": ""}}), "tls.not_after", []),
    (snapshot(response={"tls": TLS | {"not_after": None, "subject": ""}}), "tls.subject", []),
    (snapshot(response={"tls": {name: TLS[name] for name in TLS if name != "sha256"}}), "tls.sha256", []),
    # The page.
    (snapshot(), "title", ["A shop"]),
    (snapshot(), "generator", ["WordPress 6.4"]),
    (snapshot(), "script.host", ["cdn.example"]),
    (snapshot(), "link.host", ["css.example"]),
    (snapshot(), "image.host", ["img.example"]),
    (snapshot(), "frame.host", ["frame.example"]),
    (snapshot(), "form.host", ["form.example"]),
    (snapshot(), "script.inline", ["1"]),
    # What went wrong.
    (snapshot(), "failure", []),
    (snapshot(), "defect", []),
    (snapshot(response={"defects": ["one", "two", "one"]}), "defect", ["one", "two"]),
    (snapshot(), "tag", []),
]


@pytest.mark.parametrize(("url", "field", "expected"), TARGETS)
def test_a_target_has_the_parts_of_its_url(url: str, field: str, expected: list[str]) -> None:
    for found in (of_snapshot(target(url), content(url)), of_failure(target(url), None)):
        assert values(found, field) == expected


@pytest.mark.parametrize(("content_", "field", "expected"), FIELDS)
def test_a_snapshot_says_what_its_fields_are(content_: dict[str, Any], field: str, expected: list[str]) -> None:
    page = read(PAGE, URL)

    assert values(of_snapshot(target(), content_, page), field) == expected
    assert values(of_snapshot(target(), content_ | {"page": document_of(page)}), field) == expected


@pytest.mark.parametrize(
    ("member", "gone"),
    [("headers", "header."), ("redirects", "redirect."), ("cookies", "cookie."), ("body", "media_type"), ("response", "")],
)
def test_a_snapshot_without_a_member_says_nothing_of_it(member: str, gone: str) -> None:
    whole = snapshot()
    del whole[member]

    assert not [each for each in of_snapshot(target(), whole) if each.field.startswith(gone)]


def test_pages_of_a_site_have_one_object_in_common_though_volatile_lines_differ() -> None:
    ours, other = (
        of_snapshot(target(f"https://a.example/{age}"), headers(("Age", age), ("Server", "nginx"))) for age in ("17", "18")
    )

    assert ours.common is other.common
    assert {each.field for each in ours.own} >= {"url", "path", "final.url", "body.sha256"}
    assert not {each.field for each in ours.own} & {each.field for each in ours.common.statements}


def test_a_head_of_many_lines_is_not_kept_for_others() -> None:
    found = of_snapshot(target(), headers(*((f"x-{n}", "1") for n in range(extraction.MAX_COMMON))))

    assert not found.common.statements
    assert values(found, "header.x-0") == ["1"]


def test_size_and_time_are_numbers_of_the_latest_snapshot_alone() -> None:
    found = of_snapshot(target(), snapshot())

    assert list(found.latest) == [("body.size", "5", False), ("elapsed_ms", "1.5", False)]
    assert not {each.field for each in found.latest} & {each.field for each in (*found.own, *found.common.statements)}


def test_what_has_a_shape_in_place_of_its_value_is_volatile() -> None:
    found = of_snapshot(target(), headers(("Date", DATE), ("Server", "nginx")))

    assert [each for each in found if each.volatile] == [("header.date", "{date}", True)]


@pytest.mark.parametrize(
    ("field", "volatility", "value"),
    [
        ("title", Volatility.SHAPE, "Visitor {number}"),
        ("title", Volatility.TEXT, "{text}"),
        ("header.x-count", Volatility.SHAPE, "{number}"),
        ("header.x-count", Volatility.TEXT, "{text}"),
        ("ip", Volatility.SHAPE, "{number}"),
        ("body.sha256", Volatility.SHAPE, "{hex:64}"),
    ],
)
def test_what_is_volatile_for_a_target_has_a_shape(field: str, volatility: Volatility, value: str) -> None:
    page = read("<title>Visitor 1234</title>", URL)
    found = of_snapshot(target(), headers(("X-Count", "17")), page, {field: volatility})

    assert {each for each in found if each.field == field} == {(field, value, True)}


def test_a_failure_says_which_it_was_and_what_its_target_is() -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    failure = Failure("dns_failure", "There is no such name.", True, 1, now, now)

    found = of_failure(target("http://a.example/"), failure)

    assert set(found) == {
        ("url", "http://a.example/", False),
        ("host", "a.example", False),
        ("domain", "a.example", False),
        ("scheme", "http", False),
        ("port", "80", False),
        ("path", "/", False),
        ("failure", "dns_failure", False),
    }


def test_of_the_weather_nothing_is_observed_but_its_failures() -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    zurich = Target("weather", "zurich, ch", "api.weather.example")

    assert not of_snapshot(zurich, weather_content("Zurich"))
    assert list(of_failure(zurich, Failure("timeout", "", False, 1, now, now))) == [("failure", "timeout", False)]


@pytest.mark.parametrize(
    ("members", "limit", "field", "what"),
    [
        ({"headers": lines(*((f"x-{n}", "1") for n in range(1_001)))}, MAX_LINES, "header.", "header lines"),
        ({"cookies": [COOKIE | {"name": f"c{n}"} for n in range(251)]}, extraction.MAX_COOKIES, ".secure", "cookies"),
        ({"redirects": [hop("http://a.example/")] * 101}, extraction.MAX_REDIRECTS, "redirect.header.x", "redirects"),
        (
            {"redirects": [hop("http://a.example/", 301, *((f"x-{n}", "1") for n in range(501)))] * 2},
            MAX_LINES,
            "none",
            "header lines of redirects",
        ),
    ],
)
def test_of_many_things_the_first_are_observed_and_a_defect_says_so(
    members: dict[str, Any], limit: int, field: str, what: str
) -> None:
    found = of_snapshot(target(), snapshot(**members))

    assert sum(field in each.field for each in found) in (0, limit)
    assert values(found, "defect") == [f"the snapshot has more than {limit:,} {what}; the first are indexed"]


def test_of_many_defects_the_first_are_observed() -> None:
    found = of_snapshot(target(), snapshot(response={"defects": [f"defect {n}" for n in range(101)]}))

    assert values(found, "defect")[99:] == ["defect 99", "the snapshot has more than 100 defects; the first are indexed"]
