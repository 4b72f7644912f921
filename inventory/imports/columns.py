"""Which part of a row is meant: the column of a table, or the member of an object."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from inventory.errors import InvalidFile

Table = Sequence[Sequence[str]]

DELIMITERS = ",;\t|"
WHOLE_LINE = "\x1f"
"""The delimiter of a table with one column: a character that no text has."""
MANY = 0.6
"""The share of rows that have as many cells as the first one, from which on what is between them is a delimiter."""
NAMES: Mapping[str, Sequence[str]] = {
    "urls": (
        "url", "urls", "uri", "link", "links", "href", "website", "web site", "webpage", "web page", "site", "homepage",
        "page", "page url", "target", "address", "web address",
    ),
    "cities": ("city", "cities", "city name", "city_name", "town", "place", "location", "name"),
}  # fmt: skip
"""What columns and members are called, the surest first; in lower case."""
COUNTRIES = ("country code", "country_code", "countrycode", "iso2", "country", "country name", "country_name", "nation")
"""The same of what says where a city is."""
LOOKS = {"urls": " or the like, nor does one have absolute http or https URLs", "cities": " or the like"}
URL = re.compile(r"\s*https?:", re.IGNORECASE)
SHOWN = 10
"""Names of columns in a message."""


def parse(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The rows of a sample, up to the first that cannot be read."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(filter(None, csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, skipinitialspace=True)))
    return rows


def delimiter_of(lines: Sequence[str], column: str | None) -> str:
    """What is between the cells of a table: where the rows agree best on it, and the column that is asked for is."""
    tables: dict[str, Table] = {
        delimiter: table for delimiter in (WHOLE_LINE, *DELIMITERS) if (table := parse(lines, delimiter))
    }
    if column is not None:
        having = {delimiter: table for delimiter, table in tables.items() if _number(table[0], column) is not None}
        tables = having or tables
    fitting = {mark: _share(table) for mark, table in tables.items() if len(table[0]) > 1 and _share(table) >= MANY}
    if fitting:
        return max(fitting, key=lambda mark: (fitting[mark], len(tables[mark][0])))
    return next(iter(tables), WHOLE_LINE)


def column_of(table: Table, kind: str, column: str | None) -> tuple[int, bool]:
    """The number of the column that is meant, from 0, and whether the first row is a header; `InvalidFile` if none is."""
    first = table[0]
    if column is not None:
        number = _number(first, column)
        if number is None:
            raise InvalidFile(f"There is no column {column!r}. The columns are: {_shown(first)}.")
        return number, not column.isdecimal() or _is_header(first, number, kind)
    number = _named_or_looking(table, kind)
    if number is None:
        raise InvalidFile(
            f"No column is called {NAMES[kind][0]!r}{LOOKS[kind]}. Say which is meant with the parameter column, by name or"
            f" by number from 1. The first row is: {_shown(first)}."
        )
    return number, _is_header(first, number, kind)


def country_of(table: Table, kind: str, number: int, *, header: bool) -> int | None:
    """The number of the column that says where the cities of another one are, None if there is none."""
    names = [name.strip().lower() for name in table[0]] if header and kind == "cities" else []
    found = [names.index(name) for name in COUNTRIES if name in names]
    return next((country for country in found if country != number), None)


def country_member_of(values: Sequence[Any], kind: str, member: str) -> str | None:
    """The same in a sample of JSON lines."""
    seen = {name for value in values if isinstance(value, dict) for name in value} if kind == "cities" else set()
    return next((name for name in COUNTRIES if name in seen and name != member), None)


def with_country(city: str, country: Any) -> str:
    """A city with its country, unless that is missing or said already."""
    told = country.strip() if isinstance(country, str) else ""
    return f"{city}, {told}" if told and "," not in city else city


def member_of(values: Sequence[Any], kind: str, column: str | None) -> str:
    """The name of the member that is meant in a sample of JSON lines; `InvalidFile` if there is none."""
    objects = [value for value in values if isinstance(value, dict)]
    seen = Counter(name for value in objects for name in value)
    if column is not None:
        if objects and len(objects) == len(values) and column not in seen:
            raise InvalidFile(f"There is no member {column!r}. The members are: {_shown(list(seen))}.")
        return column
    named = next((name for name in NAMES[kind] if name in seen), None)
    if named is None and not any(isinstance(value, str) for value in values):
        known = f" The members are: {_shown(list(seen))}." if seen else ""
        raise InvalidFile(
            f"No line is a string, nor an object with a member {NAMES[kind][0]!r}. If another member is meant, say which"
            f" with the parameter column.{known}"
        )
    return named or NAMES[kind][0]


def looks_like(kind: str) -> Callable[[str], bool]:
    """Whether a cell can be what a kind's column has."""
    return (lambda cell: URL.match(cell) is not None) if kind == "urls" else (lambda cell: bool(cell.strip()))


def _named_or_looking(table: Table, kind: str) -> int | None:
    """A column with a known name and fitting cells; else, of URLs, the one with most; else one with a known name."""
    names = [name.strip().lower() for name in table[0]]
    named = [names.index(name) for name in NAMES[kind] if name in names]
    fits = looks_like(kind)
    fitting = Counter(number for row in table for number, cell in enumerate(row) if fits(cell))
    if kind == "urls":
        sure = [number for number in named if fitting[number]] or [number for number, _ in fitting.most_common(1)]
    else:
        sure = named or ([0] if len(table[0]) == 1 else [])
    return next(iter(sure + named), None)


def _is_header(first: Sequence[str], number: int, kind: str) -> bool:
    cell = first[number].strip().lower() if number < len(first) else ""
    return not looks_like(kind)(cell) if kind == "urls" else any(name.strip().lower() in NAMES[kind] for name in first)


def _number(first: Sequence[str], column: str) -> int | None:
    """The place of the column in the first row, from 0: by number from 1, or by name whatever its case."""
    if column.isdecimal():
        return int(column) - 1 if 1 <= int(column) <= len(first) else None
    names = [name.strip().lower() for name in first]
    return names.index(column.strip().lower()) if column.strip().lower() in names else None


def _share(table: Table) -> float:
    return sum(len(row) == len(table[0]) for row in table) / len(table)


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:SHOWN])
    return f"{shown}, …" if len(names) > SHOWN else shown
