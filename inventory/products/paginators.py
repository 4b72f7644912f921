"""How the pages of a feed follow each other: each paginator says of a page where the next one is.

A page is known by its URL alone, so that an interrupted run goes on at a page without the pages before it. A short page is
not the last one. What pages tell of their number is believed only where it promises more than has come.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

from inventory import urls
from inventory.errors import InvalidUrl, SourceFailure
from inventory.products.json_paths import at
from inventory.products.link_header import links_of
from inventory.products.next_page import NO_CURSOR, count, is_nothing, is_zero, next_link, says_more, whole

ASTRAY = "paging_astray"
DEFAULT_SIZE = 20
"""Items of a page that an `Offset` asks for where the feed does not say how many."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was read: its URL, the JSON, how many items it had, and the values of its `Link` headers.

    `identities` are those of its items, if they are known. `told` is the largest number of pages or items that any page of
    the feed has told so far, 0 without one. `is_new` says whether it had an item that no page before had.
    """

    url: str
    content: Any
    items: int
    links: tuple[str, ...] = ()
    identities: frozenset[int] | None = None
    told: int = 0
    is_new: bool = True


class Paginator(Protocol):
    """How a feed is divided into pages."""

    def first(self, url: str) -> str:
        """The URL of a feed's first page."""

    def next(self, page: Page) -> str | None:
        """Where the page after this one is, as a reference that need not be a URL yet; None after the last.

        Raises `SourceFailure` where the page names a next one by something that is neither a URL nor a cursor.
        """

    def skip(self, url: str) -> str | None:
        """The URL of the page after one that cannot be read; None if only that page could tell."""

    def told(self, content: Any) -> int:
        """How many pages or items the feed has, as this page tells; 0 if it does not."""

    def tells_none(self, content: Any) -> bool:
        """Whether the page tells that the feed has no pages or items."""

    def is_promised(self, url: str, told: int) -> bool | None:
        """Whether there must be a page at this URL, by what pages have told; False beyond that, None if none has."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """`?page=3`. `pages` names where the content has their number, or `total` where it has that of items, `size` on a page.

    `more_path` names where it says whether there is another page.
    """

    parameter: str = "page"
    first_number: int = 1
    pages: str | None = None
    total: str | None = None
    size: int = 1
    more_path: str | None = None

    def first(self, url: str) -> str:
        return with_parameter(url, self.parameter, self.first_number)

    def next(self, page: Page) -> str | None:
        return _unless_last(self, page, self.skip(page.url), says_more(page.content, self.more_path))

    def skip(self, url: str) -> str:
        return with_parameter(url, self.parameter, self._number(url) + 1)

    def told(self, content: Any) -> int:
        pages = 0 if self.pages is None else count(at(content, self.pages))
        items = 0 if self.total is None else count(at(content, self.total))
        return max(pages, -(-items // self.size))

    def tells_none(self, content: Any) -> bool:
        return is_zero(content, self.pages, self.total)

    def is_promised(self, url: str, told: int) -> bool | None:
        return self._number(url) - self.first_number < told if told else None

    def _number(self, url: str) -> int:
        return whole(parameter_of(url, self.parameter), self.first_number)


@dataclass(frozen=True, slots=True)
class Offset:
    """`?skip=40&limit=20`. `total` names where the content has the number of items; `more_path` is as with `Numbered`.

    `size` is that in the feed's URL if it is not given, else 20. `first_number` is that of the first item, 1 for some APIs.
    """

    parameter: str = "offset"
    size_parameter: str = "limit"
    size: int | None = None
    total: str | None = None
    more_path: str | None = None
    first_number: int = 0

    def first(self, url: str) -> str:
        sized = with_parameter(url, self.size_parameter, self._size(url))
        return with_parameter(sized, self.parameter, self.first_number)

    def next(self, page: Page) -> str | None:
        """After as many items as came, because an API may give fewer at once than it was asked for.

        Where these brought nothing new, the API seems to leave out some of the `size` that it looks at.
        """
        step = page.items if page.items and page.is_new else max(page.items, self._size(page.url))
        reference = with_parameter(page.url, self.parameter, self._offset(page.url) + step)
        return _unless_last(self, page, reference, says_more(page.content, self.more_path))

    def skip(self, url: str) -> str:
        return with_parameter(url, self.parameter, self._offset(url) + self._size(url))

    def told(self, content: Any) -> int:
        return 0 if self.total is None else count(at(content, self.total))

    def tells_none(self, content: Any) -> bool:
        return is_zero(content, self.total)

    def is_promised(self, url: str, told: int) -> bool | None:
        return self._offset(url) - self.first_number < told if told else None

    def _offset(self, url: str) -> int:
        return whole(parameter_of(url, self.parameter), self.first_number)

    def _size(self, url: str) -> int:
        return max(1, self.size or whole(parameter_of(url, self.size_parameter), DEFAULT_SIZE))


class _NamedByPage:
    """A paginator whose pages alone name the next one, which is a promise."""

    __slots__ = ()

    def first(self, url: str) -> str:
        return url

    def skip(self, url: str) -> None:
        return None

    def told(self, content: Any) -> int:
        return 0

    def tells_none(self, content: Any) -> bool:
        return False

    def is_promised(self, url: str, told: int) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Cursor(_NamedByPage):
    """`?cursor=opaque`, as the content of the page before says under `next`: a text or a number; the last has none."""

    next_path: str
    parameter: str = "cursor"
    more_path: str | None = None

    def next(self, page: Page) -> str | None:
        cursor, more = at(page.content, self.next_path), says_more(page.content, self.more_path)
        if more and is_nothing(cursor):
            told = f"The page says that there is another one, but has no cursor at {self.next_path!r}"
            raise SourceFailure(ASTRAY, told, permanent=True)
        if more is False or is_nothing(cursor):
            return None
        if isinstance(cursor, bool) or not isinstance(cursor, str | int | float | Decimal):
            raise SourceFailure(ASTRAY, "What is named as the next cursor is neither a text nor a number", permanent=True)
        if str(cursor).strip().lower() in NO_CURSOR or self._is_end_mark(page, str(cursor)):
            return None
        return with_parameter(page.url, self.parameter, cursor)

    def _is_end_mark(self, page: Page, cursor: str) -> bool:
        """Whether a page without items names its own cursor again, as Solr's `cursorMark` ends."""
        return page.items == 0 and cursor == parameter_of(page.url, self.parameter)


