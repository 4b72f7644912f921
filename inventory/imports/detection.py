"""The format of a file that is in the file store: of lines from its beginning, of a document from its first entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from io import BufferedReader, RawIOBase
from itertools import groupby, islice
from typing import Any, BinaryIO

from inventory.errors import InvalidFile, UnreadableFile, UnsupportedFile
from inventory.imports import columns
from inventory.imports.beginning import MAX_SAMPLE
from inventory.imports.documents.model import Entry, Extent
from inventory.imports.documents.reader import DocumentReader
from inventory.imports.file_format import FileFormat, Sheet, format_of_name
from inventory.imports.signatures import GZIP, GZIPPED
from inventory.imports.sniffing import HEAD_BYTES, NO_OPTIONS, sniff
from inventory.imports.tables import Sample, table_in
from inventory.jobs.job_type import FileRows, LineFormat
from inventory.jobs.model import COLUMN, Job

FoundSheet = tuple[Sheet, str | None, bool, tuple[str, ...]]
"""A sheet with a table, what its column is called, whether values were seen in it, and the columns to choose from."""


def detect(file: BinaryIO, file_rows: FileRows, *, file_name: str, options: Mapping[str, Any] = NO_OPTIONS) -> FileFormat:
    """The format of a whole file; it raises what `sniff` does, which does the same for lines."""
    named = format_of_name(file_name, file_rows.suffixes)
    if not named.line_format.is_document:
        head = file.read(HEAD_BYTES)
        named = sniff(head, file_rows, file_name=file_name, options=options)
        if not named.line_format.is_document:
            return named
        file = BufferedReader(_FromHead(head, file))
    elif not named.gzipped and named.line_format not in (LineFormat.WARC, LineFormat.WARC_CAPTURES):
        head = file.read(len(GZIP))
        if head == GZIP:
            raise InvalidFile(GZIPPED)
        file = BufferedReader(_FromHead(head, file))
    try:
        if named.line_format is LineFormat.WORKBOOK:
            return _workbook(file, named, file_rows, options)
        return _list(file, named, file_rows, options)
    except UnreadableFile as error:
        raise InvalidFile(str(error)) from error


def detect_again(file: BinaryIO, file_rows: FileRows, job: Job) -> FileFormat:
    """The format of a file that we wrote for a retry, or that a version before this one received."""
    try:
        return detect(file, file_rows, file_name=job.file_name or "", options=job.options)
    except (InvalidFile, UnsupportedFile) as error:
        raise UnreadableFile(str(error)) from error


class _FromHead(RawIOBase):
    """A file from its beginning, which was read already: one of a file store cannot go back."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes, as many as there is room for; fewer where the head ends."""
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _list(file: BinaryIO, named: FileFormat, file_rows: FileRows, options: Mapping[str, Any]) -> FileFormat:
    """A document with one value in each entry, one of which must look right: the rest of it may be large."""
    reader, looks = DocumentReader(file, named, Extent()), columns.looks_of(file_rows, options)
    values, unreadable = list[str](), None
    with closing(reader.entries()) as found:
        try:
            for entry, _ in islice(found, MAX_SAMPLE):
                values.append(entry.cells[0])
                if any(look.fits(values[-1]) for look in looks):
                    break
        except UnreadableFile as error:  # what was read before it counts
            unreadable = error
    if unreadable is not None and not values:
        raise unreadable
    kind = reader.kind
    assert kind is not None
    if options.get(COLUMN) is not None:
        raise InvalidFile(f"A file of the shape {kind.shape} has no columns. Leave out the parameter column.")
    if not any(look.fits(value) for look in looks for value in values):
        advice = columns.advice(values, file_rows, options)
        raise InvalidFile(f"The file was read as {kind.shape}, and none of its first entries is {file_rows.value}.{advice}")
    return replace(named, shape=kind.shape, encoding=kind.encoding, column_name=kind.column)


def _workbook(file: BinaryIO, named: FileFormat, file_rows: FileRows, options: Mapping[str, Any]) -> FileFormat:
    """A workbook, each of whose sheets may have a table; those without one are left out, unless there is no other."""
    reader = DocumentReader(file, named, Extent(sample=MAX_SAMPLE))
    tables, missing = list[FoundSheet](), list[InvalidFile]()
    with closing(reader.entries()) as entries:
        for number, rows in groupby((entry for entry, _ in entries), key=lambda entry: entry.sheet):
            try:
                tables.append(_sheet(number, rows, file_rows, options))
            except columns.SeveralColumns:
                raise
            except InvalidFile as error:
                missing.append(error)
    used = [table for table in tables if table[2]]
    if not used and (missing or tables):
        what = missing[0] if missing else f"No sheet has {file_rows.value} in its first rows."
        choices = missing[0].columns if missing else tables[0][3]
        raise InvalidFile(f"{what} A cell counts as the text that it shows, not as what that links to.", choices)
    if not used:
        raise InvalidFile("The workbook has no rows on a sheet that is shown.")
    assert reader.kind is not None
    sheets = tuple(sheet for sheet, *_ in used)
    return replace(named, shape=reader.kind.shape, column_name=used[0][1], sheets=sheets, columns=used[0][3])


def _sheet(number: int, entries: Iterator[Entry], file_rows: FileRows, options: Mapping[str, Any]) -> FoundSheet:
    """The table on a sheet; `InvalidFile` if it has none."""
    rows = [(entry.number, _trimmed(entry.cells)) for entry in entries]
    sample = Sample(rows=[cells for _, cells in rows], numbers=[row for row, _ in rows])
    column = options.get(COLUMN)
    table = table_in(sample, file_rows, options, column)
    table = table if table.rows else sample
    at, header = columns.column_of(table.rows, file_rows, options, column)
    if header and len(table.rows) == 1:
        raise InvalidFile("The sheet has a header and nothing else.")
    looks = columns.looks_of(file_rows, options)
    values = [cells[at] for cells in table.rows[header:] if at < len(cells)]
    qualifiers = columns.qualifying_columns(table.rows[0], file_rows, at) if header else ()
    sheet = Sheet(number=number, first_row=table.numbers[header], column=at, qualifiers=qualifiers)
    name = columns.title_of(table.rows[0], at, qualifiers) if header else None
    has_values = not looks or any(look.fits(value) for look in looks for value in values)
    return sheet, name, has_values, columns.choices(table.rows[0], file_rows, options, header=header)


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    """Without the empty cells at the end, which a row has where others are longer."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]
