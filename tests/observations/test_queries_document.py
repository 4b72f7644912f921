"""docs/queries.md says what is so: its queries can be asked, and its fields and limits are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inventory.observations.fields import CATALOGUE, Field
from inventory.observations.queries import query_values, syntax, tokens
from inventory.observations.queries.query import parse
from tests.observations.algebra import NOW

DOCUMENT = (Path(__file__).parents[2] / "docs" / "queries.md").read_text("utf-8")
CONDITIONS = DOCUMENT.partition("## Conditions")[2].partition("## Operators")[0]
QUERIES = [
    *DOCUMENT.partition("```\n")[2].partition("```")[0].splitlines(),
    *(query for line in CONDITIONS.splitlines() for query in re.findall("`([^`]+)`", line.rpartition(" | ")[0])),
    *re.findall(r"`((?:tag|title|host|header)[^`]*:[^`]+)`", DOCUMENT),
]


def line(field: Field) -> str:
    notes = ["Ranges only."] * field.only_ranges + ["Of the latest snapshot only."] * field.only_latest
    return f"| `{field.name}` | {field.value_type.value} | {' '.join([field.sentence, *notes])} |"


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_of_the_document_can_be_asked(query: str) -> None:
    parse(query, now=NOW)


def test_the_document_has_a_line_for_each_field() -> None:
    fields = DOCUMENT.partition("## Fields")[2]

    assert [row for row in fields.splitlines() if row.startswith("| `")] == [line(field) for field in CATALOGUE]


@pytest.mark.parametrize(
    "limit",
    [
        f"{tokens.MAX_CHARACTERS:,} characters",
        f"{tokens.MAX_TERMS} values",
        f"{tokens.MAX_DEPTH} parentheses",
        f"{syntax.MAX_WILDCARDS} wildcards",
    ],
)
def test_the_document_has_the_limits(limit: str) -> None:
    assert limit in " ".join(DOCUMENT.split())
    assert query_values.MIN_LITERAL == 3
