"""Which part of a row has its value: the column of a table, or the member of an object."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from inventory.errors import InvalidFile
from inventory.jobs.job_type import FileRows

Table = Sequence[Sequence[str]]

DELIMITERS = ",;\t|"
WHOLE_LINE = "\x1f"
"""The delimiter of a table with one column: a character that no text has."""
MIN_SHARE = 0.6
"""The share of rows with as many cells as the first one, from which on the character between them is a delimiter."""
MAX_SHOWN = 10
"""Names of columns in a message."""


def parse(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The rows of a sample, up to the first that cannot be read."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(filter(None, csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, skipinitialspace=True)))
    return rows


def delimiter_of(lines: Sequence[str], column: str | None) -> str:
    """The delimiter of a table's cells: the one on which most rows agree, among those with the column asked for."""
    tables: dict[str, Table] = {
        delimiter: table for delimiter in (WHOLE_LINE, *DELIMITERS) if (table := parse(lines, delimiter))
    }
    if column is not None:
        having = {delimiter: table for delimiter, table in tables.items() if _number(table[0], column) is not None}
        tables = having or tables
    shares = {delimiter: _share(table) for delimiter, table in tables.items() if len(table[0]) > 1}
    fitting = {delimiter: share for delimiter, share in shares.items() if share >= MIN_SHARE}
    if fitting:
        return max(fitting, key=lambda delimiter: (fitting[delimiter], len(tables[delimiter][0])))
    return next(iter(tables), WHOLE_LINE)


def column_of(table: Table, file_rows: FileRows, column: str | None) -> tuple[int, bool]:
    """The column with the values, from 0, and whether the first row is a header; `InvalidFile` if there is none."""
    first = table[0]
    if column is not None:
        number = _number(first, column)
        if number is None:
            raise InvalidFile(f"There is no column {column!r}. The columns are: {_shown(first)}.")
        return number, not column.isdecimal() or _is_header(first, number, file_rows)
    number = _named_or_looking(table, file_rows)
    if number is None:
        looking = f", nor does one have {file_rows.value}" if file_rows.looks_like else ""
        raise InvalidFile(
            f"No column is called {file_rows.columns[0]!r} or the like{looking}. Name one with the parameter column, or give"
            f" its number from 1. The first row is: {_shown(first)}."
        )
    return number, _is_header(first, number, file_rows)


def qualifying_column(table: Table, file_rows: FileRows, number: int) -> int | None:
    """The number of the column, named in the header, that qualifies the values of another one; None if there is none."""
    names = _lower(table[0])
    found = [names.index(name) for name in file_rows.qualifiers if name in names]
    return next((qualifier for qualifier in found if qualifier != number), None)


def qualifying_member(values: Sequence[Any], file_rows: FileRows, member: str) -> str | None:
    """The same in a sample of JSON lines."""
    names = {name for value in values if isinstance(value, dict) for name in value}
    return next((name for name in file_rows.qualifiers if name in names and name != member), None)


def qualified(value: str, qualifier: Any) -> str:
    """A value with its qualifier, such as a city with its country, unless that is missing or in the value already."""
    added = qualifier.strip() if isinstance(qualifier, str) else ""
    return f"{value}, {added}" if added and "," not in value else value


def member_of(values: Sequence[Any], file_rows: FileRows, column: str | None) -> str:
    """The name of the member with the values in a sample of JSON lines; `InvalidFile` if there is none."""
    objects = [value for value in values if isinstance(value, dict)]
    members = Counter(name for value in objects for name in value)
    if column is not None:
        if objects and len(objects) == len(values) and column not in members:
            raise InvalidFile(f"There is no member {column!r}. The members are: {_shown(list(members))}.")
        return column
    named = next((name for name in file_rows.columns if name in members), None)
    if named is None and not any(isinstance(value, str) for value in values):
        existing = f" The members are: {_shown(list(members))}." if members else ""
        raise InvalidFile(
            f"No line is a string, nor an object with a member {file_rows.columns[0]!r}. Name another member with the"
            f" parameter column.{existing}"
        )
    return named or file_rows.columns[0]


def _named_or_looking(table: Table, file_rows: FileRows) -> int | None:
    """A column with a known name and values that look right; else the one with most of these; else one with a known name."""
    names = _lower(table[0])
    named = [names.index(name) for name in file_rows.columns if name in names]
    if file_rows.looks_like is None:
        sure = named or ([0] if len(table[0]) == 1 else [])
    else:
        fitting = Counter(number for row in table for number, cell in enumerate(row) if file_rows.looks_like(cell))
        sure = [number for number in named if fitting[number]] or [number for number, _ in fitting.most_common(1)]
    return next(iter(sure + named), None)


def _is_header(first: Sequence[str], number: int, file_rows: FileRows) -> bool:
    if file_rows.looks_like is None:
        return any(name in file_rows.columns for name in _lower(first))
    return number >= len(first) or not file_rows.looks_like(first[number])


def _number(first: Sequence[str], column: str) -> int | None:
    """The position of the column in the first row, from 0: by number from 1, or by name whatever its case."""
    if column.isdecimal():
        return int(column) - 1 if 1 <= int(column) <= len(first) else None
    names = _lower(first)
    return names.index(column.strip().lower()) if column.strip().lower() in names else None


def _lower(names: Sequence[str]) -> list[str]:
    return [name.strip().lower() for name in names]


def _share(table: Table) -> float:
    return sum(len(row) == len(table[0]) for row in table) / len(table)


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:MAX_SHOWN])
    return f"{shown}, …" if len(names) > MAX_SHOWN else shown
