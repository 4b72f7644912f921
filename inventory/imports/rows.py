"""The rows of an uploaded file, lazily: each is what the job works on, or says why it cannot be worked on."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from typing import BinaryIO

from inventory.files import Files
from inventory.imports.columns import qualified
from inventory.imports.detection import detect_again
from inventory.imports.documents import reader as documents
from inventory.imports.file_format import FileFormat
from inventory.imports.json_rows import json_of_cdxj, json_rows
from inventory.imports.lines import MAX_LINE, RawLine, encoding_of_lines, lines, lines_in_blocks, lines_of_rows, text_of_line
from inventory.imports.rejections import EXTRA_CELLS, MISSING_VALUE, UNCLOSED_QUOTE, rejected
from inventory.jobs.chunks import upload_name
from inventory.jobs.job_type import FileRows, LineFormat
from inventory.jobs.line_blocks import LineBlock
from inventory.jobs.model import FILE_FORMAT, InputRow, Job

AHEAD_PER_CHARACTER, MAX_AHEAD, COST_OF_LINE = 16, 4 * MAX_LINE, 32
"""Bytes that may be read in vain after unclosed quotes, for each character of the file and in all. A line counts as more
bytes than it has, because even a short one takes time."""


class Uploads:
    """The files of all jobs. Everything may raise `StorageUnavailable`, and `NotFound` where a job's file is gone."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def rows(self, job: Job, file_rows: FileRows) -> Iterator[tuple[InputRow, int]]:
        """All rows in order, lazily, each with the bytes read up to its end; `UnreadableFile` where the rest cannot be."""
        file_format = format_of_upload(self._files, job, file_rows)
        with self._files.open(upload_name(job.id)) as file:
            yield from read(file, file_format, file_rows.in_text)

    def in_blocks(self, job: Job, file_rows: FileRows) -> Iterator[tuple[InputRow | LineBlock, int]]:
        """The same rows, of files whose rows are whole lines in blocks where that can be."""
        file_format = format_of_upload(self._files, job, file_rows)
        with self._files.open(upload_name(job.id)) as file:
            yield from read_in_blocks(file, file_format, file_rows.in_text)


def format_of_upload(files: Files, job: Job, file_rows: FileRows) -> FileFormat:
    """The format of a job's file, found out again if an earlier version received it."""
    if job.options.get(FILE_FORMAT) is not None:
        return format_of(job)
    with files.open(upload_name(job.id)) as file:
        return detect_again(file, file_rows, job)


def format_of(job: Job) -> FileFormat:
    """The format that a job's file was found to have when it was uploaded."""
    return FileFormat.from_option(job.options[FILE_FORMAT])


def read(
    file: BinaryIO, file_format: FileFormat, in_text: Callable[[str], str] | None = None
) -> Iterator[tuple[InputRow, int]]:
    """All rows in order; with each, the bytes of the uploaded file up to its end. Blank lines are not rows.

    A row's number is that of the line where it begins, a header counted; of a document, that of the entry. `in_text` finds
    the value in a line of text. Raises `UnreadableFile` where the rest cannot be read.
    """
    match file_format.line_format:
        case LineFormat.CSV:
            return _CsvRows(lines_of_rows(file, file_format), file_format).rows()
        case LineFormat.CDXJ:
            return json_rows(json_of_cdxj(lines(file, file_format)), file_format)
        case LineFormat.JSON if file_format.member is not None:
            return json_rows(lines_of_rows(file, file_format), file_format)
        case line_format if line_format.is_document:
            return documents.rows(file, file_format)
        case _:
            value = in_text if file_format.line_format is LineFormat.TEXT else None
            return _whole_lines(lines_of_rows(file, file_format), encoding_of_lines(file_format), value)


def read_in_blocks(
    file: BinaryIO, file_format: FileFormat, in_text: Callable[[str], str] | None = None
) -> Iterator[tuple[InputRow | LineBlock, int]]:
    """What `read` returns, with blocks of lines where rows are whole lines."""
    is_text = file_format.line_format is LineFormat.TEXT
    if not (is_text or file_format.line_format is LineFormat.JSON) or file_format.member is not None:
        yield from read(file, file_format, in_text)
        return
    encoding, value = encoding_of_lines(file_format), in_text if is_text else None
    for found in lines_in_blocks(file, file_format):
        if isinstance(found[0], LineBlock):
            yield found
        else:
            yield from _whole_lines(iter((found,)), encoding, value)


def _whole_lines(
    raw_lines: Iterator[RawLine], encoding: str, in_text: Callable[[str], str] | None = None
) -> Iterator[tuple[InputRow, int]]:
    for number, raw, end in raw_lines:
        if not raw or raw.isspace():
            continue
        text = text_of_line(number, raw, encoding)
        if isinstance(text, InputRow):
            yield text, end
        elif in_text is None:
            yield InputRow(number, text.strip()), end
        elif value := in_text(text):
            yield InputRow(number, value), end


