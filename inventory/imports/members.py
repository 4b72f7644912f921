"""Which member of an object has a row's value, in JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from inventory.errors import InvalidFile
from inventory.imports.columns import (
    MAX_CHOICES,
    MAX_NAME,
    Look,
    advice,
    distinct,
    known_columns,
    likely,
    looks_of,
    qualifying_columns,
    refuse_incomplete,
    several,
    shown,
)
from inventory.jobs.job_type import FileRows

MAX_DEPTH, MAX_MEMBERS = 6, 300
"""How deep in an object a value is looked for, and in how many members."""


def member_of(values: Sequence[Any], file_rows: FileRows, options: Mapping[str, Any], column: str | None) -> str:
    """The member with the values in a sample of JSON lines, perhaps a path with dots; `InvalidFile` if it is not certain."""
    whole = [value for value in values if isinstance(value, dict)]
    objects = [dict(_members(value)) for value in whole]
    members = Counter(name for value in objects for name in value)
    if column is not None:
        named = [name for name in members if name == column] or [name for name in members if name.lower() == column.lower()]
        if objects and len(objects) == len(values) and not named and not _at_any(values, column):
            raise InvalidFile(f"There is no member {column!r}. The members are: {shown(list(members))}.", choices(values))
        return named[0] if named else column
    for look in looks_of(file_rows, options):
        found = _fitting_members(objects, look)
        if len(found) > 1:
            raise several(found, look)
        if found:
            return found[0]
    nested = {name for value in whole for name, each in value.items() if isinstance(each, (dict, list))}
    paths = [path for path in members if path not in nested]
    known = next((paths[number] for number in known_columns(list(map(_as_column, paths)), file_rows)), None)
    if known is None and not any(isinstance(value, str) for value in values):
        existing = f" The members are: {shown(list(members))}." if members else ""
        texts = (text for value in objects for text in value.values())
        raise InvalidFile(
            f"No line is a string, nor an object with a member {file_rows.columns[0]!r}. Name another member with the"
            f" parameter column.{existing}{advice(texts, file_rows, options)}",
            choices(values),
        )
    if known is not None:
        refuse_incomplete(known, (value.get(known, "") for value in objects), file_rows, options)
    return known or file_rows.columns[0]


def choices(values: Sequence[Any]) -> tuple[str, ...]:
    """The members with texts in a sample of JSON lines, each of which can be asked for."""
    found = (name for value in values if isinstance(value, dict) for name, text in _members(value) if text)
    return tuple(islice((name for name in dict.fromkeys(found) if len(name) <= MAX_NAME), MAX_CHOICES))


def qualifying_members(values: Sequence[Any], file_rows: FileRows, member: str) -> tuple[str, ...]:
    """The same in a sample of JSON lines: paths of members, named as from the object that the other one is in."""
    found = (path for value in values if isinstance(value, dict) for path, _ in _members(value))
    paths, beside = list(dict.fromkeys((member, *found))), member[: member.rfind(".") + 1]
    names = [_as_column(path.removeprefix(beside)) for path in paths]
    return tuple(paths[number] for number in qualifying_columns(names, file_rows, 0))


def _as_column(path: str) -> str:
    """A path of members as a table would call it: `address.city` is `address city`."""
    return path.replace(".", " ")


def at_path(value: Any, path: Sequence[str]) -> Any:
    """What is at a path of members; None if nothing is."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _fitting_members(objects: Sequence[Mapping[str, str]], look: Look) -> list[str]:
    """The members with values that fit, those with known names if there are any, and of these the ones least deep."""
    counts = Counter(name for value in objects for name, text in value.items() if look.fits(text))

    def texts(name: str) -> tuple[str | None, ...]:
        return tuple(value.get(name) for value in objects)

    named = likely(counts, {name: name.rpartition(".")[2].lower() for name in counts}, look, texts)
    depth = min((name.count(".") for name in named), default=0)
    return distinct(
        {name: count for name, count in named.items() if name.count(".") == depth},
        texts,
    )


def _members(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """The texts in an object by the paths to them, up to a depth; no name on a path has a dot in it."""
    for name, each in list(value.items())[:MAX_MEMBERS]:
        if isinstance(each, dict) and depth < MAX_DEPTH and "." not in name:
            yield from _members(each, f"{prefix}{name}.", depth + 1)
        elif depth == 0 or "." not in name:
            yield prefix + name, each if isinstance(each, str) else ""


def _at_any(values: Sequence[Any], column: str) -> bool:
    return any(at_path(value, column.split(".")) is not None for value in values)
