"""Rows as CSV: whole, and without a formula."""

from __future__ import annotations

import csv
import io
import itertools
import re
from datetime import UTC, datetime

import pytest

from inventory.jobs.exports import COLUMNS, rows_as_csv
from inventory.jobs.model import Row, RowOutcome
from inventory.masking import UNCONFIGURED

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


def row(text: str, number: int = 2) -> Row:
    return Row(number, text, RowOutcome.FAILED, NOW, code="dns_failure", detail="There is no such host.")


def exported(*pages: list[Row]) -> list[dict[str, str]]:
    content = b"".join(rows_as_csv(pages, UNCONFIGURED)).decode()
    return list(csv.DictReader(io.StringIO(content, newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"])
def test_a_cell_that_a_spreadsheet_would_take_for_a_formula_begins_with_an_apostrophe(start: str) -> None:
    [read] = exported([row(f"{start}cmd|' /C calc'!A0")])

    assert read["input"] == f"'{start}cmd|' /C calc'!A0"


DELIMITERS = [",", ";", "\t", "|", "\n", "\r", "\r\n", "；", "｜", "\x0b", "\u2028"]
SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠", "−", "﹣"]
SKIPPED = ["", " ", "\t", "\u00a0", "\u200b", "\ufeff", '"', '""', '" ', "\0", "\r", ";;", "\t|"]


@pytest.mark.parametrize("skipped", SKIPPED)
@pytest.mark.parametrize("delimiter", ["", *DELIMITERS])
def test_no_reader_finds_a_formula_whichever_delimiter_it_uses(delimiter: str, skipped: str) -> None:
    for sign in SIGNS:
        text = f"note{delimiter}{skipped}{sign}cmd|' /C calc'!A0" if delimiter else f"{skipped}{sign}cmd"
        raw = b"".join(rows_as_csv([[row(text)]], UNCONFIGURED)).decode().partition("\r\n")[2]
        by_comma = [cell for cells in csv.reader(io.StringIO(raw, newline="")) for cell in cells]
        by_others = [re.split(f"[{re.escape(other)}\r\n]", raw) for other in DELIMITERS[1:]]

        for cell in itertools.chain(by_comma, *by_others, re.split("[;\t|\r\n]", raw)):
            assert cell.lstrip(' \t\r\n"\0\u00a0\u200b\ufeff;|')[:1] not in SIGNS, (text, cell)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" =1", "' =1"),
        ("a;=1", "a;'=1"),
        ("a; =1;b\t+2", "a; '=1;b\t'+2"),
        ("\t=1", "'\t'=1"),
        ("a\n-1", "a\n'-1"),
        ('a;"=1', "a;\"'=1"),
        ("a;'=1", "a;'=1"),
        ("http://h/?a;-1", "http://h/?a;'-1"),
    ],
)
def test_what_was_given_can_still_be_read(text: str, shown: str) -> None:
    assert exported([row(text)])[0]["input"] == shown


@pytest.mark.parametrize("text", ["\t", ";", " ", '"', ";\t "])
def test_a_long_cell_takes_no_longer_than_its_length(text: str) -> None:
    """Were it quadratic, this would take an hour; it is half a second, and the test ends after two minutes."""
    assert len(b"".join(rows_as_csv([[row("a" + text * 400_000 + "b")]], UNCONFIGURED))) > 400_000


@pytest.mark.parametrize(
    "text",
    [
        "http://h/?a=1",
        "a,b",
        'say "so"',
        "two\nlines",
        "'=1",
        "café",
        "",
        "a=1;b=2",
        "a - b",
        "x;y|z",
        "two\n\nlines",
        "a@h, b",
    ],
)
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
    chunks = list(rows_as_csv([[row("http://h/1", 1), row("http://h/2", 2)], [row("http://h/3", 3)]], UNCONFIGURED))

    assert chunks[0] == (",".join(COLUMNS) + "\r\n").encode()
    assert [chunk.count(b"\r\n") for chunk in chunks] == [1, 2, 1]
