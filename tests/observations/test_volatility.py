"""Which fields are volatile, by their names and by what happened to them."""

from __future__ import annotations

import pytest

from inventory.observations.volatility import Volatility, may_be_volatile, next_volatility, observed, shown_volatility
from tests.growth import assert_linear

EXACT, SHAPE, TEXT = Volatility.EXACT, Volatility.SHAPE, Volatility.TEXT
HEX = "d41d8cd98f00b204e9800998ecf8427e"
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"

NAMED = [
    ("date", DATE, "{date}"),
    ("expires", "-1", "{number}"),
    ("expires", DATE, "{date}"),
    ("last-modified", DATE, "{date}"),
    ("age", "17", "{number}"),
    ("content-length", "1256", "{number}"),
    ("etag", f'"{HEX}"', '"{hex:32}"'),
    ("etag", 'W/"5f3a-61b"', 'W/"{base64:8}"'),
    ("etag", HEX, "{hex:32}"),
    ("etag", '""', '""'),
    ("x-request-id", "550e8400-e29b-41d4-a716-446655440000", "{uuid}"),
    ("request-id", HEX, "{hex:32}"),
    ("x-amzn-requestid", HEX, "{hex:32}"),
    ("x-amz-request-id", "4442587FB7D0A2F9", "{hex:16}"),
    ("x-correlation-id", "two words", "{text}"),
    ("x-b3-traceid", HEX, "{hex:32}"),
    ("x-csrf-token", "Zz0=", "{base64:4}"),
    ("x-ms-client-request-id", HEX, "{hex:32}"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "{base64:55}"),
    ("cf-ray", "8a1b2c3d4e5f6a7b-FRA", "{base64:20}"),
    ("x-cache", "HIT", "{text}"),
    ("x-served-by", "cache-fra-eddf8230025-FRA", "{text}"),
    ("server-timing", 'cdn-cache; desc=HIT, edge; dur="1"', "{text}"),
    (
        "report-to",
        '{"endpoints":[{"url":"https://a.example/?s=1"}]}',
        '{"endpoints":[{"url":"https://a.example/?s={text}"}]}',
    ),
    ("set-cookie", f"sid={HEX}", "sid={hex:32}"),
    (
        "set-cookie",
        f"sid={HEX}; Expires={DATE}; Max-Age=60; Path=/; Secure",
        "sid={hex:32}; Expires={date}; Max-Age=60; Path=/; Secure",
    ),
    ("set-cookie", "sid=; expires=0; Secure", "sid=; expires={number}; Secure"),
    ("set-cookie", 'a="b c"', "a={text}"),
    ("set-cookie", "secret", "{base64:6}"),
    ("set-cookie", "", ""),
    ("content-security-policy", "script-src 'self' 'nonce-dGVzdA=='", "script-src 'self' 'nonce-{base64:8}'"),
    (
        "content-security-policy",
        "script-src 'Nonce-abc' 'nonce-def'; a",
        "script-src 'Nonce-{base64:3}' 'nonce-{base64:3}'; a",
    ),
    ("content-security-policy-report-only", "script-src 'nonce-abc'", "script-src 'nonce-{base64:3}'"),
    (
        "www-authenticate",
        'Digest realm="a", nonce="abcd", opaque=ef',
        'Digest realm="a", nonce="{base64:4}", opaque={base64:2}',
    ),
    ("link", "</a.css>; rel=preload; nonce=abc", "</a.css>; rel=preload; nonce={base64:3}"),
]

