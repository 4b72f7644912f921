"""The lines of a page as they are compared: long ones are broken, because many pages are one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

MAX_CHARACTERS = 4 * 1024 * 1024
MAX_LINES = 100_000
MAX_WIDTH = 1_000
"""Characters of a line that is not broken."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_BREAK = re.compile(r">(?=<)|[;,{}](?=[\"']?[a-fA-F0-3])")
"""A long line is broken between tags, and after punctuation of code, but only before some characters, so that pieces are not
too short. A break depends on what is written there alone, not on the breaks before, so an insertion moves no other one."""
_PIECE = re.compile(r".{500,1000}?(?<=[;,{}>\s])|.{1,1000}", re.DOTALL)
"""Where no such break is near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLines:
    """Lines, each with its end. `broken` counts those that were too long; `compared` says how much there is, if not all."""

    lines: list[str]
    broken: int
    compared: str


def lines_of(text: str) -> TextLines:
    """The first lines of a page."""
    broken = 0

    def pieces() -> Iterator[str]:
        nonlocal broken
        for line in _LINE.finditer(text, 0, MAX_CHARACTERS):
            if len(line[0]) <= MAX_WIDTH:
                yield line[0]
            else:
                broken += 1
                yield from _broken(line[0])

    lines = list(islice(pieces(), MAX_LINES + 1))
    compared = ""
    if len(lines) > MAX_LINES:
        compared = f"{MAX_LINES:,} lines"
    elif len(text) > MAX_CHARACTERS:
        compared = f"{MAX_CHARACTERS:,} characters"
    return TextLines(lines=lines[:MAX_LINES], broken=broken, compared=compared)


def _broken(line: str) -> Iterator[str]:
    start = 0
    for found in _BREAK.finditer(line):
        yield from _short(line[start : found.end()])
        start = found.end()
    yield from _short(line[start:])


def _short(piece: str) -> Iterator[str]:
    if 0 < len(piece) <= MAX_WIDTH:
        yield piece
    else:
        yield from (part[0] for part in _PIECE.finditer(piece))
