"""The links of `Link` headers, read as RFC 8288 says (appendix B.2), in linear time whatever the header is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BEFORE_LINK = re.compile(r"[\s,]*")
_PARAMETER = re.compile(r'\s*;\s*([^\s=;,"]*)\s*(?:=\s*(?:"((?:[^"\\]++|\\.|\\$)*+)(?:"|$)|([^;,"]*+)))?', re.DOTALL)
"""A semicolon, a name, and perhaps a value: quoted, with backslashes before quotes; or a token, with spaces after it."""
_UNREADABLE = re.compile(r'(?:"(?:[^"\\]++|\\.|\\$)*+(?:"|$)|[^",]++)*+', re.DOTALL)
"""Up to the next comma that is not in quotes."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Link:
    """One link: its target and its anchor as they stand, a URL or relative; its relation types in lower case."""

    target: str
    relations: frozenset[str]
    anchor: str | None = None


def links_of(values: Sequence[str]) -> Iterator[Link]:
    """The links of all `Link` headers of a response, in order. What cannot be read is skipped up to the next comma."""
    for value in values:
        position = 0
        while (begin := _end(_BEFORE_LINK, value, position)) < len(value):
            target_ends = value.find(">", begin) if value[begin] == "<" else -1
            if target_ends < 0 and value[begin] == "<":
                break
            if target_ends < 0:
                position = max(_end(_UNREADABLE, value, begin), begin + 1)
                continue
            parameters, position = _parameters(value, target_ends + 1)
            relations = frozenset(parameters.get("rel", "").strip("'").lower().split())
            yield Link(value[begin + 1 : target_ends].strip(), relations, parameters.get("anchor"))


def _parameters(value: str, position: int) -> tuple[dict[str, str], int]:
    """The parameters from a position on, the first of each name, and where the link ends."""
    found: dict[str, str] = {}
    while (match := _PARAMETER.match(value, position)) is not None:
        name, quoted, token = match.groups()
        text = _ESCAPE.sub(r"\1", quoted) if quoted is not None else (token or "").strip()
        found.setdefault(name.lower(), text)
        position = match.end()
    return found, _end(_UNREADABLE, value, position)


def _end(pattern: re.Pattern[str], value: str, position: int) -> int:
    match = pattern.match(value, position)
    return position if match is None else match.end()
