"""Tables in text: what delimits their cells, and where they begin below the title and notes of an export."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from inventory.imports.beginning import Lines
from inventory.imports.columns import Look, looks_of, lower, numbered
from inventory.jobs.job_type import WHOLE_LINE, FileRows

DELIMITERS = ",;\t|"
SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""How Excel writes and reads the delimiter in the first line."""
QUOTED = re.compile(r'\s*"(?:[^"]|"")*"([,;\t|])|[^",;\t|]+([,;\t|])"(?:[^"]|"")*"(?:\2|$)')
"""A row that begins with a cell in quotes, or has its second one in quotes."""
RULER = re.compile(r"[-:=+\s]*")
"""What is below the header of a table in Markdown, and in a terminal."""
MIN_SHARE = 0.6
"""The share of rows with as many cells as most have, from which on the character between them is a delimiter."""
MAX_PREAMBLE = 30
"""Rows before a table among which its header is looked for."""


Row = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The first rows of a table and the numbers of the lines, or rows of a sheet, where they begin."""

    rows: Sequence[Row]
    numbers: Sequence[int]


NO_TABLE = Sample(rows=(), numbers=())


def parse(lines: Lines, delimiter: str) -> Sample:
    """The rows of a sample, up to the first that cannot be read."""
    rows, numbers, begin = list[Row](), list[int](), 0
    reader = csv.reader((f"{line}\n" for _, line in lines), delimiter=delimiter, skipinitialspace=True)
    with suppress(csv.Error):
        for row in reader:
            if row and not (delimiter == "|" and RULER.fullmatch("".join(row))):
                rows.append(row)
                numbers.append(lines[begin][0])
            begin = reader.line_num
    return Sample(rows=rows, numbers=numbers)


def announced_delimiter(lines: Lines) -> str | None:
    """The delimiter that the first line says and nothing else; None if it does not."""
    found = SEPARATOR.fullmatch(lines[0][1].strip(" \r")) if lines else None
    return found[1] if found else None


def table_of(
    lines: Lines, file_rows: FileRows, options: Mapping[str, Any], column: str | None, delimiter: str | None = None
) -> tuple[str, Sample]:
    """The delimiter, and the table from its header on: that on which most rows agree, or the one given."""
    delimiter = delimiter or _delimiter_of_quoted(lines)
    samples = {each: parse(lines, each) for each in ([delimiter] if delimiter else (WHOLE_LINE, *DELIMITERS))}
    tables = {
        each: table for each, sample in samples.items() if (table := table_in(sample, file_rows, options, column)).rows
    }
    if column is not None:
        having = {each: table for each, table in tables.items() if numbered(table.rows[0], column) is not None}
        tables = having or tables
    shares = {each: _share(table.rows) for each, table in tables.items() if _width(table.rows) > 1}
    fitting = {each: share for each, share in shares.items() if share >= MIN_SHARE}
    if fitting:
        best = max(fitting, key=lambda each: (fitting[each], _width(tables[each].rows)))
    else:
        goal = Goal.of(file_rows, options)
        headed = (each for each, table in tables.items() if len(table.rows[0]) > 1 and goal.is_above_values(table.rows, 0))
        best = next(headed, next(iter(tables or samples)))
    return best, tables.get(best) or samples[best]


def _delimiter_of_quoted(lines: Lines) -> str | None:
    """The delimiter beside the quotes of most lines, which leave no doubt; None if there are few."""
    found = Counter(match[1] or match[2] for _, line in lines if (match := QUOTED.match(line)))
    delimiter, count = max(found.items(), key=lambda each: each[1], default=(None, 0))
    return delimiter if 2 * count > len(lines) else None


def most_cells(rows: Sequence[Row], *, header: bool) -> int:
    """The cells that rows may have, as their header has, or most of them; 0 if that is one, or most of several have more."""
    width, below = (len(rows[0]), rows[1:]) if header else (_width(rows), rows)
    wider = sum(any(map(str.strip, row[width:])) for row in below)
    return 0 if width < 2 or (len(below) > 1 and 2 * wider >= len(below) + header) else width


def table_in(sample: Sample, file_rows: FileRows, options: Mapping[str, Any], column: str | None) -> Sample:
    """The rows from the header on, or from the first one of a table without it; none if they do not make a table."""
    rows = sample.rows
    asked = set(lower([column])) if column is not None and not column.isdecimal() else set()
    first = next((index for index, row in enumerate(rows[:MAX_PREAMBLE]) if asked & set(lower(row))), None)
    if first is None:
        first = _beginning(rows, Goal.of(file_rows, options))
    return NO_TABLE if first is None else Sample(rows=rows[first:], numbers=sample.numbers[first:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a table is looked for: names of its columns in lower case, and how its values look; empty if by name alone."""

    names: Set[str]
    looks: Sequence[Look]
    spelled: Callable[[str], tuple[str, str]]

    @classmethod
    def of(cls, file_rows: FileRows, options: Mapping[str, Any]) -> Goal:
        """What is looked for in a file with these rows."""
        looks = looks_of(file_rows, options)
        return cls(
            names={name for look in looks for name in look.names} or set(file_rows.columns),
            looks=looks,
            spelled=file_rows.spelled,
        )

    def named(self, row: Row) -> Sequence[int]:
        """The cells of a row that are names."""
        return [number for number, name in enumerate(row) if self.spelled(name)[1] in self.names]

    def fits(self, cells: Iterable[str]) -> bool:
        """Whether one of the cells looks like a value."""
        return any(look.fits(cell) for look in self.looks for cell in cells)

    def is_above_values(self, rows: Sequence[Row], index: int) -> bool:
        """Whether a row has a name with a value below it, and none above it."""
        for number in self.named(rows[index]):
            below, above = (_cells(part, number) for part in (rows[index + 1 : index + 2], rows[:index]))
            if self.fits(below) and not self.fits(above):
                return True
        return False


def _beginning(rows: Sequence[Row], goal: Goal) -> int | None:
    """The index of the header, or of the first row without one; None if what is above is neither title nor notes."""
    width = _width(rows)
    for index, row in enumerate(rows[:MAX_PREAMBLE]):
        if len(row) >= min(width, 2) and goal.is_above_values(rows, index):
            return index
    start = next((index for index, row in enumerate(rows) if len(row) >= width), 0)
    data = next(
        (index for index, row in enumerate(rows) if (len(row) == 1 or len(row) >= width) and goal.fits(row)), len(rows)
    )
    above = rows[: min(data, MAX_PREAMBLE)]
    named = [index for index, row in enumerate(above) if len(row) >= min(width, 2) and goal.named(row)]
    if named:
        return next((index for index in named if len(rows[index]) == width), named[0])
    if start and (start > MAX_PREAMBLE or data <= start or (data == len(rows) and not goal.looks)):
        return None
    return start if width > 1 else 0


def _cells(rows: Sequence[Row], number: int) -> Sequence[str]:
    return [row[number] for row in rows if number < len(row)]


def _width(rows: Sequence[Row]) -> int:
    """How many cells most of the rows with several have; of two widths that as many have, the bigger one."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return max(widths, key=lambda width: (widths[width], width), default=1)


def _share(rows: Sequence[Row]) -> float:
    width = _width(rows)
    return sum(len(row) == width for row in rows) / len(rows)
