"""What an uploaded file is, told from its name and its beginning, before it becomes a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from inventory.errors import InvalidFile, UnreadableFile
from inventory.imports import columns, gzipped
from inventory.imports.encodings import encoding_of
from inventory.imports.file_format import FileFormat, LineFormat, form_of

HEAD = 256 * 1024
"""Bytes of the beginning of a file that are looked at."""
SAMPLE = 200
"""Lines of these that are parsed."""


def examine(head: bytes, *, kind: str, file_name: str, column: str | None = None) -> FileFormat:
    """The layout of a file whose first `HEAD` bytes are `head` (fewer are the whole file), the same each time.

    Raises `UnsupportedFile` if the kind does not take files of that name, `InvalidFile` if it cannot become a job: empty,
    not what its name says, or without what is meant by `column` or, without that, by the kind.
    """
    form, zipped = form_of(kind, file_name)
    begun, whole = _expanded(head) if zipped else (head, len(head) < HEAD)
    encoding = encoding_of(_whole_lines(begun, whole), form)
    text = begun.decode(encoding, "replace").removeprefix("\ufeff")
    if not text.strip():
        raise InvalidFile("The file is empty." if whole else "The file begins with nothing but blank lines.")
    newline = "\r" if "\r" in text and "\n" not in text else "\n"
    lines = _lines(text, newline, whole=whole)
    layout = FileFormat(form, gzipped=zipped, encoding=encoding, newline=newline.encode())
    match form:
        case LineFormat.JSON:
            return _json(lines, layout, kind, column)
        case LineFormat.CSV:
            return _csv(lines, layout, kind, column, whole=whole and len(lines) < SAMPLE)
        case LineFormat.TEXT:
            return _text(lines, layout, kind)


def _expanded(head: bytes) -> tuple[bytes, bool]:
    try:
        return gzipped.beginning(head, HEAD)
    except UnreadableFile as error:
        raise InvalidFile(f"This is no gzip file. {error} Gzip it again, or name it without .gz.") from error


def _whole_lines(begun: bytes, whole: bool) -> bytes:
    """Without a last line that is cut, in the middle of a character perhaps."""
    end = 0 if whole else begun.rfind(b"\n") + 1
    return begun[:end] if end else begun


def _lines(text: str, newline: str, *, whole: bool) -> list[str]:
    """The first lines that are not blank."""
    lines = text.split(newline)
    if not whole:
        lines.pop()
    return [line for line in lines if line.strip()][:SAMPLE]


def _json(lines: Sequence[str], layout: FileFormat, kind: str, column: str | None) -> FileFormat:
    values = [value for value in map(_loaded, lines) if value is not None]
    if lines and not values:
        raise InvalidFile("None of the first lines is JSON. Send one JSON value a line, not one array.")
    if kind not in columns.NAMES:
        return layout
    member = columns.member_of(values, kind, column) if values else column or columns.NAMES[kind][0]
    country = columns.country_member_of(values, kind, member)
    return replace(layout, member=member, country=country)


def _loaded(line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _text(lines: Sequence[str], layout: FileFormat, kind: str) -> FileFormat:
    if lines and not any(map(columns.looks_like(kind), lines)):
        raise InvalidFile("None of the first lines is a URL. Send one absolute http or https URL a line.")
    return layout


def _csv(lines: Sequence[str], layout: FileFormat, kind: str, column: str | None, *, whole: bool) -> FileFormat:
    if not lines:
        raise InvalidFile(f"The first line is longer than {HEAD:,} bytes. Send a table with one row a line.")
    delimiter = columns.delimiter_of(lines, column)
    table = columns.parse(lines, delimiter)
    if not table:
        raise InvalidFile("The first row cannot be read. Send a table with one row a line.")
    number, header = columns.column_of(table, kind, column)
    if header and whole and len(table) == 1:
        raise InvalidFile("The file has a header and nothing else.")
    country = columns.country_of(table, kind, number, header=header)
    return replace(layout, delimiter=delimiter, header=header, column=number, country=country)
