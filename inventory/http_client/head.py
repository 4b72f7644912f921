"""The head of a response: status line and header lines as they were sent, and what is wrong with them.

http.client's parser of heads stops at the first line without a colon. Here every byte is in a field or quoted in a defect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

T = TypeVar("T")
Fields = tuple[tuple[str, str], ...]
"""Header lines as (name, value), in the order received; bytes read as latin-1."""

MAX_QUOTED_CHARACTERS = 256 * 1024
"""Of the defects of one head."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS_LINE = re.compile(rb"[ \t]*(?i:HTTP)/(1\.\d)[ \t]+([1-9]\d\d)(?!\d)(.*)")
"""As browsers and curl read it: the name in any case, any blanks, and a reason that nothing separates from the code."""
_PROPER_STATUS_LINE = re.compile(rb"HTTP/1\.\d [1-9]\d\d(?: [\t -~\x80-\xff]*)?\r?\n")
"""As RFC 9112, section 4 has it; the space after the code may be missing."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and header lines; `defects` says in sentences what was wrong with them.

    `interim` are the heads of the responses (1xx) before this one, and `more_interim` is how many further ones there were.
    """

    status: int
    reason: str
    http_version: str
    fields: Fields
    defects: tuple[str, ...]
    interim: tuple[Head, ...] = ()
    more_interim: int = 0
    _by_name: Mapping[str, list[str]] = field(init=False, repr=False, compare=False)
    """The values by name in lower case: some are looked for several times in a collection."""

    def __post_init__(self) -> None:
        found: dict[str, list[str]] = {}
        for name, value in self.fields:
            found.setdefault(name.lower(), []).append(value)
        object.__setattr__(self, "_by_name", found)

    def values(self, name: str) -> list[str]:
        """The values of all lines of that name, in order."""
        return self._by_name.get(name, [])

    def elements(self, name: str) -> list[str]:
        """The elements of all lists of that name, in order."""
        return elements(self.values(name))

    @property
    def size(self) -> int:
        """How many characters its lines, its defects and the interim heads have."""
        lines = sum(len(name) + len(value) for name, value in self.fields)
        return lines + sum(map(len, self.defects)) + sum(head.size for head in self.interim)

    def within(self, room: int) -> Head:
        """The head with at most that many characters: its first lines, then its first defects, and one that tells it."""
        if self.size <= room:
            return self
        fields, room = _fitting(self.fields, [len(name) + len(value) for name, value in self.fields], room)
        told, _ = _fitting(self.defects, list(map(len, self.defects)), room)
        told += (
            f"{len(self.fields):,} header lines were received; the first {len(fields):,} are kept, and less of all else",
        )
        more = self.more_interim + len(self.interim)
        return replace(self, fields=fields, defects=told, interim=(), more_interim=more)


def elements(values: Sequence[str]) -> list[str]:
    """The elements of lists, in order; empty ones do not count (RFC 9110, section 5.6.1.2)."""
    found = (element.strip(" \t") for value in values for element in value.split(","))
    return [element for element in found if element]


def _fitting(items: tuple[T, ...], sizes: Sequence[int], room: int) -> tuple[tuple[T, ...], int]:
    """The first items whose sizes fit into the room, and what is left of it."""
    kept = 0
    while kept < len(items) and sizes[kept] <= room:
        room -= sizes[kept]
        kept += 1
    return items[:kept], room


@dataclass(frozen=True, slots=True)
class StatusLine:
    """HTTP version, status and reason. `defects` quotes a line that is not as RFC 9112 has it.

    `doubled_end`: the line ends in CR CR LF.
    """

    http_version: str
    status: int
    reason: str
    defects: tuple[str, ...]
    doubled_end: bool


