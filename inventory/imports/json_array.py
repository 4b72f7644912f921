"""Values of JSON that are not one a line: the elements of one array, or objects that span lines; each becomes a row.

Brackets are only counted here. Whether a value is JSON is found out row by row, so a broken one costs one row.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from enum import Enum

RawValue = tuple[int, bytes, int]
"""A value's number from 1, its bytes, and the bytes of the uploaded file up to its end."""

_NAMES = '"(?:events|Records|records|entries|resourceLogs)"'
_BEGINNING = re.compile(rf"\ufeff?\s*(?:\[\s*(?:[{{\[\]]|\n|$)|\{{\s*{_NAMES}\s*:\s*\[|\{{[ \t\r]*\n)")
_LIST = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*(?:%s|"(?:urls|results|cities)"|"commandline".*"results"|"kind".*List".*"items"'
    rb'|"type"\s*:\s*"FeatureCollection".*"features")\s*:\s*' % _NAMES.encode(),
    re.DOTALL,
)
"""How an object begins in which the API of a log store, or a program such as ffuf, answers a list. Its elements are the
rows then."""
_LIST_OPENS = re.compile(_LIST.pattern + rb"\[", re.DOTALL)
_NEXT = re.compile(r"\}[ \t]*\{")
_DECODER = json.JSONDecoder()
MAX_BEGINNING = 1_000
"""Bytes in which that has to begin."""
COST_OF_PIECE = 4_096
"""Bytes that each piece counts more, because even an empty one, such as an empty gzip member, takes time."""

_BETWEEN = re.compile(rb"(?:[\s,\0]|\xef\xbb\xbf)*+")
_FLAT = rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+'
_STRUCTURE = re.compile(_FLAT, re.DOTALL)
_NESTED = rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"|[\[{]%s[\]}])*+'
_WHOLE = re.compile(rb"\{%s\}" % (_NESTED % (_NESTED % (_NESTED % _FLAT))), re.DOTALL)
"""An object as most elements are, with few levels in it: it is found at once."""
_TEXT = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_WORD = re.compile(rb'[^\s,\[\]{}"]*+')
_QUOTE, _BACKSLASH = b'"\\'
_OPENING, _CLOSING = b"[{", b"]}"


def is_array(text: str) -> bool:
    """Whether the beginning of a file says that its values are not one a line."""
    return _BEGINNING.match(text) is not None or _is_concatenated(text)


def _is_concatenated(text: str) -> bool:
    """Whether a second object follows the first one on its line, as Amazon Data Firehose delivers them."""
    beginning = text.removeprefix("\ufeff").lstrip()
    if not beginning.startswith("{") or not _NEXT.search(beginning):
        return False
    try:
        _, end = _DECODER.raw_decode(beginning)
    except (ValueError, RecursionError):
        return False
    return beginning[end:].lstrip(" \t").startswith("{")


def is_document(text: str) -> bool:
    """The same of a file of values that are not log events: one array, or an object with a list or over several lines."""
    beginning = text.removeprefix("\ufeff").lstrip()
    if is_array(text) or _LIST_OPENS.match(beginning.encode("utf-8", "replace")[:MAX_BEGINNING]):
        return True
    first, _, others = beginning.partition("\n")
    return first.startswith("[") and not (first.rstrip().endswith("]") and others.strip())


def elements(content: bytes, *, whole: bool, inside: bool = False) -> list[str]:
    """The values at the beginning of a file, or, with `whole`, in all of it, where the last one may be incomplete.

    With `inside` it begins within a list.
    """
    splitter = ValueSplitter(len(content), inside=inside)
    found = [*splitter.split(content, 0, len(content)), *(splitter.rest() if whole else ())]
    return [raw.decode("utf-8", "replace") for _, raw, _ in found]


def _end_of(pattern: re.Pattern[bytes], piece: bytes, position: int) -> int:
    found = pattern.match(piece, position)
    return position if found is None else found.end()


class _ValueType(Enum):
    """What is being read: nothing yet, a value with brackets, a string, a word, or what follows a list in its object."""

    NOTHING, NESTED, STRING, WORD, AFTER = range(5)


