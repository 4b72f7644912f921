"""What stays the same of values that differ each time."""

from __future__ import annotations

import secrets
import uuid
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.observations.shapes import shape, token_shape
from tests.growth import assert_linear

WHOLE = [
    ("Wed, 21 Oct 2026 07:28:00 GMT", "{date}"),
    ("Wednesday, 21-Oct-26 07:28:00 GMT", "{date}"),
    ("Wed Oct 21 07:28:00 2026", "{date}"),
    ("Sun Nov  6 08:49:37 1994", "{date}"),
    ("2026-10-21", "{date}"),
    ("2026-10-21T07:28:00Z", "{date}"),
    ("2026-10-21 07:28:00.123456+02:00", "{date}"),
    ("0", "{number}"),
    ("-1", "{number}"),
    ("0.25", "{number}"),
    ("1,234,567", "{number}"),
    ("1769860800123", "{number}"),
    ("550e8400-e29b-41d4-a716-446655440000", "{uuid}"),
    ("550E8400-E29B-41D4-A716-446655440000", "{uuid}"),
    ("d41d8cd98f00b204e9800998ecf8427e", "{hex:32}"),
    ("D41D8CD98F00B204E9800998ECF8427E", "{hex:32}"),
    ("12345678901234567890123456789012", "{hex:32}"),
    ("d41d8cd9", "{hex:8}"),
    ("a" * 64, "{hex:64}"),
    ("a" * 65, "{hex}"),
    ("d41D8cd98F00b204", "{base64:16}"),
    ("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "{base64:44}"),
    ("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "{base64:43}"),
    ("Zz" * 40, "{base64}"),
    ("en-US", "{base64:5}"),
    ("", ""),
    ("two words", "{text}"),
    ("a.b.c", "{text}"),
    ("é", "{text}"),
    ("\0", "{text}"),
    ("{hex:32}", "{text}"),
]

IN_A_VALUE = [
    ("Generated Wed, 21 Oct 2026 07:28:00 GMT by web3", "Generated {date} by web{number}"),
    ("Welcome, visitor 1,234!", "Welcome, visitor {number},{number}!"),
    ("id=550e8400-e29b-41d4-a716-446655440000; v=2", "id={uuid}; v={number}"),
    ("Root=1-67891233-abcdef012345678912345678", "Root={base64:35}"),
    ("node d41d8cd98f00b204e9800998ecf8427e.cloudfront.net", "node {hex:32}.cloudfront.net"),
    ("nginx/1.25.3", "nginx/{number}"),
    ("https://example.com/a?t=1769860800", "https://example.com/a?t={number}"),
    ("took 0.25 s", "took {number} s"),
    ("max-age=60; includeSubDomains", "max-age={number}; includeSubDomains"),
    ("YWJjZGVmZ2hpamtsbW5vcA==", "{base64:24}"),
    ("no numbers here", "no numbers here"),
    ("{hex:32} and {date}", "{hex:32} and {date}"),
    ("{other} 1", "{other} {number}"),
    ("٣", "٣"),
    ("", ""),
]


@pytest.mark.parametrize(("value", "expected"), WHOLE)
def test_a_value_that_is_one_token_has_its_shape(value: str, expected: str) -> None:
    assert token_shape(value) == expected


@pytest.mark.parametrize(("value", "expected"), IN_A_VALUE)
def test_the_tokens_in_a_value_have_shapes(value: str, expected: str) -> None:
    assert shape(value) == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda: str(uuid.uuid4()),
        lambda: secrets.token_hex(16),
        lambda: secrets.token_hex(32),
        lambda: b64encode(secrets.token_bytes(32)).decode(),
        lambda: urlsafe_b64encode(secrets.token_bytes(24)).decode(),
    ],
    ids=["uuid", "hex 32", "hex 64", "base64", "base64url"],
)
def test_random_identifiers_of_one_kind_have_one_shape(make: Callable[[], str]) -> None:
    assert len({token_shape(make()) for _ in range(2_000)}) == 1


@given(st.text())
def test_the_shape_of_a_shape_is_itself(value: str) -> None:
    assert shape(shape(value)) == shape(value)


@given(st.text(alphabet="0123456789abcdefABCxyz.-/+={}: GMTWedOct,"))
def test_the_shape_of_a_shape_of_what_looks_like_tokens_is_itself(value: str) -> None:
    assert shape(shape(value)) == shape(value)
    assert token_shape(value)[:1] in ("", "{")


HOSTILE = ["1.", "1.1a", "Mon, ", "2026-01-", "1 Jan ", "a==", "{hex:", "{hex:32}", "-", "=", "a", "1", "0a", "é", "[", "1,"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_what_a_shape_costs_is_in_proportion_to_the_value(piece: str) -> None:
    def shapes(value: str) -> None:
        shape(value)
        token_shape(value)

    assert_linear(shapes, lambda size: piece * size, small=10_000)
