"""The rows of an uploaded file, lazily: each is what the job works on, or says why it cannot be worked on."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import orjson

from inventory.imports.columns import with_country
from inventory.imports.file_format import FileFormat, LineFormat
from inventory.imports.lines import LONGEST, RawLine, lines
from inventory.imports.sniffing import HEAD, examine
from inventory.jobs.model import LONGEST_INPUT, InputRow

__all__ = ["HEAD", "examine", "read"]

LINE_TOO_LONG = "line_too_long"
INVALID_ENCODING = "invalid_encoding"
INVALID_JSON = "invalid_json"
UNCLOSED_QUOTE = "unclosed_quote"
MISSING_VALUE = "missing_value"
AHEAD, MOST_AHEAD, COST_OF_LINE = 16, 4 * LONGEST, 32
"""Bytes that may be read in vain after unclosed quotes: so many for each character of the file, and at most at once. Each
line counts some more, because it takes time however short it is."""


def read(file: BinaryIO, layout: FileFormat) -> Iterator[tuple[InputRow, int]]:
    """All rows in order; with each, the bytes of the uploaded file up to its end. Blank lines are no rows.

    A row's number is that of the line where it begins, a header counted. Raises `UnreadableFile` where the rest cannot be
    read.
    """
    match layout.form:
        case LineFormat.CSV:
            return _Table(lines(file, layout), layout).rows()
        case LineFormat.JSON if layout.member is not None:
            return _members(lines(file, layout), layout.member, layout.country)
        case _:
            return _whole_lines(lines(file, layout), _encoding(layout))


def _whole_lines(raw_lines: Iterator[RawLine], encoding: str) -> Iterator[tuple[InputRow, int]]:
    for number, raw, end in raw_lines:
        if raw.isspace() or not raw:
            continue
        text = _text(number, raw, encoding)
        yield (InputRow(number, text.strip()) if isinstance(text, str) else text), end


def _members(raw_lines: Iterator[RawLine], member: str, country: object) -> Iterator[tuple[InputRow, int]]:
    for number, raw, end in raw_lines:
        if raw.isspace() or not raw:
            continue
        try:
            value: Any = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            yield _not_json(number, raw, error), end
            continue
        where = None
        if isinstance(value, dict):
            value, where = value.get(member), value.get(country)
        if isinstance(value, str) and len(raw) <= LONGEST and (text := value.strip()):
            yield InputRow(number, with_country(text, where) if where else text), end
        else:
            yield _not_meant(number, raw, member), end


def _not_json(number: int, raw: bytes, error: orjson.JSONDecodeError) -> InputRow:
    text = _text(number, raw, "utf-8")
    return text if isinstance(text, InputRow) else _rejected(number, text, INVALID_JSON, f"It is not JSON: {error}.")


def _not_meant(number: int, raw: bytes, member: str) -> InputRow:
    text = _text(number, raw, "utf-8")
    detail = f"It is no string, nor an object with a string {member!r}."
    return text if isinstance(text, InputRow) else _rejected(number, text, MISSING_VALUE, detail)


class _Table:
    """CSV (RFC 4180), as forgiving as is safe: an unclosed quote costs one row, not those after it.

    To find that a quote is unclosed a megabyte may be read in vain. Where every line has one, that is done for few of them:
    quotes that span lines are looked for as far as `_ahead` goes, which each line that is read makes longer.
    """

    def __init__(self, raw_lines: Iterator[RawLine], layout: FileFormat) -> None:
        self._raw_lines = raw_lines
        self._again: deque[RawLine] = deque()
        self._encoding = _encoding(layout)
        self._layout = layout
        self._ahead = MOST_AHEAD
        self._row = _Row(self._next, self._encoding)
        self._strict, self._forgiving = (
            csv.reader(self._row, delimiter=layout.delimiter, skipinitialspace=True, strict=strict)
            for strict in (True, False)
        )
        csv.field_size_limit(LONGEST)

    def rows(self) -> Iterator[tuple[InputRow, int]]:
        """The cells of the column that is meant, but for the header."""
        column, delimiter, header = self._layout.column, self._layout.delimiter, self._layout.header
        country = self._layout.country if isinstance(self._layout.country, int) else None
        while line := self._next():
            number, raw, end = line
            if raw.isspace() or not raw:
                continue
            text = _text(number, raw, self._encoding)
            if isinstance(text, str):
                if self._ahead < MOST_AHEAD:
                    self._ahead = min(MOST_AHEAD, self._ahead + AHEAD * len(text))
                cells, end = (text.split(delimiter), end) if '"' not in text else self._quoted(text, end)
                cell = cells[column].strip() if len(cells) > column else ""
                if country is not None and cell and len(cells) > country:
                    cell = with_country(cell, cells[country])
                text = InputRow(number, cell) if cell else self._without_cell(number, text, cells)
            if header and text.code is None:
                header = False
                continue
            yield text, end

    def _next(self) -> RawLine | None:
        return self._again.popleft() if self._again else next(self._raw_lines, None)

    def _quoted(self, text: str, end: int) -> tuple[list[str], int]:
        """The cells of a row with quotes, and where it ends, several lines on perhaps; no cells if a quote is unclosed."""
        row = self._row
        row.begin(text, min(LONGEST - len(text), self._ahead))
        try:
            cells = next(self._strict)
        except csv.Error:
            self._ahead -= sum(len(raw) + COST_OF_LINE for _, raw, _ in row.taken)
            self._again.extendleft(reversed(row.taken))
        else:
            return cells, row.taken[-1][2] if row.taken else end
        row.begin(text, 0)
        try:
            cells = next(self._forgiving)
        except csv.Error:
            return [], end
        return [] if row.unfinished else cells, end

    def _without_cell(self, number: int, text: str, cells: list[str]) -> InputRow:
        if not cells:
            return _rejected(number, text, UNCLOSED_QUOTE, "It has a quote that is not closed, or closed in the middle.")
        place = self._layout.column + 1
        return _rejected(number, text, MISSING_VALUE, f"It has {len(cells)} cells, and nothing in cell {place}.")


class _Row:
    """The lines of one row, as many as csv's reader asks for, as long as there is room for another one.

    `taken` are those behind the first; `unfinished` says that the reader asked for one more than there is.
    """

    def __init__(self, more: Callable[[], RawLine | None], encoding: str) -> None:
        self._more = more
        self._encoding = encoding
        self._first: str | None = None
        self._room = 0
        self.taken: list[RawLine] = []
        self.unfinished = False

    def begin(self, text: str, room: int) -> None:
        """Begin the next row, which may go on for `room` characters after this line."""
        self._first, self._room, self.unfinished = text, room, False
        if self.taken:
            self.taken = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._first is not None:
            text, self._first = self._first, None
            return f"{text}\n"
        self.unfinished = True
        if self._room <= 0 or (line := self._more()) is None:
            raise StopIteration
        self.taken.append(line)
        self._room -= len(line[1]) + 1
        more = _text(line[0], line[1], self._encoding)
        if isinstance(more, InputRow):
            raise StopIteration
        self.unfinished = False
        return f"{more}\n"


def _encoding(layout: FileFormat) -> str:
    return "utf-8" if layout.recoded else layout.encoding


def _text(number: int, raw: bytes, encoding: str) -> str | InputRow:
    """The line as text, or why it is none."""
    if len(raw) > LONGEST:
        return _rejected(number, _shown(raw, encoding), LINE_TOO_LONG, f"It is longer than {LONGEST:,} bytes.")
    try:
        text = str(raw, encoding)
    except UnicodeDecodeError as error:
        detail = f"It is not text in {encoding}: byte {error.start + 1} does not fit."
        return _rejected(number, _shown(raw, encoding), INVALID_ENCODING, detail)
    if "\0" in text:
        return _rejected(number, text, INVALID_ENCODING, "It has a NUL character.")
    return text


def _shown(raw: bytes, encoding: str) -> str:
    return str(raw[: 4 * LONGEST_INPUT], encoding, "replace")


def _rejected(number: int, text: str, code: str, detail: str) -> InputRow:
    return InputRow(number, text.strip()[:LONGEST_INPUT], code, detail)