@dataclass(frozen=True, slots=True)
class NextUrl(_NamedByPage):
    """The content names the URL of the next page, whole or relative: as a text, as a link object, or in a list of these."""

    next_path: str

    def next(self, page: Page) -> str | None:
        link = next_link(at(page.content, self.next_path))
        if is_nothing(link):
            return None
        if not isinstance(link, str):
            raise SourceFailure(ASTRAY, "What is named as the next page is not a URL", permanent=True)
        return link.strip()


@dataclass(frozen=True, slots=True)
class LinkHeader(_NamedByPage):
    """`Link: <…>; rel="next"` (RFC 8288)."""

    def next(self, page: Page) -> str | None:
        """A link with an `anchor` is about another page, unless that is this one."""
        for link in links_of(page.links):
            if "next" in link.relations and (link.anchor is None or _is_same(page.url, link.anchor)):
                return link.target
        return None


def with_parameter(url: str, name: str, value: object) -> str:
    """The URL with one parameter of its query set, the others as they are, however they are written."""
    parts = urlsplit(url)
    others = [pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != name]
    return urlunsplit(parts._replace(query="&".join([*others, urlencode({name: str(value)}, errors="replace")])))


def parameter_of(url: str, name: str) -> str | None:
    """A parameter of the URL's query."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)).get(name)


def _unless_last(paginator: Paginator, page: Page, reference: str, more: bool | None) -> str | None:
    """The next page, unless this one says that it is the last, or has nothing (new) and no page promises more."""
    promised = paginator.is_promised(reference, page.told)
    if more is False or (page.items == 0 and not (promised or more)):
        return None
    return None if promised is False and not (page.is_new or more) else reference


def _is_same(url: str, anchor: str) -> bool:
    try:
        return "#" not in anchor and urls.join(urls.parse(url), anchor).href == url
    except InvalidUrl:
        return False
