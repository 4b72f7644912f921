"""Which part of a row has its value: the column of a table, or the member of an object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from inventory.errors import InvalidFile
from inventory.jobs.job_type import FileRows

Table = Sequence[Sequence[str]]
Key = TypeVar("Key", int, str)

MIN_SHARE = 0.5
"""The share of a column's values, of those in the column with most, from which on it is a candidate too."""
NOTHING = (
    "n/a", "#n/a", "nan", "nil", "none", "(none)", "null", "(null)", "undefined", "unknown", "(unknown)", "not applicable",
    "not available", "tbd", "\\n",
)  # fmt: skip
"""What tables have in cells without a value."""
PATHS = "Write the whole URL, with scheme and host, into one column."
MAX_SHOWN = 10
"""Names of columns in a message."""
MAX_CHOICES, MAX_NAME = 100, 256
"""Columns that are offered, and characters of a name that can be asked for."""


class SeveralColumns(InvalidFile):
    """More than one column has values, and none is named like them alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is looked for in a file: columns with these names, or with values that look like this, which `value` describes.

    A `vague` name decides nothing where another column has such values too.
    """

    names: Sequence[str]
    fits: Callable[[str], object]
    value: str
    vague: Sequence[str] = ()


def looks_of(file_rows: FileRows, options: Mapping[str, Any]) -> Sequence[Look]:
    """What to look for, the surest first; empty if values are told by the name of their column alone."""
    if file_rows.looks_like is None:
        return ()
    looks = [Look(names=file_rows.columns, fits=file_rows.looks_like, value=file_rows.value)]
    completion = file_rows.completion
    if completion is not None and options.get(completion.option):
        names = (*file_rows.columns, *completion.columns)
        looks.append(Look(names=names, fits=completion.looks_like, value=completion.value, vague=completion.vague))
    return looks


def advice(values: Iterable[str], file_rows: FileRows, options: Mapping[str, Any]) -> str:
    """How to import values that lack something, as the end of a message; empty if these are none."""
    completion, values = file_rows.completion, list(values)
    if completion is None:
        return ""
    lacking = not options.get(completion.option) and any(map(completion.looks_like, values))
    paths = f" Some values are paths. {PATHS}" if any(map(_is_path, values)) else ""
    return (f" {completion.advice}" if lacking else "") + paths


def column_of(table: Table, file_rows: FileRows, options: Mapping[str, Any], column: str | None) -> tuple[int, bool]:
    """The column with the values, from 0, and whether the first row is a header; `InvalidFile` if it is not certain."""
    first, looks = table[0], looks_of(file_rows, options)
    if column is not None:
        number = numbered(first, column)
        if number is None:
            missing = f"There is no column {column!r}. The columns are: {shown(first)}."
            raise InvalidFile(missing, choices(first, file_rows, options))
        return number, not column.isdecimal() or _is_header(first, number, file_rows, looks)
    for look in looks:
        found = _fitting(table, look)
        if len(found) > 1:
            raise several([_title(first, number, (look,)) for number in found], look)
        if found:
            if look is not looks[0]:
                _refuse_beside_paths(table, found[0])
            return found[0], _is_header(first, found[0], file_rows, looks)
    named = known_columns(first, file_rows)
    if not named and not looks and len(first) == 1:
        named = [0]
    if not named:
        looking = f", nor does one have {file_rows.value}" if looks else ""
        raise InvalidFile(
            f"No column is called {file_rows.columns[0]!r} or the like{looking}. Name one with the parameter column, or give"
            f" its number from 1. The first row is: {shown(first)}.{advice(_cells(table), file_rows, options)}",
            choices(first, file_rows, options),
        )
    refuse_incomplete(first[named[0]], (row[named[0]] for row in table[1:] if named[0] < len(row)), file_rows, options)
    return named[0], _is_header(first, named[0], file_rows, looks)


def qualifying_columns(header: Sequence[str], file_rows: FileRows, number: int) -> tuple[int, ...]:
    """The numbers of the columns, named in the header, that qualify the values of another one: one of each group.

    What is before the other's name is before theirs too, or nothing: no `Billing State` qualifies a `Shipping City`.
    """
    spelled = list(map(file_rows.spelled, header))
    prefix = spelled[number][0] if number < len(spelled) else ""
    spelled[number : number + 1] = [("", "")]
    firsts = (
        next((spelled.index((before, name)) for before in (prefix, "") for name in group if (before, name) in spelled), None)
        for group in file_rows.qualifiers
    )
    return tuple(dict.fromkeys(found for found in firsts if found is not None))


def title_of(header: Sequence[str], number: int, qualifiers: Sequence[int]) -> str | None:
    """How the header calls a column and those that are added to it; None if it has no such column."""
    return ", ".join(header[each].strip() for each in (number, *qualifiers)) if number < len(header) else None


def qualified(value: str, qualifiers: Sequence[Any]) -> str:
    """A value with its qualifiers, such as a city with its state and country, but for those that say nothing.

    That is without a letter, a word for no value, or a part of the value already.
    """
    parts = [part.strip().lower() for part in value.split(",")]
    added = dict.fromkeys(text for each in qualifiers if isinstance(each, str) and (text := each.strip()))
    said = [text for text in added if any(map(str.isalpha, text)) and text.lower() not in (*NOTHING, *parts[1:])]
    return ", ".join((value, *said)) if said else value


