"""Rows as CSV: whole, and without a formula."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from inventory.jobs.exports import COLUMNS, rows_as_csv
from inventory.jobs.model import Row, RowOutcome

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


def row(text: str, number: int = 2) -> Row:
    return Row(number, text, RowOutcome.FAILED, NOW, code="dns_failure", detail="There is no such host.")


def exported(*pages: list[Row]) -> list[dict[str, str]]:
    content = b"".join(rows_as_csv(pages)).decode()
    return list(csv.DictReader(io.StringIO(content, newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"])
def test_a_cell_that_a_spreadsheet_would_take_for_a_formula_begins_with_an_apostrophe(start: str) -> None:
    [read] = exported([row(f"{start}cmd|' /C calc'!A0")])

    assert read["input"] == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["http://h/?a=1", "a,b", 'say "so"', "two\nlines", "'=1", "café", "", " =1"])
def test_any_other_cell_is_as_it_was(text: str) -> None:
    assert exported([row(text)])[0]["input"] == text


def test_what_is_not_there_is_an_empty_cell_and_the_rest_is_as_in_json() -> None:
    assert exported([row("http://h/")]) == [
        {
            "row": "2",
            "input": "http://h/",
            "outcome": "failed",
            "record_id": "",
            "detail": "There is no such host.",
            "code": "dns_failure",
            "finished_at": "2026-01-31T12:00:00.000Z",
        }
    ]


def test_half_of_a_surrogate_pair_costs_no_row() -> None:
    assert exported([row("a\ud800b")])[0]["input"] == "a?b"


def test_rows_follow_the_names_of_the_columns_page_by_page() -> None:
    chunks = list(rows_as_csv([[row("http://h/1", 1), row("http://h/2", 2)], [row("http://h/3", 3)]]))

    assert chunks[0] == (",".join(COLUMNS) + "\r\n").encode()
    assert [chunk.count(b"\r\n") for chunk in chunks] == [1, 2, 1]
