"""The format of a file of JSON: lines, one array, one object with a list in it, or a tree with URLs at any depth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from inventory.errors import InvalidFile
from inventory.imports import columns, json_array, members, signatures
from inventory.imports.beginning import MAX_SAMPLE, Beginning
from inventory.imports.file_format import FileFormat
from inventory.imports.json_objects import list_in, object_in
from inventory.jobs.job_type import LineFormat
from inventory.jobs.model import COLUMN

NESTED_URL = re.compile(rb'\[\s*\{[^][]*"url"\s*:\s*(?:\{\s*"raw"\s*:\s*)?"https?:')


def with_values(begun: Beginning, found: FileFormat, text: str) -> tuple[Beginning, FileFormat]:
    """The first values instead of lines, where they are elements of an array, or span lines."""
    inner = list_in(begun.content, begun.file_rows, begun.options, whole=begun.whole)
    if inner is not None:
        options = {**begun.options, COLUMN: inner.column}
        lines = list(enumerate(inner.elements, 1))
        return replace(begun, lines=lines, options=options), replace(found, array=True, begin=inner.begin)
    if not _is_array(begun, text):
        return begun, found
    lines = list(enumerate(json_array.elements(begun.content, whole=begun.whole)[:MAX_SAMPLE], 1))
    if begun.whole and not lines:
        raise InvalidFile("The file has a list of JSON without elements.")
    return replace(begun, lines=lines), replace(found, array=True)


def _is_array(begun: Beginning, text: str) -> bool:
    """Whether the values of a file of JSON are not one a line."""
    if begun.file_rows.recognise is not None:
        return json_array.is_array(text)
    begins_as_json = text.lstrip(signatures.BLANKS).startswith(("{", "[", '"'))
    return json_array.is_document(text) or (begins_as_json and all(_loaded(line) is None for line in begun.texts))


def json_format(begun: Beginning, found: FileFormat) -> FileFormat:
    """The member with the values, or the form of a tree; `InvalidFile` if neither is certain."""
    tree = replace(found, line_format=LineFormat.TREE, array=False)
    try:
        member = _member(begun, found)
    except columns.SeveralColumns:
        raise
    except InvalidFile:
        if _is_tree(begun, found):
            return tree
        raise
    is_deep = not member.begin and "." in (member.member or "") and object_in(begun.content) is not None
    return tree if is_deep and _is_tree(begun, found) else member


def _is_tree(begun: Beginning, found: FileFormat) -> bool:
    """Whether one value has URLs in lists within other lists, as extensions of browsers save windows with tabs."""
    may_be = begun.column is None and begun.file_rows.looks_like is not None
    is_one = found.array or object_in(begun.content) is not None
    return may_be and is_one and NESTED_URL.search(begun.content) is not None


def _member(begun: Beginning, found: FileFormat) -> FileFormat:
    values = [value for value in map(_loaded, begun.texts) if value is not None]
    if begun.lines and not values:
        raise InvalidFile("None of the first lines has a value of JSON. Send one JSON value a line, or one array.")
    file_rows = begun.file_rows
    if not file_rows.columns:
        return found
    if values and all(isinstance(value, list) for value in values):
        return _json_table(values, begun, found)
    if not values:
        raise InvalidFile(f"The first value is longer than {len(begun.content):,} bytes. Send one JSON value a line.")
    member = members.member_of(values, file_rows, begun.options, begun.column)
    qualifiers = members.qualifying_members(values, file_rows, member)
    return replace(found, member=member, qualifiers=qualifiers, columns=members.choices(values))


def _json_table(values: Sequence[Sequence[Any]], begun: Beginning, found: FileFormat) -> FileFormat:
    """Rows as arrays with a value in the same place of each, as the Wayback Machine answers them."""
    table = [[cell if isinstance(cell, str) else "" for cell in value] for value in values if value]
    if not table:
        raise InvalidFile("The first arrays are empty.")
    number, header = columns.column_of(table, begun.file_rows, begun.options, begun.column)
    name = table[0][number].strip() if header and number < len(table[0]) else None
    first = begun.lines[0][0] + header
    return replace(
        found,
        column=number,
        column_name=name,
        first_line=first,
        member=name or begun.file_rows.columns[0],
        columns=columns.choices(table[0], begun.file_rows, begun.options, header=header),
    )


def _loaded(line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