def refuse_incomplete(name: str, values: Iterable[str], file_rows: FileRows, options: Mapping[str, Any]) -> None:
    """`InvalidFile` if a column has the right name, no value that fits, and values that lack something."""
    if way_out := advice(values, file_rows, options):
        raise InvalidFile(f"The column {name.strip()!r} does not have {file_rows.value} in any of the first rows.{way_out}")


def _refuse_beside_paths(table: Table, number: int) -> None:
    """`InvalidFile` if a column has hosts and another one their paths: what would be looked up are other pages."""
    for row in table[1:]:
        is_bare = number < len(row) and "/" not in row[number].strip("/ ")
        if is_bare and any(at != number and _is_path(cell) for at, cell in enumerate(row)):
            raise InvalidFile(
                f"One column has hosts, and another one paths. {PATHS} Or name the one to import with the parameter column."
            )


def _is_path(text: str) -> bool:
    return text.startswith("/") and not text.startswith("//")


def numbered(first: Sequence[str], column: str) -> int | None:
    """The position of the column in the first row, from 0: by number from 1, or by name whatever its case."""
    if column.isdecimal():
        return int(column) - 1 if 1 <= int(column) <= len(first) else None
    names, [asked] = lower(first), lower([column])
    return names.index(asked) if asked in names else None


def lower(names: Sequence[str]) -> list[str]:
    """The names as they are compared."""
    return [" ".join(name.lower().split()) for name in names]


def _fitting(table: Table, look: Look) -> list[int]:
    """The columns with values that fit, those with known names if there are any, without copies of others."""
    counts = Counter(number for row in table for number, cell in enumerate(row) if look.fits(cell))
    names = lower(table[0])
    values = table[1:] or table

    def cells(number: int) -> tuple[str, ...]:
        return tuple(row[number] for row in values if number < len(row))

    titles = {number: names[number] if number < len(names) else "" for number in counts}
    return distinct(likely(counts, titles, look, cells), cells)


def likely(
    counts: Mapping[Key, int], titles: Mapping[Key, str], look: Look, cells: Callable[[Key], Iterable[str | None]]
) -> Mapping[Key, int]:
    """Those with known names; with vague ones, those too that have such values of letters; without any of them all."""
    named = {key: count for key, count in counts.items() if titles[key] in look.names}
    if named and all(titles[key] in look.vague for key in named):
        return {key: count for key, count in counts.items() if key in named or any(map(_has_letter, cells(key)))}
    return named or counts


def _has_letter(text: str | None) -> bool:
    return any(map(str.isalpha, text or ""))


def distinct(counts: Mapping[Key, int], values: Callable[[Key], object]) -> list[Key]:
    """Those that have not much fewer values than the one with most, the first of those with the same values."""
    least = MIN_SHARE * max(counts.values(), default=0)
    found = {values(key): key for key in sorted((key for key, count in counts.items() if count >= least), reverse=True)}
    return sorted(found.values())


def _is_header(first: Sequence[str], number: int, file_rows: FileRows, looks: Sequence[Look]) -> bool:
    if not looks:
        return bool(known_columns(first, file_rows))
    return number >= len(first) or not any(look.fits(first[number]) for look in looks)


def known_columns(first: Sequence[str], file_rows: FileRows) -> Sequence[int]:
    """The columns with known names, the surest first: of two of one name, that without anything before it."""
    ranks = {name: rank for rank, name in enumerate(file_rows.columns)}
    spelled = [(*file_rows.spelled(name), number) for number, name in enumerate(first)]
    named = [(ranks[name], bool(before), number) for before, name, number in spelled if name in ranks]
    return [number for _, _, number in sorted(named)]


def several(names: Sequence[str], look: Look) -> SeveralColumns:
    """The error where several columns have such values."""
    return SeveralColumns(
        f"Several columns have {look.value}: {shown(names)}. Say which one is meant with the parameter column, such as"
        f" column={names[0]}.",
        names[:MAX_CHOICES],
    )


def choices(
    first: Sequence[str], file_rows: FileRows, options: Mapping[str, Any], *, header: bool = True
) -> tuple[str, ...]:
    """How each column of a table can be asked for: by the name in its header, without one by its number from 1."""
    looks = looks_of(file_rows, options)
    return tuple(
        _title(first, number, looks) if header else str(number + 1) for number in range(min(len(first), MAX_CHOICES))
    )


def _title(first: Sequence[str], number: int, looks: Sequence[Look]) -> str:
    """How a column can be asked for."""
    cell = first[number] if number < len(first) else ""
    name = "" if any(look.fits(cell) for look in looks) else " ".join(cell.split())
    is_one = bool(name) and lower(first).count(name.lower()) == 1 and not name.isdecimal() and len(name) <= MAX_NAME
    return name if is_one else str(number + 1)


def _cells(table: Table) -> Iterator[str]:
    return (cell for row in table for cell in row)


def shown(names: Sequence[str]) -> str:
    """Some names of columns in a message."""
    shown = ", ".join(repr(name[:40]) for name in names[:MAX_SHOWN])
    return f"{shown}, …" if len(names) > MAX_SHOWN else shown
