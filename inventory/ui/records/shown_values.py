"""Values of others as pages show them: of a bounded length, and each with the search for what the index has in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from markupsafe import escape

from inventory.observations.field_names import find
from inventory.observations.texts import MAX_NAME_BYTES, bounded
from inventory.observations.volatility import observed, shaper_of
from inventory.ui.formats import visible
from inventory.ui.page_room import PageRoom
from inventory.ui.pages import search_url

Item = TypeVar("Item")

MAX_CHARACTERS = 1_000
"""Of one value."""
FEW_CHARACTERS = 60
"""Of one for which there is no room."""
MAX_LINES = 200
"""Header lines of one answer."""
MARKUP = 150
"""Characters of HTML around a value, more or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A value: `text` has its first characters, and `more` counts the others. `value` is what the index has.

    Nothing finds it without a `field`, or if it is `volatile`: it changed in each of the last collections.
    """

    text: str
    more: int = 0
    field: str | None = None
    value: str = ""
    volatile: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLine:
    """A header line."""

    name: str
    value: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[Item]):
    """The first items of a list, as many as there is room for, and how many there are besides."""

    items: Sequence[Item]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Presenter:
    """Shows values of one target, within the room of a part of its page.

    `volatile` has the fields that are volatile for the target by its history, and `at` the instant at which it showed them,
    None for now.
    """

    room: PageRoom
    volatile: Set[str] = frozenset()
    at: str | None = None

    def one(self, field: str | None, value: object) -> Shown:
        """A value that is shown whatever room there is: its first characters, without a link, where there is none."""
        shown = self._shown(field, value)
        size = self._size(shown)
        if size > self.room.left:
            whole = shown.text[FEW_CHARACTERS:]
            shown = replace(shown, text=shown.text[:FEW_CHARACTERS], more=shown.more + len(whole), field=None)
        self.room.left -= size
        return shown

    def some(self, field: str | None, values: Iterable[object]) -> Part[Shown]:
        """The values of a field."""
        return self._fitting([self._shown(field, value) for value in values], self._size)

    def named(self, values: Iterable[tuple[str, str, str]]) -> Part[Shown]:
        """Values of several fields, a field, a value and a text for each, which is shown in the place of the value."""
        return self._fitting([replace(self._shown(field, value), text=text) for field, value, text in values], self._size)

    def lines(self, prefix: str | None, lines: Sequence[Mapping[str, str]]) -> Part[HeaderLine]:
        """Header lines, whose fields begin with the prefix; without one, none of theirs are in the index."""
        every = []
        for line in lines[:MAX_LINES]:
            field = None if prefix is None else f"{prefix}{bounded(line['name'].lower(), MAX_NAME_BYTES)}"
            every.append(HeaderLine(name=line["name"][:MAX_CHARACTERS], value=self._shown(field, line["value"])))
        fitting = self._fitting(every, lambda each: self._size(each.value) + len(escape(visible(each.name))))
        return Part(items=fitting.items, more=len(lines) - len(fitting.items))

    def _fitting(self, every: Sequence[Item], size: Callable[[Item], int]) -> Part[Item]:
        items = self.room.first(every, size)
        return Part(items=items, more=len(every) - len(items))

    def _shown(self, field: str | None, value: object) -> Shown:
        text = str(value)
        indexed = "" if field is None else bounded(observed(field, text)[0])
        found = find([field])[0] if field and indexed else ()
        is_known = bool(found) and not (self.at and found[0].field.only_latest)
        return Shown(
            text=text[:MAX_CHARACTERS],
            more=max(0, len(text) - MAX_CHARACTERS),
            field=field if is_known else None,
            value=indexed,
            volatile=field in self.volatile and field is not None and shaper_of(field) is None,
        )

    def _size(self, shown: Shown) -> int:
        size = len(escape(visible(shown.text))) + MARKUP
        if shown.field is None or shown.volatile:
            return size
        return size + len(search_url(shown.field, shown.value, at=self.at)) + len(escape(shown.field))