class ValueSplitter:
    """Splits pieces into values, which may span pieces; of each up to `limit` bytes and one more are passed on.

    `number` counts the values, and `unended` the bytes since one ended. With `inside` the first piece begins within a
    list, and what follows that is left out.
    """

    def __init__(self, limit: int, *, inside: bool = False) -> None:
        self.number = self.unended = 0
        self._limit = limit
        self._begun = bytearray()
        self._kind = _ValueType.NOTHING
        self._in_list = self._in_object = inside
        self._in_string = self._escaped = False
        self._depth = self._end = 0
        self._around = sys.maxsize if inside else 1

    def split(self, piece: bytes, start: int, end: int) -> Iterator[RawValue]:
        """The values that end in this piece."""
        self._end = end
        self.unended += COST_OF_PIECE + len(piece)
        scale, position = (end - start) / max(1, len(piece)), 0
        while position < len(piece):
            if not self._in_value:
                position = self._find(piece, position)
                if self._in_list and self._in_value and (whole := _WHOLE.match(piece, position)):
                    self._begun += whole[0][: self._limit + 1]
                    position = whole.end()
                    yield from self._ended(start + int(position * scale))
                    continue
            if self._in_value and position < len(piece):
                begin = position
                position, is_over = self._follow(piece, begin)
                if self._in_value:  # else it was the beginning of a list
                    self._keep(piece[begin:position])
                if is_over:
                    yield from self._ended(start + int(position * scale))

    @property
    def _in_value(self) -> bool:
        return self._kind is not _ValueType.NOTHING

    def rest(self) -> Iterator[RawValue]:
        """The last value, if it is incomplete."""
        if self._begun:
            yield from self._ended(self._end)

    def _find(self, piece: bytes, position: int) -> int:
        """Where the next value begins, or a list of values does or ends."""
        position = _end_of(_BETWEEN, piece, position)
        if position == len(piece):
            return position
        byte = piece[position]
        if byte == _CLOSING[0] and self._in_list:
            self._in_list = False
            if self._in_object:
                self._in_object, self._kind, self._depth = False, _ValueType.AFTER, self._around
            return position + 1
        if byte == _OPENING[0] and not self._in_list:
            self._in_list = True
            return position + 1
        self._kind = _ValueType.NESTED if byte in _OPENING else _ValueType.STRING if byte == _QUOTE else _ValueType.WORD
        self._depth = 0
        return position

    def _follow(self, piece: bytes, position: int) -> tuple[int, bool]:
        """How far a value goes in this piece, and whether it ends there."""
        if self._kind is _ValueType.WORD:
            found = _end_of(_WORD, piece, position)
            if found == position and not self._begun:  # a bracket that closes nothing
                return position + 1, True
            return found, found < len(piece)
        begin = position
        if self._kind is _ValueType.STRING and not self._begun:
            self._in_string, position = True, position + 1
        while position < len(piece):
            if self._escaped:
                self._escaped = False
                position += 1
            elif self._in_string:
                position = self._follow_string(piece, position)
                if self._kind is _ValueType.STRING and not self._in_string:
                    return position, True
            else:
                position = _end_of(_STRUCTURE, piece, position)
                if position < len(piece):
                    position += 1
                    if self._open_or_close(piece, begin, position):
                        return position, self._in_value
        return position, False

    def _follow_string(self, piece: bytes, position: int) -> int:
        """Go to the end of a string, which may be in a later piece."""
        position = _end_of(_TEXT, piece, position)
        if position == len(piece):
            return position
        self._in_string = piece[position] != _QUOTE
        self._escaped = piece[position] == _BACKSLASH
        return position + 1

    def _open_or_close(self, piece: bytes, begin: int, position: int) -> bool:
        """Take the mark before a position into account: whether it ends a value, or opens a list in an object."""
        byte = piece[position - 1]
        if byte == _QUOTE:
            self._in_string = True
            return False
        if byte in _CLOSING:
            self._depth -= 1
            return self._depth <= 0
        self._depth += 1
        if self._depth == 2 and byte == _OPENING[0] and not self._in_list and self._kind is _ValueType.NESTED:
            is_near = len(self._begun) + position - begin <= MAX_BEGINNING
            if is_near and _LIST.fullmatch(bytes(self._begun) + piece[begin : position - 1]):
                self._kind, self._in_list, self._in_object = _ValueType.NOTHING, True, True
                self._begun.clear()
                return True
        return False

    def _keep(self, value: bytes) -> None:
        if self._kind is not _ValueType.AFTER and len(self._begun) <= self._limit:
            self._begun += value[: self._limit + 1 - len(self._begun)]

    def _ended(self, end: int) -> Iterator[RawValue]:
        self._kind, self._in_string, self._escaped = _ValueType.NOTHING, False, False
        self.unended = 0
        if self._begun:
            self.number += 1
            yield self.number, bytes(self._begun), end
            self._begun.clear()
