"""Whether a condition holds for what one target states: the same as the search of every store finds, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

from inventory.observations.model import (
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
    Word,
    folded,
    ordinal_of,
)

Stated: TypeAlias = Mapping[str, Sequence[str]]
"""The values of each field that a target states at an instant."""
Test: TypeAlias = Callable[[Stated, float], bool]
"""Whether a condition holds for what is stated, as of an instant in seconds since 1970."""
ValueTest: TypeAlias = Callable[[str, str, float], bool]
"""Whether a value of a field, as of an instant, satisfies a condition."""

REMEMBERED_NAMES, REMEMBERED_PATTERNS = 4_096, 256


def compiled(condition: Condition, *, read_at: datetime) -> Test:
    """The test of a condition, made once for many targets. `read_at` is the `now` that its query was read with.

    A target that states nothing satisfies no condition: nothing is known of it.
    """
    test = _test(condition, read_at.timestamp())
    return lambda stated, now: bool(stated) and test(stated, now)


def depends_on_time(condition: Condition) -> bool:
    """Whether it may hold at one instant and not at another, although a target states the same."""
    match condition:
        case And(conditions) | Or(conditions):
            return any(map(depends_on_time, conditions))
        case Not(other):
            return depends_on_time(other)
        case Between(low=low, high=high):
            return any(end is not None and end.from_now for end in (low, high))
        case _:
            return False


def asks_for(condition: Condition, field: str) -> bool:
    """Whether what a target states of this field may decide whether it holds."""
    return any(names.matches(field) for names in fields_of(condition))


def fields_of(condition: Condition) -> Iterator[Matcher]:
    """The names of the fields that it asks for."""
    match condition:
        case And(conditions) | Or(conditions):
            for each in conditions:
                yield from fields_of(each)
        case Not(other):
            yield from fields_of(other)
        case Exists(names) | Has(names) | Between(names):
            yield names


@lru_cache(REMEMBERED_PATTERNS)
def name_test(names: Matcher) -> Callable[[str], bool]:
    """Whether a name of a field is meant, remembered because there are few names; many watches share a test."""
    if isinstance(names, Word):
        return names.matches
    matches, exact = names.compiled().match, names.exact
    return lru_cache(REMEMBERED_NAMES)(lambda name: matches(name if exact else folded(name)) is not None)


def _test(condition: Condition, read_at: float) -> Test:
    match condition:
        case Everything():
            return lambda _stated, _now: True
        case And(conditions):
            return _all([_test(each, read_at) for each in conditions])
        case Or(conditions):
            return _any([_test(each, read_at) for each in conditions])
        case Not(other):
            test = _test(other, read_at)
            return lambda stated, now: not test(stated, now)
        case Exists(field):
            return _exists(field)
        case Has(field, value):
            return _some(field, _has(value))
        case Between(field, low, high):
            return _some(field, _between(low, high, read_at))


def _all(tests: Sequence[Test]) -> Test:
    def test(stated: Stated, now: float) -> bool:
        for each in tests:  # noqa: SIM110 - `all` takes twice the time
            if not each(stated, now):
                return False
        return True

    return test


def _any(tests: Sequence[Test]) -> Test:
    def test(stated: Stated, now: float) -> bool:
        for each in tests:  # noqa: SIM110 - as above
            if each(stated, now):
                return True
        return False

    return test


def _exists(field: Matcher) -> Test:
    if isinstance(field, Word) and field.exact:
        name = field.text
        return lambda stated, _now: name in stated
    is_named = name_test(field)
    return lambda stated, _now: any(map(is_named, stated))


def _some(field: Matcher, value_test: ValueTest) -> Test:
    """Some value of a field that is named satisfies the test."""
    if isinstance(field, Word) and field.exact:
        name = field.text

        def test_one(stated: Stated, now: float) -> bool:
            for value in stated.get(name, ()):  # noqa: SIM110 - as above
                if value_test(name, value, now):
                    return True
            return False

        return test_one
    is_named = name_test(field)

    def test(stated: Stated, now: float) -> bool:
        return any(value_test(name, value, now) for name, values in stated.items() if is_named(name) for value in values)

    return test


def _has(wanted: Matcher) -> ValueTest:
    if isinstance(wanted, Word):
        text = wanted.text
        if wanted.exact:
            return lambda _name, value, _now: value == text
        return lambda _name, value, _now: folded(value) == text
    matches = wanted.compiled().match
    if wanted.exact:
        return lambda _name, value, _now: matches(value) is not None
    return lambda _name, value, _now: matches(folded(value)) is not None


def _between(low: End | None, high: End | None, read_at: float) -> ValueTest:
    least, most = _instant_of(low, read_at), _instant_of(high, read_at)

    def test(name: str, value: str, now: float) -> bool:
        number = ordinal_of(name, value)
        if number is None:
            return False
        if low is not None and not (number >= least(now) if low.included else number > least(now)):
            return False
        return high is None or (number <= most(now) if high.included else number < most(now))

    return test


def _instant_of(end: End | None, read_at: float) -> Callable[[float], float]:
    """The value of an end as of an instant, to the microsecond, so that it is the one that reading the query gives then."""
    if end is None or not end.from_now:
        value = 0.0 if end is None else end.value
        return lambda _now: value
    later = end.value - read_at
    return lambda now: round(now + later, 6)
