"""The head of a response: status line and header lines as they were sent, and what is wrong with them.

http.client's parser of heads stops at the first line without a colon; here every line is kept or reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Fields = tuple[tuple[str, str], ...]
"""Header lines as (name, value), in the order received; bytes read as latin-1."""

MAX_DEFECTS = 50

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and header lines; `defects` says in sentences what was wrong with them."""

    status: int
    reason: str
    http_version: str
    fields: Fields
    defects: tuple[str, ...]

    def values(self, name: str) -> list[str]:
        """The values of all lines of that name, in order."""
        size = len(name)
        return [value for field, value in self.fields if len(field) == size and field.lower() == name]


class FieldReader:
    """Reads header lines one by one. A malformed line is reported and, if possible, kept."""

    def __init__(self) -> None:
        self._fields: list[tuple[str, str]] = []
        self._defects: list[str] = []
        self._continued: list[str] = []

    def add(self, number: int, line: bytes) -> None:
        """Read the line of that number with its line end. The empty line that ends a head is not passed."""
        text = line.rstrip(b"\r\n").decode("latin-1")
        name, colon, value = text.partition(":")
        odd = "\r" in value or "\0" in value or len(line) - len(text) > 2
        if odd or self._continued or not colon or not _TOKEN.fullmatch(name):  # rare, and this runs for every line
            self._add_odd(number, text, odd=odd)
        else:
            self._fields.append((name, value.strip(" \t")))

    def _add_odd(self, number: int, text: str, *, odd: bool) -> None:
        if not text:
            # A bare CR counts as a space (RFC 9112, section 2.2), so this does not end the head.
            self._defects.append(f"header line {number} is a bare CR and nothing else")
            return
        if text[0] in " \t":
            self._defects.append(f"header line {number} is folded onto the one before it")
            self._continued.append(text.strip(" \t"))
            return
        self._unfold()
        name, colon, value = text.partition(":")
        if not colon:
            self._defects.append(f"header line {number} has no colon: {text[:100]!r}")
            return
        if not _TOKEN.fullmatch(name):
            self._defects.append(f"header line {number} has a malformed name: {name[:100]!r}")
        if odd:
            self._defects.append(f"header line {number} has a bare CR or a NUL in its value")
        self._fields.append((name.strip(" \t"), value.strip(" \t")))

    def end(self) -> tuple[Fields, list[str]]:
        """All fields, and what was wrong with their lines."""
        self._unfold()
        return tuple(self._fields), self._defects

    def _unfold(self) -> None:
        """Join the lines that continue a field to it, all at once: one by one they would take quadratic time."""
        if self._continued and self._fields:
            name, value = self._fields[-1]
            self._fields[-1] = (name, " ".join(part for part in (value, *self._continued) if part))
        self._continued = []


def capped(defects: list[str]) -> list[str]:
    """The first defects, and how many more there are."""
    rest = len(defects) - MAX_DEFECTS
    return defects if rest <= 0 else [*defects[:MAX_DEFECTS], f"and {rest} more"]
