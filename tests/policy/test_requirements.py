"""Each kind of requirement, on lines as servers send them, and as nobody should."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from inventory.policy.judging import MAX_EVIDENCE
from inventory.policy.model import State
from tests.growth import assert_linear
from tests.policy.snapshots import AT, URL, cookie, finding, page, state

HSTS = "Strict-Transport-Security"
HOLDS, FAILS = State.HOLDS, State.FAILS
ONE_YEAR: dict[str, Any] = {"header": HSTS, "directive": "max-age", "min": 31536000, "lines": "first"}
REFERRER = {"header": "referrer-policy", "split": ",", "known": ["no-referrer", "unsafe-url"], "lines": "last"}
NOSNIFF = {"header": "x-content-type-options", "equals": "nosniff"}


@pytest.mark.parametrize(
    ("require", "lines", "wanted"),
    [
        ({"header": "X-One", "present": True}, [("x-one", "")], HOLDS),
        ({"header": "x-one", "present": True}, [("x-two", "1")], FAILS),
        ({"header": "x-one", "absent": True}, [("x-two", "1")], HOLDS),
        ({"header": "x-one", "absent": True}, [("X-ONE", "1")], FAILS),
        ({"header": "x-one", "present": False}, [("X-ONE", "1")], FAILS),
        (NOSNIFF, [("X-Content-Type-Options", " NoSniff\t")], HOLDS),
        (NOSNIFF, [("X-Content-Type-Options", "no-sniff")], FAILS),
        (NOSNIFF, [], FAILS),
        (NOSNIFF | {"optional": True}, [], HOLDS),
        (NOSNIFF | {"optional": True}, [("X-Content-Type-Options", "")], FAILS),
        (NOSNIFF, [("X-Content-Type-Options", "nosniff"), ("X-Content-Type-Options", "x")], FAILS),
        (NOSNIFF | {"lines": "any"}, [("X-Content-Type-Options", "x"), ("X-Content-Type-Options", "nosniff")], HOLDS),
        (NOSNIFF | {"lines": "any"}, [("X-Content-Type-Options", "x"), ("X-Content-Type-Options", "y")], FAILS),
        (NOSNIFF | {"lines": "first"}, [("X-Content-Type-Options", "x"), ("X-Content-Type-Options", "nosniff")], FAILS),
        (NOSNIFF | {"lines": "last"}, [("X-Content-Type-Options", "x"), ("X-Content-Type-Options", "nosniff")], HOLDS),
        (NOSNIFF | {"split": ",", "lines": "first"}, [("X-Content-Type-Options", "nosniff, nosniff")], HOLDS),
        ({"header": "server", "one_of": ["nginx", "caddy"]}, [("Server", "Caddy")], HOLDS),
        ({"header": "server", "one_of": "nginx"}, [("Server", "nginx/1")], FAILS),
        ({"header": "server", "matches": ["apache*", "nginx/?.*"]}, [("Server", "nginx/1.25")], HOLDS),
        ({"header": "server", "matches": "nginx/?.*"}, [("Server", "nginx/12.1")], FAILS),
        ({"header": "server", "none_of": "*/*", "optional": True}, [("Server", "nginx/12.1")], FAILS),
        ({"header": "server", "none_of": "*/*", "optional": True}, [], HOLDS),
        ({"header": "x", "matches": r"a\*b"}, [("x", "a*b")], HOLDS),
        ({"header": "x", "matches": r"a\*b"}, [("x", "aab")], FAILS),
        ({"header": "x-limit", "max": 10}, [("x-limit", "10")], HOLDS),
        ({"header": "x-limit", "max": 10}, [("x-limit", "11")], FAILS),
        ({"header": "x-limit", "max": 10}, [("x-limit", "ten")], FAILS),
        ({"header": "x-limit", "min": 1}, [("x-limit", "٣")], FAILS),
        ({"header": "x-limit", "min": 1}, [("x-limit", "9" * 400)], FAILS),
        ({"header": "x-limit", "min": -5}, [("x-limit", "-4")], HOLDS),
        (ONE_YEAR, [(HSTS, "max-age=31536000; includeSubDomains")], HOLDS),
        (ONE_YEAR, [(HSTS, 'includeSubDomains ; MAX-AGE = "63072000"')], HOLDS),
        (ONE_YEAR, [(HSTS, "max-age=31535999")], FAILS),
        (ONE_YEAR, [(HSTS, "max-age=0"), (HSTS, "max-age=31536000")], FAILS),
        (ONE_YEAR, [(HSTS, "max-age=31536000"), (HSTS, "max-age=0")], HOLDS),
        (ONE_YEAR, [(HSTS, "max-age=1; max-age=31536000")], FAILS),
        (ONE_YEAR, [(HSTS, "x-max-age=31536000")], FAILS),
        (ONE_YEAR, [(HSTS, "\xff\x00;=;;max-age")], FAILS),
        ({"header": HSTS, "directive": "preload", "absent": True}, [(HSTS, "max-age=1; preload")], FAILS),
        ({"header": HSTS, "directive": "preload", "absent": True}, [(HSTS, "max-age=1")], HOLDS),
        ({"header": HSTS, "directive": "preload", "absent": True}, [], HOLDS),
        ({"header": "cache-control", "directive": "no-store", "present": True}, [("Cache-Control", "a=1, No-Store")], HOLDS),
        (
            {"header": "permissions-policy", "directive": "camera", "equals": "()"},
            [("Permissions-Policy", "camera=()")],
            HOLDS,
        ),
        (REFERRER | {"equals": "no-referrer"}, [("Referrer-Policy", "unsafe-url, no-referrer, newest")], HOLDS),
        (
            REFERRER | {"equals": "no-referrer"},
            [("Referrer-Policy", "no-referrer"), ("Referrer-Policy", "unsafe-url")],
            FAILS,
        ),
        (REFERRER | {"equals": "no-referrer"}, [("Referrer-Policy", "newest")], FAILS),
        ({"all": [NOSNIFF, {"header": "a", "absent": True}]}, [("X-Content-Type-Options", "nosniff")], HOLDS),
        ({"all": [NOSNIFF, {"header": "a", "absent": True}]}, [("a", "")], FAILS),
        ({"any": [NOSNIFF, {"header": "a", "absent": True}]}, [], HOLDS),
        ({"any": [NOSNIFF, {"header": "a", "absent": True}]}, [("a", "")], FAILS),
        ({"not": {"header": "a", "present": True}}, [("a", "")], FAILS),
        ({"not": {"header": "a", "present": True}}, [], HOLDS),
    ],
)
def test_a_header_is_judged_line_by_line(require: Any, lines: Sequence[tuple[str, str]], wanted: State) -> None:
    assert state(require, page(*lines)) is wanted


def test_evidence_names_the_line_and_the_hop() -> None:
    require = {"header": "x-powered-by", "absent": True, "hops": "every"}
    first = ("http://shop.example/", [("A", "1"), ("X-Powered-By", "PHP/5")])

    [on_the_way, at_the_end] = finding(require, page(("X-Powered-By", "PHP/8"), redirects=[first])).evidence

    assert (on_the_way.hop, on_the_way.line) == (1, 2)
    assert (on_the_way.name, on_the_way.value, on_the_way.problem) == ("x-powered-by", "PHP/5", "the value is there")
    assert (at_the_end.hop, at_the_end.line, at_the_end.value) == (2, 1, "PHP/8")


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({}, HOLDS),
        ({"hops": "final"}, HOLDS),
        ({"hops": "first"}, FAILS),
        ({"hops": "redirects"}, FAILS),
        ({"hops": "every"}, FAILS),
        ({"hops": "every", "scheme": "https"}, HOLDS),
    ],
)
def test_the_rule_says_which_hops_count(how: dict[str, Any], wanted: State) -> None:
    sent = (HSTS, "max-age=31536000")
    seen = page(sent, redirects=[("http://shop.example/", []), ("https://shop.example/a", [sent])])

    assert state(ONE_YEAR | how, seen) is wanted


@pytest.mark.parametrize(
    ("require", "cookies", "wanted"),
    [
        ({"cookie": "sid", "present": True}, [cookie("sid")], HOLDS),
        ({"cookie": "sid", "present": True}, [], FAILS),
        ({"cookie": "track*", "absent": True}, [cookie("Tracker")], FAILS),
        ({"cookie": "track*", "absent": True}, [cookie("sid")], HOLDS),
        ({"cookie": "*", "attribute": "secure", "equals": True}, [], HOLDS),
        ({"cookie": "*", "attribute": "secure", "equals": True}, [cookie("a"), cookie("b", secure=False)], FAILS),
        ({"cookie": "a", "attribute": "secure", "equals": "true"}, [cookie("a"), cookie("b", secure=False)], HOLDS),
        ({"cookie": "*", "attribute": "same_site", "present": True}, [cookie("a", same_site=None)], FAILS),
        ({"cookie": "*", "attribute": "same_site", "one_of": ["lax", "strict"]}, [cookie("a", same_site="None")], FAILS),
        ({"cookie": "*", "attribute": "same_site", "one_of": ["lax"]}, [cookie("a", same_site=None)], FAILS),
        (
            {"cookie": "*", "attribute": "same_site", "one_of": ["lax"], "optional": True},
            [cookie("a", same_site=None)],
            HOLDS,
        ),
        ({"cookie": "*", "attribute": "lifetime", "max": 60}, [cookie("a", max_age=61)], FAILS),
        ({"cookie": "*", "attribute": "lifetime", "max": 60}, [cookie("a", expires="2026-01-31T12:01:00.000Z")], HOLDS),
        ({"cookie": "*", "attribute": "lifetime", "max": 60}, [cookie("a", expires="2026-01-31T12:01:01.000Z")], FAILS),
        ({"cookie": "*", "attribute": "lifetime", "absent": True}, [cookie("a")], HOLDS),
        ({"cookie": "*", "attribute": "lifetime", "absent": True}, [cookie("a", max_age=1)], FAILS),
        ({"cookie": "*", "attribute": "accepted", "equals": True}, [cookie("a", accepted=False)], FAILS),
        ({"cookie": "*", "attribute": "secure", "equals": True}, [{"name": 7}, None, "x"], FAILS),
    ],
)
def test_each_cookie_that_is_meant_is_judged(require: Any, cookies: Sequence[Any], wanted: State) -> None:
    assert state(require, page(cookies=cookies)) is wanted


def test_the_value_of_a_cookie_is_never_shown() -> None:
    seen = page(("Set-Cookie", "sid=secret"), cookies=[cookie("sid", secure=False)])

    of_cookie = finding({"cookie": "*", "attribute": "secure", "equals": True}, seen)
    of_line = finding({"header": "set-cookie", "absent": True}, seen)

    assert "secret" not in repr(of_cookie.evidence) + repr(of_line.evidence)
    assert of_cookie.evidence[0].name == "sid"


@pytest.mark.parametrize("set_by", [0, "http://shop.example/"])
def test_a_cookie_is_of_the_hop_that_set_it(set_by: object) -> None:
    seen = page(redirects=[("http://shop.example/", [])], cookies=[cookie("a", secure=False, set_by=set_by)])
    require = {"cookie": "*", "attribute": "secure", "equals": True}

    assert finding(require, seen).evidence[0].hop == 1
    assert state(require | {"hops": "final"}, seen) is HOLDS


TLS = {
    "version": "TLSv1.3", "cipher": "x", "subject": "CN=shop.example", "issuer": "CN=R3, O=Encrypt",
    "names": ["shop.example"],
    "not_before": "2025-12-31T12:00:00.000Z", "not_after": "2026-02-14T12:00:00.000Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("require", "tls", "wanted"),
    [
        ({"certificate": "days_left", "min": 14}, TLS, HOLDS),
        ({"certificate": "days_left", "min": 15}, TLS, FAILS),
        ({"certificate": "days_left", "min": 14}, None, State.UNKNOWN),
        ({"certificate": "sha256", "absent": True}, None, State.UNKNOWN),
        ({"certificate": "days_left", "min": 14}, TLS | {"not_after": None}, FAILS),
        ({"certificate": "lifetime_days", "max": 45}, TLS, HOLDS),
        ({"certificate": "lifetime_days", "max": 44}, TLS, FAILS),
        ({"certificate": "issuer", "matches": "*o=encrypt*"}, TLS, HOLDS),
        ({"certificate": "names", "matches": "*.example"}, TLS, HOLDS),
        ({"certificate": "names", "none_of": "shop.*"}, TLS, FAILS),
        ({"certificate": "version", "one_of": ["TLSv1.2", "TLSv1.3"]}, TLS, HOLDS),
        ({"certificate": "sha256", "present": True}, TLS, FAILS),
    ],
)
def test_the_certificate_is_judged(require: Any, tls: Any, wanted: State) -> None:
    seen = page()
    seen["response"]["tls"] = tls

    assert state(require, seen) is wanted


def test_a_page_without_encryption_has_no_certificate() -> None:
    seen = page()
    seen["response"] |= {"tls": None, "final_url": "http://shop.example/"}

    assert state({"certificate": "days_left", "min": 14}, seen) is FAILS
    assert state({"certificate": "sha256", "absent": True}, seen) is HOLDS


def test_a_certificate_is_judged_as_of_the_instant_that_is_asked_about() -> None:
    seen = page()
    seen["response"]["tls"] = TLS

    assert state({"certificate": "days_left", "min": 15}, seen, at=AT.replace(day=29)) is HOLDS
    assert state({"certificate": "days_left", "min": 0}, seen, at=AT.replace(month=3, day=1)) is FAILS


@pytest.mark.parametrize(
    ("require", "urls", "wanted"),
    [
        ({"response": "status", "equals": 200}, [URL], HOLDS),
        ({"response": "status", "one_of": [301, 308], "hops": "redirects"}, ["http://a.example/", URL], HOLDS),
        ({"response": "status", "one_of": [308], "hops": "redirects"}, ["http://a.example/", URL], FAILS),
        ({"response": "scheme", "equals": "https", "hops": "every"}, ["http://a.example/", URL], FAILS),
        ({"response": "host", "matches": "*.example"}, [URL], HOLDS),
        ({"response": "redirects", "max": 1}, ["http://a.example/", "http://b.example/", URL], FAILS),
        ({"response": "redirection", "equals": "https"}, [URL], HOLDS),
        ({"response": "redirection", "equals": "none"}, ["http://a.example/"], HOLDS),
        ({"response": "redirection", "equals": "https"}, ["http://shop.example/", URL], HOLDS),
        ({"response": "redirection", "equals": "https-of-another-host"}, ["http://a.example/", URL], HOLDS),
        ({"response": "redirection", "equals": "http"}, ["http://a.example/", "http://b.example/", URL], HOLDS),
        ({"response": "redirection", "equals": "not-https"}, ["http://a.example/", "http://b.example/"], HOLDS),
        ({"response": "media_type", "equals": "text/html"}, [URL], HOLDS),
        ({"response": "remote_address", "present": True}, [URL], HOLDS),
        ({"response": "host", "present": True}, ["https://[broken"], FAILS),
    ],
)
def test_facts_of_the_response_are_judged(require: Any, urls: Sequence[str], wanted: State) -> None:
    seen = page(url=urls[-1], redirects=[(url, []) for url in urls[:-1]])

    assert state(require, seen) is wanted


HTML: dict[str, Any] = {"title": None, "generators": [], "inline_scripts": 0, "defects": []}
HOSTS = HTML | {"hosts": {"script": ["cdn.shop.example", "evil.example"], "form": ["shop.example"]}}


@pytest.mark.parametrize(
    ("require", "kept", "wanted"),
    [
        ({"hosts": "script", "third_party": True, "absent": True}, HOSTS, FAILS),
        ({"hosts": "form", "third_party": True, "absent": True}, HOSTS, HOLDS),
        ({"hosts": "any", "third_party": True, "matches": ["evil.*"]}, HOSTS, HOLDS),
        ({"hosts": ["script", "form"], "matches": "*shop.example"}, HOSTS, FAILS),
        ({"hosts": "image", "present": True}, HOSTS, FAILS),
        ({"hosts": "any", "absent": True}, None, State.UNKNOWN),
    ],
)
def test_hosts_that_the_page_loads_from_are_judged(require: Any, kept: Any, wanted: State) -> None:
    assert state(require, page(page=kept)) is wanted


@pytest.mark.parametrize("how", ["kept", "looked at"])
@pytest.mark.parametrize(
    ("require", "wanted"),
    [
        ({"hosts": "image", "absent": True}, State.UNKNOWN),
        ({"hosts": "form", "third_party": True, "absent": True}, State.UNKNOWN),
        ({"hosts": "script", "absent": True}, FAILS),
        ({"hosts": "script", "present": True}, HOLDS),
        ({"hosts": "image", "present": True}, State.UNKNOWN),
        ({"hosts": "script", "present": True, "matches": "*.example"}, State.UNKNOWN),
        ({"hosts": "script", "matches": "*.example"}, State.UNKNOWN),
        ({"hosts": "script", "matches": "*.shop.example"}, FAILS),
        ({"not": {"hosts": "image", "absent": True}}, State.UNKNOWN),
    ],
)
def test_of_a_page_that_is_known_in_part_only_what_it_shows_decides(require: Any, wanted: State, how: str) -> None:
    defects = ["the page has more than 1,000 hosts of images; the first are kept"] if how == "looked at" else []
    seen = page(page=HOSTS | {"defects": [*defects, "the title of the page has more than 1,000 characters; …"]})
    seen["body"]["truncated"] = how == "kept"

    assert state(require, seen) is wanted


def test_what_is_cut_before_anybody_could_tell_that_it_is_html_may_be_a_page() -> None:
    seen = page(page=None)
    seen["body"] |= {"media_type": None, "truncated": True}

    assert state({"hosts": "any", "absent": True}, seen) is State.UNKNOWN


def test_what_is_missing_of_other_things_than_hosts_changes_nothing_of_them() -> None:
    title, generators = "the title of the page has more than 1,000 characters; …", "30 generators were received; …"

    assert state({"hosts": "image", "absent": True}, page(page=HOSTS | {"defects": [title, generators]})) is HOLDS


def test_what_is_no_html_loads_nothing() -> None:
    seen = page(page=None)
    seen["body"]["media_type"] = "image/png"

    assert state({"hosts": "any", "absent": True}, seen) is HOLDS


def test_what_is_not_known_neither_holds_nor_fails_unless_the_rest_decides() -> None:
    unknown, wrong, right = (
        {"hosts": "any", "absent": True},
        {"header": "a", "present": True},
        {"header": "a", "absent": True},
    )

    assert state({"all": [unknown, wrong]}, page()) is FAILS
    assert state({"all": [unknown, right]}, page()) is State.UNKNOWN
    assert state({"any": [unknown, right]}, page()) is HOLDS
    assert state({"any": [unknown, wrong]}, page()) is State.UNKNOWN
    assert state({"not": unknown}, page()) is State.UNKNOWN


def test_evidence_is_bounded_and_the_rest_is_counted() -> None:
    found = finding({"header": "x", "absent": True}, page(*[("x", "y" * 10_000)] * 1_000))

    assert len(found.evidence) == MAX_EVIDENCE
    assert found.omitted == 1_000 - MAX_EVIDENCE
    assert len(found.evidence[0].value) < 300


@pytest.mark.parametrize("glob", ["*a*a*a*a*a*a*a*a*a*b", "?*?*?*?*?*?*b", "*" * 100 + "b"])
def test_a_glob_takes_time_in_proportion_to_the_value(glob: str) -> None:
    assert state({"header": "x", "matches": glob}, page(("x", "a" * 100_000))) is FAILS
    assert_linear(
        lambda seen: state({"header": "x", "matches": glob}, seen), lambda size: page(("x", "a" * size)), small=6_000
    )


@pytest.mark.parametrize("member", ["headers", "redirects", "cookies", "body", "page"])
@pytest.mark.parametrize("damaged", [None, 7, "x", [None, 7, {}], {"a": 1}])
def test_any_content_is_judged(member: str, damaged: Any) -> None:
    seen = page() | {member: damaged}
    if member == "redirects":
        seen["redirects"] = damaged if isinstance(damaged, list) else []
        seen["redirects"] = [each for each in seen["redirects"] if isinstance(each, dict) and "url" in each]
    everything = [
        ONE_YEAR | {"hops": "every"},
        {"cookie": "*", "attribute": "secure", "equals": True},
        {"csp": "script-src", "forbids": "*", "hops": "every"},
        {"certificate": "names", "present": True},
        {"response": "media_type", "present": True},
        {"hosts": "any", "third_party": True, "absent": True},
    ]

    assert state({"all": everything}, seen) is FAILS
