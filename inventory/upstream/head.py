"""The head of a response: status line and header lines, as they were sent, with what is wrong about them.

http.client reads heads with an e-mail parser that stops at the first line without a colon; here every line is kept or
reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Fields = tuple[tuple[str, str], ...]
"""Header lines as (name, value), in the order received; bytes read as latin-1."""

MOST_DEFECTS = 50

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
        return [value for field, value in self.fields if field.lower() == name]


def add_field(fields: list[tuple[str, str]], defects: list[str], number: int, line: str) -> None:
    """Read one header line; whatever is wrong with it is reported and, if it can be, kept."""
    if line[0] in " \t":
        defects.append(f"header line {number} is folded onto the one before it")
        if fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}".strip())
        return
    name, colon, value = line.partition(":")
    if not colon:
        defects.append(f"header line {number} has no colon: {line[:100]!r}")
        return
    if not _TOKEN.fullmatch(name):
        defects.append(f"header line {number} has a malformed name: {name[:100]!r}")
    if "\r" in value or "\0" in value:
        defects.append(f"header line {number} has a bare CR or a NUL in its value")
    fields.append((name.strip(" \t"), value.strip(" \t")))


def capped(defects: list[str]) -> list[str]:
    """Defects, no more of them than anybody reads."""
    rest = len(defects) - MOST_DEFECTS
    return defects if rest <= 0 else [*defects[:MOST_DEFECTS], f"and {rest} more"]