def read_status_line(line: bytes) -> StatusLine | None:
    """A status line of HTTP/1.x with its line end; None if it is none."""
    match = _STATUS_LINE.fullmatch(line.rstrip(b"\r\n"))
    if match is None:
        return None
    proper = _PROPER_STATUS_LINE.fullmatch(line)
    return StatusLine(
        http_version=match[1].decode(),
        status=int(match[2]),
        reason=match[3].decode("latin-1").strip(" \t"),
        defects=() if proper else (f"the status line is malformed: {quoted(line)}",),
        doubled_end=line.endswith(b"\r\r\n"),
    )


class FieldReader:
    """Reads header lines one by one. A malformed line is kept if it has a name and a value, and quoted if it has not."""

    def __init__(self) -> None:
        self._fields: list[tuple[str, str]] = []
        self._defects = _Defects()
        self._continued: list[str] = []
        self._fields_before_gap = 0
        """How many fields there were at the start, and then before the last line that is none: it cannot be continued."""

    def add(self, number: int, line: bytes) -> None:
        """Read the line of that number with its line end. The empty line that ends a head is not passed."""
        text = line.rstrip(b"\r\n").decode("latin-1")
        name, colon, value = text.partition(":")
        odd = "\r" in text or "\0" in text or len(line) - len(text) > 2
        if odd or self._continued or not colon or not _TOKEN.fullmatch(name):  # rare, and this runs for every line
            self._add_odd(number, line, odd=odd)
        else:
            self._fields.append((name, value.strip(" \t")))

    def _add_odd(self, number: int, line: bytes, *, odd: bool) -> None:
        text = line.rstrip(b"\r\n").decode("latin-1")
        name, colon, value = text.partition(":")
        if text[:1] in {" ", "\t"}:
            self._continue(number, line, odd=odd)
        elif colon:
            self._unfold()
            if not _TOKEN.fullmatch(name):
                self._defects.add(f"header line {number} has a malformed name: {name!r}")
            if odd:
                self._defects.add(f"header line {number} has a bare CR or a NUL: {quoted(line)}")
            self._fields.append((name.strip(" \t"), value.strip(" \t")))
        else:
            self._unfold()
            self._fields_before_gap = len(self._fields)
            # A bare CR counts as a space (RFC 9112, section 2.2), so this does not end the head.
            what = "has no colon" if text else "is a bare CR and nothing else"
            self._defects.add(f"header line {number} {what}: {quoted(line)}")

    def _continue(self, number: int, line: bytes, *, odd: bool) -> None:
        """A line that begins with a blank is part of the one before it, unless that is not a header line (section 2.2)."""
        if len(self._fields) == self._fields_before_gap:
            self._defects.add(f"header line {number} is indented, but continues no header line: {quoted(line)}")
            return
        also = f", and has a bare CR or a NUL: {quoted(line)}" if odd else ""
        self._defects.add(f"header line {number} is folded onto the one before it{also}")
        self._continued.append(line.strip(b" \t\r\n").decode("latin-1"))

    def end(self) -> tuple[Fields, list[str]]:
        """All fields, and what was wrong with their lines."""
        self._unfold()
        return tuple(self._fields), self._defects.all()

    def _unfold(self) -> None:
        """Join the lines that continue a field to it, all at once: one by one they would take quadratic time."""
        if self._continued:
            name, value = self._fields[-1]
            self._fields[-1] = (name, " ".join(part for part in (value, *self._continued) if part))
        self._continued = []


class _Defects:
    """Sentences of `MAX_QUOTED_CHARACTERS` together, and how many more there were."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._left = MAX_QUOTED_CHARACTERS
        self._more = 0

    def add(self, defect: str) -> None:
        self._left -= len(defect)
        if self._left < 0:
            self._more += 1
        else:
            self._kept.append(defect)

    def all(self) -> list[str]:
        return [*self._kept, f"and {self._more:,} more defects of the header lines"] if self._more else self._kept


def quoted(line: bytes) -> str:
    """A line as text in quotes, without its line end."""
    end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
    return repr(line.removesuffix(end).decode("latin-1"))
