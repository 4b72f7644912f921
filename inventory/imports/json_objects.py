"""One JSON object with a list in it, as APIs answer and programs save: which list has the values, and where it begins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from inventory.errors import InvalidFile
from inventory.imports import columns, json_array, members
from inventory.imports.beginning import MAX_SAMPLE
from inventory.jobs.job_type import FileRows
from inventory.jobs.model import COLUMN

TOKEN = re.compile(rb'"((?:[^"\\]++|\\.)*+)"?|[\[\]{}:]', re.DOTALL)
"""A string, which the beginning of a file may cut, or a mark; each is found at once, so all of them take linear time."""
MAX_LISTS, MAX_DEPTH = 50, 3
"""Lists that are looked at, and in how many objects within each other."""
API_DESCRIPTIONS = ("openapi", "swagger")
"""The member by which a description of an API is known. Its addresses are those of servers, and templates."""


@dataclass(frozen=True, slots=True)
class JsonObject:
    """What the beginning of an object has: its own strings by name, and its lists by their paths, with where they begin.

    A list within another one is none of them.
    """

    texts: dict[str, str] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInObject:
    """The list whose elements are the rows: the position after its bracket, some elements, and the column within them."""

    begin: int
    elements: Sequence[str]
    column: str | None


def object_in(content: bytes) -> JsonObject | None:
    """What is at the beginning of a file that is one object; None if it begins otherwise, or another value follows."""
    if not content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return None
    found, names, last, in_lists, is_value = JsonObject(), list[bytes | None](), b"", 0, False
    for token in TOKEN.finditer(content):
        mark, was_value, is_value = token[0][:1], is_value, False
        if mark == b'"':
            last = token[1]
            if was_value and len(names) == 1 and names[0] is not None:
                found.texts.setdefault(_text(names[0]), _text(last))
        elif mark == b":":
            names[-1:], is_value = [last], True
        elif mark == b"{":
            names.append(b"")
        elif mark == b"[":
            if not in_lists and len(names) <= MAX_DEPTH and len(found.lists) < MAX_LISTS:
                found.lists.setdefault(".".join(_text(name or b"") for name in names), token.end())
            in_lists += 1
            names.append(None)
        else:
            in_lists -= names.pop() is None
            if not names:
                return None if content[token.end() :].strip() else found
    return found


def list_in(content: bytes, file_rows: FileRows, options: Mapping[str, Any], *, whole: bool) -> ListInObject | None:
    """The list with the values, if a file is one object that has such a list and no value itself.

    `InvalidFile` if several lists may be meant, or several members of one.
    """
    found, looks, column = object_in(content), columns.looks_of(file_rows, options), options.get(COLUMN)
    if found is None or not looks:
        return None
    if any(name in found.texts for name in API_DESCRIPTIONS):
        raise InvalidFile("This is the description of an API, whose addresses are templates. Send a list of URLs as .txt.")
    if column in found.texts or (column is None and _is_itself(found, looks)):
        return None
    counts, lists, others = dict[str, int](), dict[str, ListInObject](), list[str]()
    for path, begin in found.lists.items():
        within = _within(path, column)
        elements = json_array.elements(content[begin:], whole=whole, inside=True)[:MAX_SAMPLE]
        if count := _values(elements, file_rows, options, within):
            counts[path], lists[path] = count, ListInObject(begin=begin, elements=elements, column=within)
        others += [value for value in _loaded(elements) if isinstance(value, str)]
    if not counts and (way_out := columns.advice(others, file_rows, options)):
        raise InvalidFile(f"No list in the object has {looks[0].value}.{way_out}")
    if column is not None:
        counts = {path: count for path, count in counts.items() if lists[path].column != column} or counts
    likely = [path for path, count in counts.items() if count >= columns.MIN_SHARE * max(counts.values())]
    if len(likely) > 1:
        shown = ", ".join(map(repr, likely[: columns.MAX_SHOWN]))
        raise columns.SeveralColumns(
            f"Several lists in the object have {looks[0].value}: {shown}. Say which one is meant with the parameter column,"
            f" such as column={likely[0]}."
        )
    return lists[likely[0]] if likely else None


def _is_itself(found: JsonObject, looks: Sequence[columns.Look]) -> bool:
    """Whether the object has a value as a line of JSON has it."""
    return any(name.lower() in look.names and look.fits(text) for look in looks for name, text in found.texts.items())


def _within(path: str, column: str | None) -> str | None:
    """What is asked for within the elements of a list, if its path may be part of that."""
    if column is None or column.lower() == path.lower():
        return None
    return column[len(path) + 1 :] if column.lower().startswith(f"{path}.".lower()) else column


def _values(elements: Sequence[str], file_rows: FileRows, options: Mapping[str, Any], column: str | None) -> int:
    """How many of the elements have a value."""
    values = list(_loaded(elements))
    objects = [value for value in values if isinstance(value, dict)]
    texts = [value for value in values if isinstance(value, str)]
    looks = columns.looks_of(file_rows, options)
    try:
        member = members.member_of(values, file_rows, options, column)
    except columns.SeveralColumns:
        return len(objects)
    except InvalidFile:
        return 0
    path = member.split(".")
    texts += [text for value in objects if isinstance(text := value.get(member, members.at_path(value, path)), str)]
    return sum(column is not None or any(look.fits(text) for look in looks) for text in texts)


def _loaded(elements: Sequence[str]) -> Iterator[Any]:
    for element in elements:
        try:
            yield orjson.loads(element)
        except orjson.JSONDecodeError:
            continue


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