STEADY = [
    ("content-security-policy", "default-src 'self'"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("server", "nginx/1.25.3"),
    ("location", "https://example.com/?t=1769860800"),
    ("link", "</a.css>; rel=preload"),
    ("nel", '{"report_to":"a","max_age":604800}'),
    ("x-ratelimit-limit", "60"),
    ("cache-control", "max-age=60"),
    ("x-identity", "1"),
    ("", "1"),
]


@pytest.mark.parametrize(("name", "value", "expected"), NAMED)
@pytest.mark.parametrize("prefix", ["header", "redirect.header"])
def test_a_header_that_is_volatile_by_its_name_has_a_shape(prefix: str, name: str, value: str, expected: str) -> None:
    assert observed(f"{prefix}.{name}", value) == (expected, expected != value)


@pytest.mark.parametrize(("name", "value"), STEADY)
def test_other_headers_are_observed_as_they_were_sent(name: str, value: str) -> None:
    assert observed(f"header.{name}", value) == (value, False)


@pytest.mark.parametrize("field", ["title", "url", "tls.issuer", "cookie.date", "xheader.date", "header", "a.header.date"])
def test_other_fields_are_not_volatile_by_their_names(field: str) -> None:
    assert observed(field, DATE) == (DATE, False)


def test_of_a_field_that_is_volatile_by_its_history_the_shape_is_observed_and_then_nothing_but_that_it_is_there() -> None:
    assert observed("title", "Visitor 12", EXACT) == ("Visitor 12", False)
    assert observed("title", "Visitor 12", SHAPE) == ("Visitor {number}", True)
    assert observed("title", "Visitor 12", TEXT) == ("{text}", True)


def sets(*values: str) -> list[frozenset[str]]:
    """What was observed in one collection after the other; an empty text for nothing."""
    return [frozenset(filter(None, value.split(","))) for value in values]


@pytest.mark.parametrize(
    ("now", "history", "then"),
    [
        (EXACT, sets("a", "b", "c", "d"), SHAPE),
        (EXACT, sets("a", "b", "a", "b"), SHAPE),
        (EXACT, sets("a", "a", "b", "c", "d"), SHAPE),
        (SHAPE, sets("a", "b", "c", "d"), TEXT),
        (TEXT, sets("a", "b", "c", "d"), TEXT),
        (EXACT, sets("a,b", "a,c", "a,d", "a,e"), SHAPE),
        (EXACT, sets("b", "c", "d"), EXACT),
        (EXACT, sets(), EXACT),
        (EXACT, sets("a", "a", "c", "d"), EXACT),
        (EXACT, sets("a", "b", "b", "d"), EXACT),
        (EXACT, sets("a", "b", "c", "c"), EXACT),
        (SHAPE, sets("a", "b", "c", "c"), SHAPE),
        (SHAPE, sets("a", "a", "a", "a"), SHAPE),
        (EXACT, sets("a", "", "a", ""), EXACT),
        (EXACT, sets("", "b", "c", "d"), EXACT),
    ],
)
def test_a_field_that_changed_in_each_of_the_last_three_collections_is_volatile(
    now: Volatility, history: list[frozenset[str]], then: Volatility
) -> None:
    assert next_volatility("title", now, history) is then


@pytest.mark.parametrize("field", ["url", "status", "failure", "tls.not_after", "tag", "cookie.a", "cookie.a.secure"])
def test_some_fields_are_never_volatile(field: str) -> None:
    assert next_volatility(field, EXACT, sets("a", "b", "c", "d")) is EXACT
    assert not may_be_volatile(field)


@pytest.mark.parametrize(("field", "most"), [("title", 8), ("header.x-a", 8), ("header.set-cookie", 5)])
def test_a_field_that_changes_each_time_is_soon_seen_not_to_change(field: str, most: int) -> None:
    """Whatever its values are, and although nothing but its observations is kept."""
    seen: list[tuple[str, bool]] = []
    history: list[frozenset[str]] = []
    changes = 0
    for word in "abcdefghijklmnopqrstuvwxyz":
        volatility = shown_volatility(field, seen[-1:])
        seen.append(observed(field, f"{word}=; path=/", volatility))
        history.append(frozenset([seen[-1][0]]))
        then = next_volatility(field, volatility, history)
        if then is not volatility:
            seen[-1] = observed(field, f"{word}=; path=/", then)
            history = [frozenset([seen[-1][0]])]
        changes += len(seen) < 2 or seen[-1] != seen[-2]

    assert seen[-1] == ("{text}", True)
    assert changes < most


@pytest.mark.parametrize(
    ("field", "current", "shown"),
    [
        ("title", [], EXACT),
        ("title", [("a", False)], EXACT),
        ("title", [("a", True)], SHAPE),
        ("title", [("{number}", True)], SHAPE),
        ("title", [("{text}", True)], TEXT),
        ("title", [("{text}", False)], EXACT),
        ("header.date", [("{date}", True)], EXACT),
        ("header.date", [("{text}", True)], TEXT),
    ],
)
def test_the_volatility_of_a_field_is_seen_from_what_is_observed_of_it(
    field: str, current: list[tuple[str, bool]], shown: Volatility
) -> None:
    assert shown_volatility(field, current) is shown


def test_a_header_that_is_volatile_by_its_name_and_changes_its_shape_too_is_only_there() -> None:
    assert next_volatility("header.etag", EXACT, sets("a", "b", "c", "d")) is TEXT


HOSTILE = {
    "header.set-cookie": ["; expires=", ";" + " " * 20, "a=", ";expires =a;"],
    "header.content-security-policy": ["'nonce-", "'nonce-a' ", "'"],
    "header.link": ["nonce=", 'nonce="', "opaque=a;", "nonce"],
    "header.etag": ['"', 'a"', "W/"],
}


@pytest.mark.parametrize(("field", "piece"), [(field, piece) for field, pieces in HOSTILE.items() for piece in pieces])
def test_what_a_volatile_value_costs_is_in_proportion_to_its_length(field: str, piece: str) -> None:
    assert_linear(lambda value: observed(field, value), lambda size: piece * size, small=5_000)
