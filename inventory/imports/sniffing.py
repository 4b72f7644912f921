"""The format of an uploaded file, found out from its name and its first bytes before it becomes a job."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from inventory.errors import InvalidFile, UnreadableFile
from inventory.imports import columns, gzipped, json_files, signatures
from inventory.imports.beginning import MAX_SAMPLE, Beginning, Lines
from inventory.imports.encodings import encoding_of
from inventory.imports.file_format import FileFormat, format_of_name
from inventory.imports.tables import Sample, announced_delimiter, most_cells, table_of
from inventory.jobs.job_type import WHOLE_LINE, FileRows, LineFormat

HEAD_BYTES = 256 * 1024
"""Bytes of the beginning of a file that are examined."""
TAB_AND_URL = re.compile(r"\t\s*https?://", re.IGNORECASE)
CDXJ_LINE = re.compile(r"[^\s{]+ \d+ \{")
CDX_LINE = re.compile(r"[^\s)]+\)\S*+ \d{4,14} (?:https?://|\{)")
CDX_URL = 2
"""The field of a CDX index with the original URL, from 0, where the first line does not name the fields."""
WORD = re.compile(r"[^\s\"'<>()=]+")
NO_OPTIONS: Mapping[str, Any] = {}


def sniff(head: bytes, file_rows: FileRows, *, file_name: str, options: Mapping[str, Any] = NO_OPTIONS) -> FileFormat:
    """The format of a file whose first `HEAD_BYTES` bytes are `head` (fewer are the whole file), the same each time.

    `options` are those of its import. Raises `UnsupportedFile` for a name without a suffix of `file_rows`, and `InvalidFile`
    if the file cannot become a job: it is empty, not what its name says, or lacks the `column` asked for or, without that,
    one of `file_rows`. Where it turns out to be a document, only `detect` finds out the rest.
    """
    named = format_of_name(file_name, file_rows.suffixes)
    begun, whole = _expanded(head) if named.gzipped else (head, len(head) < HEAD_BYTES)
    is_json = named.line_format is LineFormat.JSON
    if is_json and file_rows.recognise is None and (document := signatures.json_document(begun)):
        return replace(named, line_format=document)
    encoding = encoding_of(_whole_lines(begun, whole), named.line_format)
    text = begun.decode(encoding, "replace")
    lines = _lines(text, whole=whole, value=file_rows.in_text if named.line_format is LineFormat.TEXT else None)
    if not lines and not text.strip("\ufeff \t\r\n\v\f"):
        raise InvalidFile("The file is empty." if whole else "The file begins with nothing but blank lines.")
    if file_rows.recognise is None:
        signatures.refuse_others(text.lstrip(signatures.BLANKS), named.line_format)
    found = replace(named, encoding=encoding)
    may_be_array = is_json or file_rows.recognise is not None
    content = text.encode("utf-8", "surrogatepass") if may_be_array and found.recoded else begun
    beginning = Beginning(content=content, lines=lines, whole=whole, file_rows=file_rows, options=options)
    if may_be_array:
        beginning, found = json_files.with_values(beginning, found, text)
    if file_rows.recognise and (shape := file_rows.recognise(beginning.texts, options)):
        return replace(found, shape=shape)
    return SNIFFERS[found.line_format](beginning, found)


def _expanded(head: bytes) -> tuple[bytes, bool]:
    try:
        return gzipped.beginning(head, HEAD_BYTES)
    except UnreadableFile as error:
        raise InvalidFile(f"This is not a gzip file. {error} Gzip it again, or name it without .gz.") from error


def _whole_lines(begun: bytes, whole: bool) -> bytes:
    """Without an incomplete last line, which may end in the middle of a character."""
    end = 0 if whole else begun.rfind(b"\n") + 1
    return begun[:end] if end else begun


def _lines(text: str, *, whole: bool, value: Callable[[str], str] | None = None) -> Lines:
    """The first lines that are not blank, as `lines.lines` splits them, and that have a value or other text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("}\0", "}\n").split("\n")
    if not whole:
        lines.pop()
    unmarked = ((number, line.removeprefix("\ufeff")) for number, line in enumerate(lines, 1))
    return list(islice((each for each in unmarked if (value or str.strip)(each[1])), MAX_SAMPLE))


