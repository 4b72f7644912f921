"""The format of an uploaded file, found out from its name and its first bytes before it becomes a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from inventory.errors import InvalidFile, UnreadableFile
from inventory.imports import columns, gzipped
from inventory.imports.encodings import encoding_of
from inventory.imports.file_format import FileFormat, format_of_name
from inventory.jobs.job_type import FileRows, LineFormat
from inventory.jobs.model import COLUMN

HEAD_BYTES = 256 * 1024
"""Bytes of the beginning of a file that are examined."""
MAX_SAMPLE = 200
"""Lines of these that are parsed."""
NO_OPTIONS: Mapping[str, Any] = {}


def sniff(head: bytes, file_rows: FileRows, *, file_name: str, options: Mapping[str, Any] = NO_OPTIONS) -> FileFormat:
    """The format of a file whose first `HEAD_BYTES` bytes are `head` (fewer are the whole file), the same each time.

    `options` are those of its import. Raises `UnsupportedFile` for a name without a suffix of `file_rows`, and `InvalidFile`
    if the file cannot become a job: it is empty, not what its name says, or lacks the `column` asked for or, without that,
    one of `file_rows`.
    """
    column = options.get(COLUMN)
    named = format_of_name(file_name, file_rows.suffixes)
    begun, whole = _expanded(head) if named.gzipped else (head, len(head) < HEAD_BYTES)
    encoding = encoding_of(_whole_lines(begun, whole), named.line_format)
    text = begun.decode(encoding, "replace").removeprefix("\ufeff")
    if not text.strip():
        raise InvalidFile("The file is empty." if whole else "The file begins with nothing but blank lines.")
    newline = "\r" if "\r" in text and "\n" not in text else "\n"
    lines = _lines(text, newline, whole=whole)
    shape = file_rows.recognise(lines, options) if file_rows.recognise else None
    found = replace(named, encoding=encoding, newline=newline.encode(), shape=shape)
    match found.line_format:
        case LineFormat.JSON:
            return _json(lines, found, file_rows, column)
        case LineFormat.CSV:
            return _csv(lines, found, file_rows, column, whole=whole and len(lines) < MAX_SAMPLE)
        case LineFormat.TEXT:
            return _text(lines, found, file_rows)


def _expanded(head: bytes) -> tuple[bytes, bool]:
    try:
        return gzipped.beginning(head, HEAD_BYTES)
    except UnreadableFile as error:
        raise InvalidFile(f"This is not a gzip file. {error} Gzip it again, or name it without .gz.") from error


def _whole_lines(begun: bytes, whole: bool) -> bytes:
    """Without an incomplete last line, which may end in the middle of a character."""
    end = 0 if whole else begun.rfind(b"\n") + 1
    return begun[:end] if end else begun


def _lines(text: str, newline: str, *, whole: bool) -> list[str]:
    """The first lines that are not blank."""
    lines = text.split(newline)
    if not whole:
        lines.pop()
    return [line for line in lines if line.strip()][:MAX_SAMPLE]


def _json(lines: Sequence[str], found: FileFormat, file_rows: FileRows, column: str | None) -> FileFormat:
    values = [value for value in map(_loaded, lines) if value is not None]
    if lines and not values:
        raise InvalidFile("None of the first lines is JSON. Send one JSON value a line, not one array.")
    if not file_rows.columns:
        return found
    member = columns.member_of(values, file_rows, column) if values else column or file_rows.columns[0]
    return replace(found, member=member, qualifier=columns.qualifying_member(values, file_rows, member))


def _loaded(line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _text(lines: Sequence[str], found: FileFormat, file_rows: FileRows) -> FileFormat:
    if lines and file_rows.looks_like and not any(map(file_rows.looks_like, lines)):
        raise InvalidFile(f"None of the first lines is {file_rows.value}. Send one a line.")
    return found


def _csv(lines: Sequence[str], found: FileFormat, file_rows: FileRows, column: str | None, *, whole: bool) -> FileFormat:
    if not lines:
        raise InvalidFile(f"The first line is longer than {HEAD_BYTES:,} bytes. Send a table with one row a line.")
    delimiter = columns.delimiter_of(lines, column)
    table = columns.parse(lines, delimiter)
    if not table:
        raise InvalidFile("The first row cannot be read. Send a table with one row a line.")
    number, header = columns.column_of(table, file_rows, column)
    if header and whole and len(table) == 1:
        raise InvalidFile("The file has a header and nothing else.")
    qualifier = columns.qualifying_column(table, file_rows, number) if header else None
    name = table[0][number].strip() if header and number < len(table[0]) else None
    return replace(found, delimiter=delimiter, header=header, column=number, qualifier=qualifier, column_name=name)
