"""How the pages of a feed follow each other: each paginator says of a page where the next one is.

A page is known by its URL alone, so that an interrupted run goes on at a page without the pages before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^",;\s]+))*)')
_NEXT = re.compile(r';\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was read: its URL, the JSON, how many items it had, and the values of its `Link` headers."""

    url: str
    content: Any
    items: int
    links: tuple[str, ...] = ()


class Paginator(Protocol):
    """How a feed is divided into pages."""

    def first(self, url: str) -> str:
        """The URL of a feed's first page."""

    def next(self, page: Page) -> str | None:
        """Where the page after this one is, as a reference that need not be a URL yet; None after the last."""

    def skip(self, url: str) -> str | None:
        """The URL of the page after one that cannot be read; None if only that page could tell."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """`?page=3`. The last page is the one that `pages` names in the content, or without that the first empty one."""

    parameter: str = "page"
    first_number: int = 1
    pages: str | None = None

    def first(self, url: str) -> str:
        return with_parameter(url, self.parameter, self.first_number)

    def next(self, page: Page) -> str | None:
        number = _number(parameter_of(page.url, self.parameter), self.first_number)
        last = None if self.pages is None else _number(at(page.content, self.pages), 0)
        if page.items == 0 or (last is not None and number - self.first_number + 1 >= last):
            return None
        return with_parameter(page.url, self.parameter, number + 1)

    def skip(self, url: str) -> str | None:
        return with_parameter(url, self.parameter, _number(parameter_of(url, self.parameter), self.first_number) + 1)


@dataclass(frozen=True, slots=True)
class Offset:
    """`?skip=40&limit=20`: a page that has fewer than `size` items, or reaches the `total` in the content, is the last."""

    parameter: str = "offset"
    size_parameter: str = "limit"
    size: int = 20
    total: str | None = None

    def first(self, url: str) -> str:
        return with_parameter(with_parameter(url, self.size_parameter, self.size), self.parameter, 0)

    def next(self, page: Page) -> str | None:
        offset = _number(parameter_of(page.url, self.parameter), 0) + page.items
        total = None if self.total is None else _number(at(page.content, self.total), 0)
        if page.items == 0 or (total is None and page.items < self.size) or (total is not None and offset >= total):
            return None
        return with_parameter(page.url, self.parameter, offset)

    def skip(self, url: str) -> str | None:
        return with_parameter(url, self.parameter, _number(parameter_of(url, self.parameter), 0) + self.size)


class _NamedByPage:
    """A paginator whose pages alone name the next one."""

    __slots__ = ()

    def first(self, url: str) -> str:
        return url

    def skip(self, url: str) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Cursor(_NamedByPage):
    """`?cursor=opaque`, as the content of the page before says under `next`; there is none on the last."""

    next_path: str
    parameter: str = "cursor"

    def next(self, page: Page) -> str | None:
        cursor = at(page.content, self.next_path)
        return with_parameter(page.url, self.parameter, cursor) if isinstance(cursor, str | int) and cursor != "" else None


@dataclass(frozen=True, slots=True)
class NextUrl(_NamedByPage):
    """The content names the URL of the next page, whole or relative."""

    next_path: str

    def next(self, page: Page) -> str | None:
        reference = at(page.content, self.next_path)
        return reference if isinstance(reference, str) and reference else None


@dataclass(frozen=True, slots=True)
class LinkHeader(_NamedByPage):
    """`Link: <…>; rel="next"` (RFC 8288)."""

    def next(self, page: Page) -> str | None:
        for value in page.links:
            for link in _LINK.finditer(value):
                if _NEXT.search(link[2]):
                    return str(link[1])
        return None


def at(content: Any, path: str) -> Any:
    """What is at a dotted path in JSON, such as `data.items.0`; None where there is nothing. "" is all of it."""
    for name in path.split(".") if path else []:
        if isinstance(content, Mapping):
            content = content.get(name)
        elif isinstance(content, list) and name.isascii() and name.isdigit() and int(name) < len(content):
            content = content[int(name)]
        else:
            return None
    return content


def with_parameter(url: str, name: str, value: object) -> str:
    """The URL with one parameter of its query set, the others as they are."""
    parts = urlsplit(url)
    query = [(key, each) for key, each in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, str(value))], errors="replace")))


def parameter_of(url: str, name: str) -> str | None:
    """A parameter of the URL's query."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)).get(name)


def _number(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default
