"""What conditions mean, by the shortest way there is: the oracle of all that evaluate them."""

from __future__ import annotations

from collections.abc import Sequence

from inventory.folding import folded
from inventory.observations.conditions import (
    And,
    Between,
    Condition,
    End,
    Everything,
    Exists,
    Has,
    Matcher,
    Not,
    Or,
    Pattern,
    Wildcard,
    Word,
)
from inventory.observations.field_names import find
from inventory.observations.values import ordinal

Observations = Sequence[tuple[str, str]]
"""Field and value of each observation of one target."""


def matches(condition: Condition, observations: Observations) -> bool:
    """Whether a condition holds for a target with these observations."""
    match condition:
        case Everything():
            return True
        case And(conditions):
            return all(matches(each, observations) for each in conditions)
        case Or(conditions):
            return any(matches(each, observations) for each in conditions)
        case Not(other):
            return not matches(other, observations)
        case Exists(field):
            return any(means(field, name) for name, _ in observations)
        case Has(field, value):
            return any(means(field, name) and means(value, text) for name, text in observations)
        case Between(field, low, high):
            return any(means(field, name) and _lies_between(name, text, low, high) for name, text in observations)


def means(matcher: Matcher, text: str) -> bool:
    """Whether a word or a pattern means a text."""
    text = text if matcher.exact else folded(text)
    return matcher.text == text if isinstance(matcher, Word) else _fits(matcher, text)


def _fits(pattern: Pattern, text: str) -> bool:
    """Step by step: the lengths of the beginnings of the text that the pieces so far can be."""
    lengths = {0}
    for piece in pattern.pieces:
        match piece:
            case Wildcard.ANY:
                lengths = set(range(min(lengths), len(text) + 1)) if lengths else set()
            case Wildcard.ONE:
                lengths = {length + 1 for length in lengths if length < len(text)}
            case str():
                lengths = {length + len(piece) for length in lengths if text.startswith(piece, length)}
    return len(text) in lengths


def _lies_between(field: str, text: str, low: End | None, high: End | None) -> bool:
    number = ordinal(find([field])[0][0].field.value_type, text)
    if number is None:
        return False
    if low is not None and not (number >= low.value if low.included else number > low.value):
        return False
    return high is None or (number <= high.value if high.included else number < high.value)
