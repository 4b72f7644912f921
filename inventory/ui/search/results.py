"""What the pages of the search show of a document of the API, and what of a page's size each part of it may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from urllib.parse import quote

from inventory.errors import InvalidQuery, InvalidRequest
from inventory.observations.queries.field_lists import names_in
from inventory.ui.page_room import PageRoom
from inventory.ui.pages import MAX_LINK, ROOM_FOR_LINKS, room_for_links, search_url

Document = Mapping[str, Any]

SHOWN = "status,title,header.server"
"""What targets show on the page, unless a person names other fields."""
MAX_SHOWN = 55_000
"""Characters that the values of a page take, with their links."""
USUAL_URLS = 3_000
"""Characters of the links to the targets, of which longer ones leave less room for values."""
MARKUP = 90
"""Characters around a value."""
MAX_TEXT = 100
"""Characters of a value that is shown. Where its link would be longer than `MAX_LINK`, it is none."""
MAX_COLUMNS = 4
"""Fields up to which each is a column."""
AROUND = 40
"""Characters that are shown before and after the one that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value as it is shown, the link to the targets that show it, and how many these are, if that was counted."""

    field: str
    text: str
    volatile: bool
    url: str | None
    first_seen: str
    count: int | None = None

    @property
    def size(self) -> int:
        """Characters that it takes on a page."""
        return MARKUP + len(self.field) + len(self.text) + len(self.url or "")


SIZE: Callable[[Value], int] = attrgetter("size")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A target with values that it shows by field, and how many more of them there are."""

    target: Document
    values: Mapping[str, Sequence[Value]]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The targets of a page; `columns` are the fields that they show, None if these are too many for columns."""

    rows: Sequence[Row]
    columns: Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A query around the character that is wrong."""

    before: str
    wrong: str
    after: str


def results_of(targets: Sequence[Document], query: Document) -> Results:
    """The targets of a document, with links that narrow the query."""
    urls = sum(len(quote(target["url"], safe="")) for target in targets)
    left = _room().left - max(0, min(urls, room_for_links().left) - USUAL_URLS)
    rows = [_row(target, query, PageRoom(left // len(targets))) for target in targets]
    order = {name.lower(): number for number, (_, name) in enumerate(names_in(query["show"]))}
    shown = {field for row in rows for field in row.values}
    columns = sorted(shown, key=lambda field: (order.get(field, len(order)), field))
    return Results(rows=rows, columns=columns if len(columns) <= MAX_COLUMNS else None)


def values_of(document: Document, query: Document) -> Sequence[Value]:
    """The values of a document of facets, as many as a page has room for."""
    return _room().first((_value(document["field"], each, query) for each in document["values"]), SIZE)


def excerpt_of(query: str, error: InvalidRequest) -> Excerpt | None:
    """Where the query is wrong, if that is known."""
    if not isinstance(error, InvalidQuery) or "q" not in (error.errors or {}):
        return None
    at = error.position - 1
    before, after = query[max(0, at - AROUND) : at], query[at + 1 : at + 1 + AROUND]
    return Excerpt(
        before=_in_line("…" * (at > AROUND) + before), wrong=_in_line(query[at : at + 1]) or " ", after=_in_line(after)
    )


def _room() -> PageRoom:
    """That for values: less on a page that repeats a long question."""
    return PageRoom(MAX_SHOWN - (ROOM_FOR_LINKS - room_for_links().left))


def _row(target: Document, query: Document, room: PageRoom) -> Row:
    observations = target.get("observations", ())
    values: dict[str, list[Value]] = {}
    shown = room.first((_value(each["field"], each, query) for each in observations), SIZE)
    for value in shown:
        values.setdefault(value.field, []).append(value)
    return Row(target=target, values=values, more=len(observations) - len(shown))


def _value(field: str, each: Document, query: Document) -> Value:
    show = None if query["show"] == SHOWN else query["show"]
    url, text = search_url(field, each["value"], query["q"], query["at"], show), each["value"]
    return Value(
        field=field,
        text=text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…",
        volatile=each["volatile"],
        url=url if len(url) <= MAX_LINK else None,
        first_seen=each["first_seen"],
        count=each.get("count"),
    )


def _in_line(text: str) -> str:
    """A text in which each character takes one position of a line."""
    return "".join(character if character.isprintable() else "·" for character in text)
