"""The rows of an uploaded file, lazily: each is what the job works on, or says why it cannot be worked on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from inventory.files import Files
from inventory.imports.csv_rows import CsvRows
from inventory.imports.detection import detect_again
from inventory.imports.documents import reader as documents
from inventory.imports.file_format import FileFormat
from inventory.imports.json_rows import json_of_cdxj, json_rows
from inventory.imports.lines import RawLine, encoding_of_lines, lines, lines_in_blocks, lines_of_rows, text_of_line
from inventory.jobs.chunks import upload_name
from inventory.jobs.job_type import FileRows, LineFormat
from inventory.jobs.line_blocks import LineBlock
from inventory.jobs.model import FILE_FORMAT, InputRow, Job


class Uploads:
    """The files of all jobs. Everything may raise `StorageUnavailable`, and `NotFound` where a job's file is gone."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def rows(self, job: Job, file_rows: FileRows) -> Iterator[tuple[InputRow, int]]:
        """All rows in order, lazily, each with the bytes read up to its end; `UnreadableFile` where the rest cannot be."""
        file_format = self._format(job, file_rows)
        with self._files.open(upload_name(job.id)) as file:
            yield from read(file, file_format, file_rows.in_text)

    def in_blocks(self, job: Job, file_rows: FileRows) -> Iterator[tuple[InputRow | LineBlock, int]]:
        """The same rows, of files whose rows are whole lines in blocks where that can be."""
        file_format = self._format(job, file_rows)
        with self._files.open(upload_name(job.id)) as file:
            yield from read_in_blocks(file, file_format, file_rows.in_text)

    def _format(self, job: Job, file_rows: FileRows) -> FileFormat:
        kept = job.options.get(FILE_FORMAT)
        if kept is not None:
            return FileFormat.from_option(kept)
        with self._files.open(upload_name(job.id)) as file:
            return detect_again(file, file_rows, job)


def read(
    file: BinaryIO, file_format: FileFormat, in_text: Callable[[str], str] | None = None
) -> Iterator[tuple[InputRow, int]]:
    """All rows in order; with each, the bytes of the uploaded file up to its end. Blank lines are not rows.

    A row's number is that of the line where it begins, a header counted; of a document, that of the entry. `in_text` finds
    the value in a line of text. Raises `UnreadableFile` where the rest cannot be read.
    """
    match file_format.line_format:
        case LineFormat.CSV:
            return CsvRows(lines_of_rows(file, file_format), file_format).rows()
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
