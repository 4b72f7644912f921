"""Rows as CSV (RFC 4180, UTF-8) in which a spreadsheet finds no formula, whichever delimiter it splits cells at."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from inventory.jobs.documents import row_document
from inventory.jobs.model import Row
from inventory.masking import Masking

COLUMNS = ("row", "input", "outcome", "record_id", "detail", "code", "finished_at")
SIGNS = "=+@−＝＋－＠﹦﹢﹣﹫-"
"""First characters of a formula, in ASCII and as East Asian keyboards write them: OWASP, CSV Injection; ASVS 5.0, 1.2.10."""
DELIMITERS = r";；\t|｜\r\n\v\f\x1c-\x1f\x85\u2028\u2029"
"""Where a reader with another delimiter, by its settings or its language, begins a cell or row.

It takes quotation marks for part of a cell. A comma is not among these: a reader that splits at commas respects them.
"""
SKIPPED = rf"{DELIMITERS}\s\x00-\x1f\x7f-\x9f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\"＂"
"""What a reader may skip before a formula: blanks, invisible characters, and quotation marks that it takes for its own."""
_DELIMITER = re.compile(f"[{DELIMITERS}]")
_BEFORE_A_SIGN = re.compile(rf"(?<![{SKIPPED}])[{SKIPPED}]++(?=[{SIGNS}])")  # whole runs, each once: it takes linear time
_HIDES_OR_BEGINS = re.compile(rf"[\t\r\n\0]|[{SKIPPED}]*+[{SIGNS}]")


def rows_as_csv(pages: Iterable[Sequence[Row]], masking: Masking) -> Iterator[bytes]:
    """A line with the names of the columns, then the rows, lazily."""
    yield csv_lines([COLUMNS])
    for rows in pages:
        documents = (row_document(row, masking) for row in rows)
        yield csv_lines([document[name] for name in COLUMNS] for document in documents)


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Lines of values, None as an empty one."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")  # half of a surrogate pair cannot be encoded


def _cell(value: object) -> str:
    """The value as text, with an apostrophe before a formula at its beginning or after a delimiter."""
    text = _BEFORE_A_SIGN.sub(_with_apostrophe, "" if value is None else str(value))
    return f"'{text}" if _HIDES_OR_BEGINS.match(text) else text


def _with_apostrophe(run: re.Match[str]) -> str:
    return f"{run[0]}'" if _DELIMITER.search(run[0]) else run[0]
