"""A query takes time in proportion to its length, up to the limits; a pattern in proportion to what it is compared with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from inventory.errors import InvalidQuery
from inventory.observations.conditions import Pattern
from inventory.observations.queries.query import parse
from inventory.observations.queries.quoting import quoted
from tests.growth import assert_linear
from tests.observations.algebra import NOW, word_or_pattern

QUERIES: dict[str, Callable[[int], str]] = {
    "terms": lambda size: " ".join(f"header.x:a{number}" for number in range(size // 64)),
    "terms with OR": lambda size: " OR ".join(f"header.x:a{number}" for number in range(size // 64)),
    "terms after minus": lambda size: " ".join(f"-header.x:a{number}" for number in range(size // 64)),
    "a long word": lambda size: "title:" + "a" * size,
    "a long word without a field": lambda size: "é" * size,
    "a long phrase": lambda size: f'title:"{"a " * (size // 2)}"',
    "a long name": lambda size: f"header.{'a' * size}:b",
    "a long unknown name": lambda size: f"{'a.' * (size // 2)}:b",
    "escapes": lambda size: "title:" + r"\u00e9" * (size // 6),
    "backslashes": lambda size: "title:" + "\\" * (size // 2 * 2),
    "stars": lambda size: "title:a" + "*" * size,
    "white space": lambda size: f"title:{' ' * size}a{' ' * size}",
    "a quotation mark that is not closed": lambda size: '"' + "a" * size,
    "quotation marks": lambda size: '"' * size,
    "slashes": lambda size: "/" * size,
    "brackets": lambda size: "[" * size,
    "parentheses that open": lambda size: "(" * size,
    "colons": lambda size: "a:" * (size // 2),
    "bangs": lambda size: "!" * size,
    "ranges": lambda size: "status:[1 TO 2] " * (size // 64),
    "digits": lambda size: "status:" + "1" * size,
    "steps from now": lambda size: "tls.not_after:now" + "+1d" * (size // 3),
    "NOT after NOT": lambda size: "NOT " * (size // 4) + "abc",
    "NOT in parentheses": lambda size: "NOT(" * (size // 4),
    "minus after minus": lambda size: "-" * size + "abc",
    "fields in fields": lambda size: "x:" * (size // 2),
    "fields of groups": lambda size: "x:(" * (size // 3),
    "fields of negations": lambda size: "x:-" * (size // 3),
    "parentheses": lambda size: "(" * (size // 2) + "abc" + ")" * (size // 2),
    "wildcards": lambda size: "header.x:" + "*a" * (size // 2),
    "a host": lambda size: "host:" + "a." * (size // 2) + "org",
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_takes_time_in_proportion_to_its_length(name: str) -> None:
    def read_or_refuse(query: str) -> None:
        try:
            parse(query, now=NOW)
        except InvalidQuery:
            return

    assert_linear(read_or_refuse, QUERIES[name], small=960)


def test_quoting_takes_time_in_proportion_to_the_value() -> None:
    assert_linear(lambda value: quoted(f"header.{value}", value), lambda size: "a:\0" * size, small=1_000)


@pytest.mark.parametrize("pattern", ["*a*a*a*a*a*a*a*a*b", "a*" * 15 + "b", "*" + "a?" * 15 + "b", "*ab*ab*ab"])
def test_a_pattern_takes_time_in_proportion_to_the_text(pattern: str) -> None:
    compared = word_or_pattern(pattern)

    assert isinstance(compared, Pattern)
    assert_linear(compared.matches, lambda size: "a" * size, small=20_000)
