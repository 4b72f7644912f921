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
    """A list that may be meant: where its elements begin, the first of them, and how many of these have a value.

    `column` is what is asked for within them.
    """

    path: str
    begin: int
    elements: Sequence[str]
    count: int
    column: str | None


def object_in(content: bytes) -> JsonObject | None:
    """What is at the beginning of a file that is one object; None if it begins otherwise, or another value follows."""
    if not content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return None
    found, last, in_lists, is_value = JsonObject(), b"", 0, False
    names: list[bytes | None] = []  # of the member that is read, in each open object; None for an open list
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
    lists = list(_lists(content, found, file_rows, options, whole=whole))
    having = [each for each in lists if each.count]
    if not having:
        texts = (value for each in lists for value in _loaded(each.elements) if isinstance(value, str))
        if way_out := columns.advice(texts, file_rows, options):
            raise InvalidFile(f"No list in the object has {looks[0].value}.{way_out}")
    if column is not None:
        having = [each for each in having if each.column != column] or having
    most = max((each.count for each in having), default=0)
    likely = [each for each in having if each.count >= columns.MIN_SHARE * most]
    if len(likely) > 1:
        paths = columns.shown([each.path for each in likely])
        raise columns.SeveralColumns(
            f"Several lists in the object have {looks[0].value}: {paths}. Say which one is meant with the parameter column,"
            f" such as column={likely[0].path}.",
            [each.path for each in likely][: columns.MAX_CHOICES],
        )
    return likely[0] if likely else None


def _lists(
    content: bytes, found: JsonObject, file_rows: FileRows, options: Mapping[str, Any], *, whole: bool
) -> Iterator[ListInObject]:
    for path, begin in found.lists.items():
        column = _within(path, options.get(COLUMN))
        elements = json_array.elements(content[begin:], whole=whole, inside=True)[:MAX_SAMPLE]
        count = _values(elements, file_rows, options, column)
        yield ListInObject(path=path, begin=begin, elements=elements, count=count, column=column)


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
