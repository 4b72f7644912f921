"""Which numbers of fields and values a condition on a field means."""
# ruff: noqa: S608 - nothing but our own statements is put into a statement

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

from inventory.observations.model import LATEST_ONLY, Between, End, Exists, Has, Matcher, Pattern, Word, folded
from inventory.store.matching import LAST, storable
from inventory.store.pairs import Pair
from inventory.store.sqlite import value_texts
from inventory.store.sqlite.opening import Connection

Test: TypeAlias = Callable[[str, float | None], bool]
"""Whether a value, of which ranges compare the number, satisfies a condition."""

FIELDS = "SELECT no, name FROM fields WHERE folded >= :first AND folded <= :last"
OF_FIELDS = "FROM json_each(:fields) AS f CROSS JOIN field_values AS v ON v.field_no = f.value"
TEXT = "coalesce(v.value, v.folded)"
WORDS = f"SELECT v.field_no, v.no, {TEXT} {OF_FIELDS} AND v.folded = :word"
BEGINNING_SO = f"{OF_FIELDS} AND v.folded >= :first AND v.folded <= :last"
PATTERNS = f"SELECT v.field_no, v.no, {{text}} {BEGINNING_SO} WHERE instr(v.folded, :part)"
COUNT = f"SELECT count(*) FROM (SELECT 1 {BEGINNING_SO} LIMIT :scanned + 1)"
NUMBERS = f"""
    SELECT v.field_no, v.no {OF_FIELDS} AND v.number >= :low AND v.number <= :high
    WHERE v.number {{above}} :low AND v.number {{below}} :high"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A condition in numbers: any of `pairs`, or any value of `fields`, if it passes a `test`.

    A test is for what more values satisfy than are worth listing; `pairs` has some of them. `columns` are those of records
    with what is known of the latest snapshot alone, with the ends of a range.
    """

    pairs: Set[Pair] = frozenset()
    fields: Set[int] = frozenset()
    test: Test | None = None
    columns: tuple[tuple[str, str], ...] = ()

    def means(self, pair: Pair) -> bool:
        """Whether a value of a field satisfies it, but for the test."""
        return pair[0] in self.fields or pair in self.pairs


def resolve(connection: Connection, condition: Exists | Has | Between, limit: int, scanned: int) -> Leaf:
    """The numbers that a condition on a field means; of more values than a limit only some.

    A part of a value is looked for in up to so many values one by one.
    """
    fields = field_numbers(connection, condition.field)
    given: dict[str, Any] = {"fields": json.dumps(sorted(fields)), "scanned": scanned}
    match condition:
        case Exists():
            return Leaf(fields=fields, columns=_columns(condition))
        case Has(value=value):
            texts = _of_values(connection, value, given)
            return _leaf(texts, fields, _test(value), limit, ())
        case Between(low=low, high=high):
            given |= {"low": low.value if low else -1e308, "high": high.value if high else 1e308}
            above = ">" if low and not low.included else ">="
            below = "<" if high and not high.included else "<="
            found = connection.execute(NUMBERS.format(above=above, below=below), given)
            return _leaf(found, fields, partial(_lies_between, low, high), limit, _columns(condition))


def _leaf(
    found: Iterable[Pair], fields: Set[int], test: Test | None, limit: int, columns: tuple[tuple[str, str], ...]
) -> Leaf:
    """The leaf of the pairs that were found; of fields and a test if these are more than a limit."""
    pairs = frozenset(islice(found, limit + 1))
    if len(pairs) > limit:
        return Leaf(pairs=pairs, fields=fields, test=test, columns=columns)
    return Leaf(pairs=pairs, columns=columns)


def _test(value: Matcher) -> Test:
    if isinstance(value, Word):
        return lambda text, _number: value.matches(text)
    matches = value.compiled().match
    return lambda text, _number: matches(text if value.exact else folded(text)) is not None


def _lies_between(low: End | None, high: End | None, _text: str, number: float | None) -> bool:
    if number is None or (low is not None and not (number >= low.value if low.included else number > low.value)):
        return False
    return high is None or (number <= high.value if high.included else number < high.value)


def field_numbers(connection: Connection, named: Matcher) -> Set[int]:
    """The numbers of the fields that are named."""
    if not storable(named):
        return frozenset()
    start = named.text if isinstance(named, Word) else named.prefix
    first = folded(start)
    last = first if isinstance(named, Word) else first + LAST
    found = connection.execute(FIELDS, {"first": first, "last": last})
    return frozenset(number for number, name in found if named.matches(name))


def _of_values(connection: Connection, value: Matcher, given: dict[str, Any]) -> Iterator[Pair]:
    if not storable(value):
        return
    if isinstance(value, Word):
        found = connection.execute(WORDS, given | {"word": folded(value.text)})
        yield from ((field, number) for field, number, text in found if value.matches(text))
    else:
        matches = value.compiled().match
        for field, number, text in _possible(connection, value, given):
            if matches(text):
                yield field, number


def _possible(connection: Connection, value: Pattern, given: dict[str, Any]) -> Iterable[tuple[int, int, str]]:
    """The values that begin as a pattern does, and have its longest other part: field, number and text to be compared."""
    first, part = folded(value.prefix), folded(max(value.literals[bool(value.prefix) :], key=len, default=""))
    given |= {"first": first, "last": first + LAST, "part": part}
    if part and connection.execute(COUNT, given).fetchone()[0] > given["scanned"]:
        found = value_texts.values_with(connection, frozenset(json.loads(given["fields"])), part)
        if found is not None:
            return ((field, number, text if value.exact else folded(text)) for number, field, text in found)
    return connection.execute(PATTERNS.format(text=TEXT if value.exact else "v.folded"), given)


def chosen_columns(leaf: Leaf) -> str:
    """The condition on the columns of a record `r`."""
    return " OR ".join(f"r.{column} {ends}" for column, ends in leaf.columns)


def _columns(condition: Exists | Between) -> tuple[tuple[str, str], ...]:
    """The columns of records that are meant, each with the condition on it."""
    named = zip(LATEST_ONLY, ("body_size", "elapsed_ms"), strict=True)
    columns = [column for name, column in named if condition.field.matches(name)]
    if isinstance(condition, Exists):
        return tuple((column, "IS NOT NULL") for column in columns)
    ends = []
    if condition.low is not None:
        ends.append(f">{'=' * condition.low.included} {condition.low.value!r}")
    if condition.high is not None:
        ends.append(f"<{'=' * condition.high.included} {condition.high.value!r}")
    return tuple((column, f" AND r.{column} ".join(ends)) for column in columns)