class _CsvRows:
    """CSV (RFC 4180), as forgiving as is safe: an unclosed quote costs one row, not those after it.

    To find an unclosed quote, a megabyte may be read in vain. So a quote that spans lines is followed for at most `_ahead`
    bytes, which grow with each line that is read: a file of such lines takes linear time.
    """

    def __init__(self, raw_lines: Iterator[RawLine], file_format: FileFormat) -> None:
        self._raw_lines = raw_lines
        self._again = deque[RawLine]()
        self._encoding = encoding_of_lines(file_format)
        self._format = file_format
        self._ahead = MAX_AHEAD
        self._row = _Row(self._next, self._encoding)
        self._strict, self._forgiving = (
            csv.reader(self._row, delimiter=file_format.delimiter, skipinitialspace=True, strict=strict)
            for strict in (True, False)
        )
        csv.field_size_limit(MAX_LINE)

    def rows(self) -> Iterator[tuple[InputRow, int]]:
        """The cells of the column, without the header and what is before it."""
        column, delimiter = self._format.column, self._format.delimiter
        header = self._format.header and not self._format.first_line
        qualifiers = [number for number in self._format.qualifiers if isinstance(number, int)]
        width = self._format.width or MAX_LINE
        while line := self._next():
            number, raw, end = line
            if raw.isspace() or not raw:
                continue
            text = text_of_line(number, raw, self._encoding)
            if isinstance(text, str):
                if self._ahead < MAX_AHEAD:
                    self._ahead = min(MAX_AHEAD, self._ahead + AHEAD_PER_CHARACTER * len(text))
                cells, end = (text.split(delimiter), end) if '"' not in text else self._quoted(text, end)
                cell = cells[column].strip() if len(cells) > column else ""
                if qualifiers and cell:
                    cell = qualified(cell, [cells[number] for number in qualifiers if number < len(cells)])
                if len(cells) > width and self._may_be_cut(text, cells):
                    text = self._with_extra_cells(number, text, cells)
                else:
                    text = InputRow(number, cell) if cell else self._without_cell(number, text, cells)
            if header and text.code is None:
                header = False
                continue
            yield text, end

    def _next(self) -> RawLine | None:
        return self._again.popleft() if self._again else next(self._raw_lines, None)

    def _quoted(self, text: str, end: int) -> tuple[list[str], int]:
        """The cells of a row with quotes, and where it ends, possibly lines later; no cells if a quote is unclosed."""
        row = self._row
        row.begin(text, min(MAX_LINE - len(text), self._ahead))
        try:
            cells = next(self._strict)
        except csv.Error:
            self._ahead -= sum(len(raw) + COST_OF_LINE for _, raw, _ in row.taken)
            self._again.extendleft(reversed(row.taken))
        else:
            return cells, row.taken[-1][2] if row.taken else end
        if self._format.delimiter == "\t":  # programs that write tabs often quote nothing, and a quote is a character
            return text.split("\t"), end
        row.begin(text, 0)
        try:
            cells = next(self._forgiving)
        except csv.Error:
            return [], end
        return [] if row.unfinished else cells, end

    def _may_be_cut(self, text: str, cells: list[str]) -> bool:
        """Whether an extra cell may belong to the value: it is not in quotes, and no blank follows, as it does in prose."""
        if not any(map(str.strip, cells[self._format.width :])):
            return False
        value = cells[self._format.column]
        after = text[max(text.find(value), 0) + len(value) :]
        return f'"{value.strip()}"' not in text and f"{self._format.delimiter} " not in after

    def _with_extra_cells(self, number: int, text: str, cells: list[str]) -> InputRow:
        """Nobody knows which of its cells are parts of one value, and what would be looked up may be half of a URL."""
        delimiter = repr(self._format.delimiter)
        detail = (
            f"It has {len(cells)} cells, and the header {self._format.width}."
            f' Write a value that has {delimiter} in it in quotes: "…".'
        )
        return rejected(number, text, EXTRA_CELLS, detail)

    def _without_cell(self, number: int, text: str, cells: list[str]) -> InputRow:
        if not cells:
            return rejected(number, text, UNCLOSED_QUOTE, "It has a quote that is not closed, or closed in the middle.")
        column = self._format.column + 1
        return rejected(number, text, MISSING_VALUE, f"It has {len(cells)} cells, and nothing in cell {column}.")


class _Row:
    """The lines of one row, as many as csv's reader asks for, as long as there is room for another one.

    `taken` are those after the first; `unfinished` says that the reader asked for more than there are.
    """

    def __init__(self, more: Callable[[], RawLine | None], encoding: str) -> None:
        self._more = more
        self._encoding = encoding
        self._first: str | None = None
        self._room = 0
        self.taken: list[RawLine] = []
        self.unfinished = False

    def begin(self, text: str, room: int) -> None:
        """Begin the next row, which may have `room` more characters after this line."""
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
        more = text_of_line(line[0], line[1], self._encoding)
        if isinstance(more, InputRow):
            raise StopIteration
        self.unfinished = False
        return f"{more}\n"
