"""Conditions are kept flat, and texts are folded so that their parts fold as the whole does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.folding import folded
from inventory.observations.conditions import NOTHING, And, Condition, Everything, Not, Or, Pattern, all_of, any_of, negated
from tests.observations.algebra import has, word_or_pattern

A, B, C = (has("header.x", value) for value in "abc")

BUILT: list[tuple[Condition, Condition]] = [
    (all_of([]), Everything()),
    (all_of([A]), A),
    (all_of([A, B]), And((A, B))),
    (all_of([A, And((B, C))]), And((A, B, C))),
    (all_of([A, B, A]), And((A, B))),
    (all_of([A, Everything()]), A),
    (all_of([Everything()]), Everything()),
    (all_of([A, NOTHING]), NOTHING),
    (all_of([A, Or((B, C))]), And((A, Or((B, C))))),
    (any_of([]), NOTHING),
    (any_of([A]), A),
    (any_of([A, B]), Or((A, B))),
    (any_of([A, Or((B, C))]), Or((A, B, C))),
    (any_of([A, Everything()]), Everything()),
    (any_of([A, NOTHING]), A),
    (negated(A), Not(A)),
    (negated(Not(A)), A),
    (negated(Everything()), NOTHING),
    (negated(NOTHING), Everything()),
]


@pytest.mark.parametrize(("built", "expected"), BUILT)
def test_conditions_are_built_flat(built: Condition, expected: Condition) -> None:
    assert built == expected


@pytest.mark.parametrize(
    ("pattern", "prefix", "literals", "regex"),
    [
        ("abc*", "abc", ("abc",), "(?s)^abc"),
        ("*abc", "", ("abc",), "(?s)^.*abc(?!.)"),
        ("a*b*c", "a", ("a", "b", "c"), "(?s)^a(?>.*?b).*c(?!.)"),
        ("*a.b*", "", ("a.b",), r"(?s)^(?>.*?a\.b)"),
        ("a?c", "a", ("a", "c"), "(?s)^a.c(?!.)"),
        ("*", "", (), "(?s)^"),
        ("a\0*", "a\0", ("a\0",), r"(?s)^a\x00"),
    ],
)
def test_a_pattern_has_a_prefix_literals_and_a_regular_expression(
    pattern: str, prefix: str, literals: tuple[str, ...], regex: str
) -> None:
    read = word_or_pattern(pattern, exact=True)

    assert isinstance(read, Pattern)
    assert (read.prefix, read.literals, read.regex) == (prefix, literals, regex)


@given(st.text(), st.text())
def test_parts_of_a_text_fold_as_the_whole_does(one: str, other: str) -> None:
    assert folded(one + other) == folded(one) + folded(other)
    assert len(folded(one)) == len(one)


@given(st.text())
def test_what_is_folded_stays_so(text: str) -> None:
    assert folded(folded(text)) == folded(text)
