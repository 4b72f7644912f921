"""Whatever a snapshot has: it is read, in bounds, in linear time, and the same way each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.html_pages.page import kept_page, page_of
from inventory.observations.cookies import ATTRIBUTES, field_of, name_of
from inventory.observations.extraction import of_snapshot
from inventory.observations.texts import MAX_BYTES, bounded, text_of
from inventory.observations.volatility import Volatility
from inventory.records.model import Target
from tests.fakes import content
from tests.growth import assert_linear

URL = "https://example.com/"
TARGET = Target("webpage", URL, "example.com")
TEXT = st.text(st.characters(codec=None)) | st.text(alphabet='\0\ud800\udfff\xff "$.:\\{}', max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary()
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=8
)
NAMES = (
    *(
        "name",
        "value",
        "url",
        "status",
        "headers",
        "defects",
        "reason",
        "tls",
        "names",
        "sha256",
        "domain",
        "path",
        "secure",
    ),
    *("same_site", "max_age", "expires", "host_only", "final_url", "title", "generators", "hosts", "script", "media_type"),
)
OBJECTS = st.dictionaries(
    st.sampled_from(NAMES), ANYTHING | st.lists(st.dictionaries(st.sampled_from(NAMES), ANYTHING), max_size=3)
)
MEMBERS = st.fixed_dictionaries(
    {"response": OBJECTS},
    optional={
        "body": OBJECTS | ANYTHING,
        "headers": st.lists(OBJECTS, max_size=4) | ANYTHING,
        "redirects": st.lists(OBJECTS, max_size=4) | ANYTHING,
        "cookies": st.lists(OBJECTS, max_size=4) | ANYTHING,
        "page": OBJECTS | ANYTHING,
    },
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MEMBERS | st.dictionaries(TEXT, ANYTHING), TEXT, st.sampled_from(Volatility))
def test_any_content_of_any_target_makes_statements_that_every_store_takes(
    whole: dict[str, Any], key: str, volatility: Volatility
) -> None:
    target, volatilities = Target("webpage", key, ""), {"header.": volatility, "title": volatility}
    found = of_snapshot(target, whole, volatilities=volatilities)

    assert list(found) == list(of_snapshot(target, whole, kept_page(whole), volatilities))
    for field, value, _ in found:
        assert len(value.encode()) <= MAX_BYTES
        assert len(field.encode()) <= MAX_BYTES


@settings(max_examples=200, deadline=None)
@given(st.binary() | st.text().map(lambda text: f"<script src='{text}'>{text}<title>{text}".encode()))
def test_any_body_is_read(body: bytes) -> None:
    assert page_of(body, content(URL)) is not None


@given(TEXT)
def test_a_text_within_the_bound_stays_as_it_is_but_for_halves_of_surrogate_pairs(text: str) -> None:
    kept = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)

    assert bounded(text) == kept if len(kept.encode()) <= MAX_BYTES else len(bounded(text).encode()) <= MAX_BYTES


@given(st.text(min_size=300, max_size=2_000), st.text(min_size=300, max_size=2_000))
def test_texts_that_differ_stay_different(one: str, other: str) -> None:
    assert (bounded(one) == bounded(other)) == (one == other)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (b"\xff", "\xff"), (True, "true"), (7, "7"), (1.5, "1.5"), (None, None), ([], None), ({}, None)],
)
def test_a_value_is_text_as_far_as_it_can_be(value: object, text: str | None) -> None:
    assert text_of(value) == text


def test_a_number_of_any_length_is_text() -> None:
    assert text_of(10**6_000) is not None


@given(
    st.text(max_size=40) | st.text(alphabet="a.\\", max_size=8).map(lambda start: f"{start}.secure"),
    st.sampled_from([None, *ATTRIBUTES]),
)
def test_the_name_and_the_attribute_of_a_cookie_are_read_from_its_field(name: str, attribute: str | None) -> None:
    field = field_of(name) + (f".{attribute}" if attribute else "")

    assert name_of(field) == (name, attribute)


def lines(count: int) -> list[dict[str, str]]:
    return [{"name": f"x-{n}", "value": "1"} for n in range(count)]


GROWING: dict[str, Callable[[int], dict[str, Any]]] = {
    "header lines": lambda size: {"headers": lines(size)},
    "a long header line": lambda size: {"headers": [{"name": "a" * size, "value": "b" * size}]},
    "a long volatile line": lambda size: {"headers": [{"name": "ETag", "value": '"' + "b" * size}]},
    "lines of redirects": lambda size: {"redirects": [{"headers": lines(10)}] * (size // 10)},
    "cookies": lambda size: {"cookies": [{"name": f"c{n}"} for n in range(size)]},
    "a long cookie": lambda size: {"cookies": [dict.fromkeys(("name", "domain", "path", "reason"), "." * size)]},
    "backslashes of a cookie": lambda size: {"cookies": [{"name": "\\" * size + ".secure"}]},
    "a long URL": lambda size: {"response": {"final_url": "https://a/" + "b" * size}},
    "a long host": lambda size: {"response": {"final_url": "https://" + "b" * size}},
    "defects": lambda size: {"response": {"defects": ["a"] * size}},
    "hosts": lambda size: {"page": {"hosts": {"script": [f"{n}.example" for n in range(size)]}}},
}


@pytest.mark.parametrize("name", GROWING)
def test_what_an_extraction_costs_is_in_proportion_to_the_content(name: str) -> None:
    assert_linear(lambda members: of_snapshot(TARGET, content(URL) | members), GROWING[name], small=5_000)
