"""Rows as CSV (RFC 4180, UTF-8), of which a spreadsheet takes no cell for a formula, at whichever sign it splits cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from inventory.jobs.documents import row_document
from inventory.jobs.model import Row

COLUMNS = ("row", "input", "outcome", "record_id", "detail", "code", "finished_at")
SIGNS = "=+@−＝＋－＠﹦﹢﹣﹫-"
"""What makes a formula of a cell, in ASCII and as East Asian keyboards write it: OWASP, CSV Injection; ASVS 5.0, 1.2.10."""
CUTS = r";；\t|｜\r\n\v\f\x1c-\x1f\x85\u2028\u2029"
"""Where a reader begins another cell or row that was told to, or whose language does, whatever the quotation marks say.

A comma is none: who cuts at commas heeds the quotation marks. They mean nothing to others, which find them within a cell.
"""
SKIPPED = rf"{CUTS}\s\x00-\x1f\x7f-\x9f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\"＂"
"""What a reader may pass over before a formula: blanks, what has no form, and quotation marks that it takes for its own."""
_CUT = re.compile(f"[{CUTS}]")
_BEFORE_A_SIGN = re.compile(rf"(?<![{SKIPPED}])[{SKIPPED}]++(?=[{SIGNS}])")  # whole runs, each once: it takes linear time
_HIDES_OR_BEGINS = re.compile(rf"[\t\r\n\0]|[{SKIPPED}]*+[{SIGNS}]")


def rows_as_csv(pages: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """The rows, lazily, behind a line with the names of the columns."""
    yield _lines([COLUMNS])
    for rows in pages:
        documents = (row_document(row) for row in rows)
        yield _lines([[_cell(document[name]) for name in COLUMNS] for document in documents])


def _cell(value: object) -> str:
    """The value as text, with an apostrophe where it begins as a formula, and before each that begins after a cut."""
    text = _BEFORE_A_SIGN.sub(_with_apostrophe, "" if value is None else str(value))
    return f"'{text}" if _HIDES_OR_BEGINS.match(text) else text


def _with_apostrophe(run: re.Match[str]) -> str:
    return f"{run[0]}'" if _CUT.search(run[0]) else run[0]


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")  # half of a surrogate pair has no form in UTF-8