def _text(begun: Beginning, found: FileFormat) -> FileFormat:
    file_rows, lines = begun.file_rows, begun.texts
    as_table = replace(found, line_format=LineFormat.CSV)
    if begun.column is not None and lines:
        return _csv(begun, as_table)
    if lines and file_rows.looks_like is None:  # a table may have been saved as .txt
        with suppress(InvalidFile):
            if (headed := _csv(begun, as_table)).header:
                return headed
    if file_rows.looks_like is None or not (lines or begun.whole):
        return found
    signatures.refuse_access_log(lines)
    values = lines if file_rows.in_text is None else list(map(file_rows.in_text, lines))
    looks = columns.looks_of(file_rows, begun.options)
    fitting = [any(look.fits(value) for look in looks) for value in values]
    if all(map(TAB_AND_URL.search, values)):
        fitting = [False]
    table = None if fitting[0] else _table_in_text(begun, as_table, alone=not any(fitting))
    if table and (not any(fitting) or (table.column_name or "").lower() in looks[-1].names):
        return table
    if any(fitting):
        name = " ".join(lines[0].lower().rstrip(" :").split())
        is_headed = name in looks[-1].names and not fitting[0] and len(lines) > 1
        return replace(found, first_line=begun.lines[1][0], column_name=lines[0].strip()) if is_headed else found
    advice = columns.advice(values, file_rows, begun.options)
    if any(look.fits(word) for look in looks for line in lines for word in WORD.findall(line)):
        index = " Name an index of a web archive .cdx." if any(map(CDX_LINE.match, lines)) else ""
        advice = f" There are some within the lines: leave out what is around them.{index}{advice}"
    raise InvalidFile(f"None of the first lines is {file_rows.value}. Send one a line.{advice}")


def _table_in_text(begun: Beginning, found: FileFormat, *, alone: bool) -> FileFormat | None:
    """The table that spreadsheets write as .txt too, if there is one; with `alone` nothing but its columns can be meant."""
    try:
        table = _csv(begun, found)
    except InvalidFile as error:
        if alone and isinstance(error, columns.SeveralColumns):
            raise
        return None
    return table if table.delimiter != WHOLE_LINE else None


def _csv(begun: Beginning, found: FileFormat) -> FileFormat:
    lines, column = begun.lines, begun.column
    if not lines:
        raise InvalidFile(f"The first line is longer than {HEAD_BYTES:,} bytes. Send a table with one row a line.")
    announced = announced_delimiter(lines)
    if announced:
        lines = lines[1:]
    delimiter, table = table_of(lines, begun.file_rows, begun.options, column, announced)
    if not table.rows:
        raise InvalidFile("The first row cannot be read. Send a table with one row a line.")
    try:
        number, header = columns.column_of(table.rows, begun.file_rows, begun.options, column)
    except InvalidFile:
        if column is not None or not _is_list(begun):
            raise
        return replace(found, line_format=LineFormat.TEXT)
    if header and begun.whole and len(table.rows) == 1 and len(begun.lines) < MAX_SAMPLE:
        raise InvalidFile("The file has a header and nothing else.")
    return _with_column(begun, replace(found, delimiter=delimiter), table, number, header=header)


def _is_list(begun: Beginning) -> bool:
    """Whether the lines are values themselves, the first one and half of them at least."""
    fits = begun.file_rows.fits_line
    fitting = [bool(fits(line)) for line in begun.texts] if fits else [False]
    return fitting[0] and 2 * sum(fitting) >= len(fitting)


def _with_column(begun: Beginning, found: FileFormat, table: Sample, number: int, *, header: bool) -> FileFormat:
    """The format of a table whose values are in the column with this number."""
    width = most_cells(table.rows, header=header) if number < len(table.rows[0]) else 0
    found = replace(
        found,
        column=number,
        header=header,
        first_line=table.numbers[0],
        width=width,
        columns=columns.choices(table.rows[0], begun.file_rows, begun.options, header=header),
    )
    if not header:
        return found
    qualifiers = columns.qualifying_columns(table.rows[0], begun.file_rows, number)
    return replace(
        found,
        first_line=table.numbers[1] if len(table.rows) > 1 else table.numbers[0] + 1,
        qualifiers=qualifiers,
        column_name=columns.title_of(table.rows[0], number, qualifiers),
    )


def _cdx(begun: Beginning, found: FileFormat) -> FileFormat:
    """An index of a web archive: CDXJ with a JSON object on each line, or CDX with fields, which its first line may name."""
    objects = [line for line in begun.texts if CDXJ_LINE.match(line)]
    if objects:
        return replace(found, line_format=LineFormat.CDXJ, member=begun.column or "url", shape=LineFormat.CDXJ)
    if begun.column is not None:
        raise InvalidFile("An index of CDX has no columns to choose from. Leave out the parameter column.")
    fields = begun.texts[0].split() if begun.lines else []
    named = "CDX" in fields[:1]
    if named and "a" not in fields:
        raise InvalidFile("The index has no field 'a', the original URL. Write it with one.")
    if named and begun.whole and len(begun.lines) == 1:
        raise InvalidFile("The index has a header and nothing else.")
    column = fields.index("a") - 1 if named else CDX_URL
    if not named and not any(len(line.split()) > CDX_URL for line in begun.texts):
        raise InvalidFile("None of the first lines is one of a CDX or CDXJ index.")
    return replace(
        found,
        line_format=LineFormat.CSV,
        delimiter=" ",
        column=column,
        first_line=begun.lines[0][0] + named,
        column_name="original",
        shape=LineFormat.CDX,
    )


SNIFFERS: Mapping[LineFormat, Callable[[Beginning, FileFormat], FileFormat]] = {
    LineFormat.CSV: _csv,
    LineFormat.TEXT: _text,
    LineFormat.JSON: json_files.json_format,
    LineFormat.CDX: _cdx,
}
"""What finds out the rest, for each kind of lines that a suffix promises."""
