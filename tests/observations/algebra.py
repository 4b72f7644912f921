"""Conditions in short, for tables."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from inventory.observations.conditions import Between, Condition, End, Exists, Has, Matcher, Wildcard, Word, matcher

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def word_or_pattern(text: str, *, exact: bool = False) -> Matcher:
    """A text in which stars and question marks are wildcards."""
    pieces = [part for part in re.split(r"([*?])", text) if part]
    return matcher([Wildcard(part) if part in "*?" else part for part in pieces], exact=exact)


def has(field: str, value: str) -> Condition:
    """A field of an exact name, and a value in any case."""
    return Has(word_or_pattern(field, exact=True), word_or_pattern(value))


def exactly(field: str, value: str) -> Condition:
    """A field of an exact name, and a value in this case."""
    return Has(word_or_pattern(field, exact=True), word_or_pattern(value, exact=True))


def text(field: str, value: str, *, exact: bool = False) -> Condition:
    """A field of an exact name, and a value without wildcards."""
    return Has(Word(field, exact=True), Word(value, exact=exact))


def cookie(field: str, value: str, *, exact: bool = False) -> Condition:
    """A field whose name is in any case; `exact` is the value."""
    return Has(word_or_pattern(field), word_or_pattern(value, exact=exact))


def exists(field: str) -> Condition:
    """A field of an exact name."""
    return Exists(word_or_pattern(field, exact=True))


def url(part: str) -> Condition:
    """What a word without a field is."""
    return has("url", f"*{part}*")


def between(field: str, low: str, high: str) -> Condition:
    """A range from its ends: `[400` or `{400` and `499]` or `499}`, empty for open ones."""
    return Between(
        Word(field, exact=True),
        End(_value(low[1:]), low[0] == "[") if low else None,
        End(_value(high[:-1]), high[-1] == "]") if high else None,
    )


def _value(end: str) -> float:
    return datetime.fromisoformat(end).replace(tzinfo=UTC).timestamp() if "-" in end[1:] else float(end)
