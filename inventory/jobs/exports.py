"""Rows as CSV (RFC 4180, UTF-8), of which a spreadsheet takes no cell for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from inventory.jobs.documents import row_document
from inventory.jobs.model import Row

COLUMNS = ("row", "input", "outcome", "record_id", "detail", "code", "finished_at")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""What makes a formula of a cell or hides that it is one: OWASP, CSV Injection, and ASVS 5.0, 1.2.10."""


def rows_as_csv(pages: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """The rows, lazily, behind a line with the names of the columns."""
    yield _lines([COLUMNS])
    for rows in pages:
        documents = (row_document(row) for row in rows)
        yield _lines([[_cell(document[name]) for name in COLUMNS] for document in documents])


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")  # half of a surrogate pair has no form in UTF-8
