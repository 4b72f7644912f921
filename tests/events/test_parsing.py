"""A line of JSON is read exactly, or refused with a sentence; nothing makes the reader stumble."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.events.parsing import MAX_DEPTH, parse

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_json_says_is_what_is_read(value: object, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        json.dumps(parse(text), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a\\u0000b"', "a\0b"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\\\ud83d"', "\\ud83d"),
        ("18446744073709551616", 2**64),
        ("9" * 4300, int("9" * 4300)),
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)),
        ('"' + "[{" * 100 + '"', "[{" * 100),
        ('{"a": {"b": 1}, "b": 2}', {"a": {"b": 1}, "b": 2}),
    ],
)
def test_odd_but_exact_values_are_read(text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Not JSON: Expecting value, at character 1."),
        ('{"a": 1', "Not JSON: Expecting ',' delimiter, at character 8."),
        ('{"a": 1} {"b": 2}', "Not JSON: Extra data"),
        ("\ufeff{}", "Not JSON"),
        ('{"a": 1, "a": 2}', "the name 'a' twice"),
        ('{"x": {"a": 1, "b": 2, "a": 1}}', "the name 'a' twice"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": 1e400}', "1e400 is too large for a double"),
        ("9" * 4301, "more than 4,300 digits"),
        ('"\\ud83d"', "Half of a surrogate pair"),
        ('{"\\uDE00\\ud83d": 1}', "Half of a surrogate pair"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "Nested deeper than 32 levels"),
        ("[" * 2_000_000, "Nested deeper than 32 levels"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "Nested deeper than 32 levels"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_what_would_not_be_stored_as_it_was_sent_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as refused:
        parse(text)

    assert says in str(refused.value)
