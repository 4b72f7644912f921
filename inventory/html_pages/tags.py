"""Finds the few tags of a page that matter to a caller, in linear time, however deep the page nests.

A parser that builds the tree of a page takes the square of its depth, as the HTML standard demands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from inventory.html_pages import raw_content

LOADING = ("script", "link", "img", "source", "video", "iframe", "frame", "embed", "object", "form", "input", "button")
DESCRIBING = ("title", "base", "meta")

MAX_ATTRIBUTES = 100
"""Of one tag. To find duplicates among them takes the parser the square of their number."""
_MANY = 400
"""Characters in which there may be more attributes than that should cost."""


class Tag(NamedTuple):
    """A start tag: its name in lower case, its attributes as they stand, and the text inside if it is a `title`."""

    name: str
    attributes: str
    content: str


def _any_case(names: tuple[str, ...]) -> str:
    """A pattern for any of these names in any case: a tree of letters, in which one character rules out most names."""
    rests: dict[str, list[str]] = {}
    for name in names:
        rests.setdefault(name[:1], []).append(name[1:])
    branches = [
        f"[{letter}{letter.upper()}]{_any_case(tuple(rest))}" if letter else "" for letter, rest in sorted(rests.items())
    ]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(reversed(branches))})"


_NAMES = tuple({*LOADING, *DESCRIBING, "svg", *raw_content.ELEMENTS} - {"plaintext"})
"""Nobody writes `plaintext`, and a letter that no name begins with makes paragraphs quick to pass."""
_FIRST_LETTERS = "".join(sorted({letter for name in _NAMES for letter in (name[0], name[0].upper())}))
_NAME = rf"(?=[{_FIRST_LETTERS}]){_any_case(_NAMES)}(?=[\t\n\f\r />])"
_YIELDED = frozenset({*LOADING, *DESCRIBING})
_SPACE = r"[\t\n\f\r ]"
_TAG_NAME = r"[a-zA-Z][^\t\n\f\r />]*+"
_VALUE = rf"{_SPACE}*+={_SPACE}*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\t\n\f\r >\"'][^\t\n\f\r >]*+|)"
_ATTRIBUTE = rf"[^\t\n\f\r />][^\t\n\f\r />=]*+(?:{_VALUE})?+"
"""A name, which may begin with `=`, and perhaps a value: as the HTML standard reads tags, so also broken ones."""
_ATTRIBUTES = rf"(?:[\t\n\f\r /]++|{_ATTRIBUTE})*+"
_COMMENT = r"!--(?:-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>|\Z))"
_OTHERS = (
    rf"(?:[^<]++|<(?:/?[a-zA-Z](?<!<[{_FIRST_LETTERS}])[a-zA-Z0-9]*+>|(?!{_NAME}){_TAG_NAME}{_ATTRIBUTES}>?"
    rf"|/{_TAG_NAME}{_ATTRIBUTES}>?|{_COMMENT}|[!?/][^>]*+>?)|<+(?=<)|<(?![a-zA-Z!?/]))*+"
)
"""Text, comments and all other tags, at one go."""

_CANDIDATE = re.compile(rf"<{_NAME}")
_NEXT = re.compile(rf"{_OTHERS}<({_NAME[: _NAME.rindex('(?=')]})({_ATTRIBUTES})>")
_DRAWING_END = re.compile("</svg", re.IGNORECASE)
_FIRST_ATTRIBUTES = re.compile(rf"(?:[\t\n\f\r /]*+{_ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}+")


def tags_in(text: str, *, is_xml: bool = False) -> Iterator[Tag]:
    """The tags of a page that load or describe something, without those that a browser with scripts does not see.

    `is_xml`: the slash of `<script/>` ends the element. A `title` within a drawing (SVG) is not that of the page.
    """
    position, drawing_ends = 0, 0
    while _CANDIDATE.search(text, position) and (found := _NEXT.match(text, position)):
        name, attributes, position = found[1].lower(), found[2], found.end()
        begins = position
        if name == "svg":
            drawing_ends = _end_of_drawing(text, attributes, position, drawing_ends)
            continue
        if name in raw_content.ELEMENTS and not (is_xml and attributes.endswith("/")):
            position = raw_content.end_of_content(text, name, position)
        if name == "title":
            if begins >= drawing_ends:
                yield Tag(name, "", text[begins:position])
        elif name in _YIELDED:
            yield Tag(name, _bounded(attributes), "")


def _end_of_drawing(text: str, attributes: str, position: int, known: int) -> int:
    """Where the drawing ends that begins there, or a `known` later one; searched once for each end."""
    if position < known or attributes.endswith("/"):
        return known
    end = _DRAWING_END.search(text, position)
    return len(text) if end is None else end.start()


def _bounded(attributes: str) -> str:
    if len(attributes) <= _MANY:
        return attributes
    first = _FIRST_ATTRIBUTES.match(attributes)
    return attributes if first is None else first[0]
