"""Statements as they are kept: of bounded size, and with shapes in place of volatile values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, cast

from inventory.observations.texts import MAX_NAME_BYTES, bounded, text_of
from inventory.observations.volatility import Shaper, Volatility, observed, shaper_of
from inventory.records.model import Statement

statement_of = cast(Callable[[tuple[str, str, bool]], Statement], partial(tuple.__new__, Statement))
"""A statement of its parts: every collection makes a dozen, and a call of the class takes three times as long."""

MAX_LINES = 1_000
"""Header lines of the final response that are observed, and as many of all redirects."""
MAX_REMEMBERED = 300
"""Characters of a header line that is remembered."""


class StatementList:
    """Collects the statements of a target: its `own`, those in `common` with others, and the `defects` of its snapshot.

    `volatilities` has the fields that are volatile for the target by its history.
    """

    def __init__(self, volatilities: Mapping[str, Volatility]) -> None:
        self._volatilities = volatilities
        self.own: dict[tuple[str, str], Statement] = {}
        """By field and value."""
        self.common: list[Statement] = []
        self.defects: list[str] = []

    def add(self, field: str, value: Any) -> None:
        """Add what a value is, unless it is nothing or empty."""
        self.extend([(field, value)])

    def extend(self, statements: Iterable[tuple[str, Any]]) -> None:
        """Add what each value is."""
        for field, value in statements:
            text = value if type(value) is str else text_of(value)
            if not text:
                continue
            if self._volatilities:
                self.put([self._statement(field, text, None)])
            else:
                text = bounded(text)
                self.own[field, text] = statement_of((field, text, False))

    def put(self, statements: Iterable[Statement]) -> None:
        """Add these; of those that only differ in whether they are volatile the last one stays."""
        self.own.update({(each.field, each.value): each for each in statements})

    def fields(self, fields: tuple[str, ...], values: Iterable[Any]) -> None:
        """Add what the values of these fields are, which many targets have in common."""
        texts = [value if value is None or type(value) is str else text_of(value) for value in values]
        if self._volatilities:
            self.common += [self._statement(field, text, None) for field, text in zip(fields, texts, strict=True) if text]
        else:
            self.common += of_fields(fields, tuple(texts))

    def lines(self, prefix: str, lines: Sequence[Mapping[str, Any]], what: str) -> list[Statement]:
        """The statements of header lines; those with an empty value count."""
        found = []
        for line in self.within(lines, MAX_LINES, what):
            name, value = line.get("name"), line.get("value")
            if type(name) is not str or type(value) is not str:
                name, value = text_of(name) or "", text_of(value) or ""
            if not self._volatilities and len(value) <= MAX_REMEMBERED:
                found.append(_of_line(prefix, name, value))
            else:
                field, shaper = _header_field(prefix, name)
                found.append(self._statement(field, value, shaper))
        return found

    def within(self, items: Sequence[Any], limit: int, what: str) -> Sequence[Any]:
        """The first items; a defect tells of more."""
        if len(items) <= limit:
            return items
        self.defects.append(f"the snapshot has more than {limit:,} {what}; the first are indexed")
        return items[:limit]

    def _statement(self, field: str, text: str, shaper: Shaper | None) -> Statement:
        return _observed(field, text, shaper, self._volatilities.get(field, Volatility.EXACT))


@lru_cache(maxsize=4_096)
def _of_line(prefix: str, name: str, value: str) -> Statement:
    """Remembered, because a site sends many equal lines."""
    field, shaper = _header_field(prefix, name)
    return _observed(field, value, shaper, Volatility.EXACT)


@lru_cache(maxsize=256)
def of_fields(fields: tuple[str, ...], texts: tuple[str | None, ...]) -> Sequence[Statement]:
    """The statements that values of these fields make; remembered as the lines are."""
    return tuple(Statement(field, bounded(text)) for field, text in zip(fields, texts, strict=True) if text)


def _observed(field: str, text: str, shaper: Shaper | None, volatility: Volatility) -> Statement:
    is_volatile = False
    if shaper is not None or volatility is not Volatility.EXACT:
        text, is_volatile = observed(field, text, volatility)
    return Statement(field, bounded(text), is_volatile)


@lru_cache(maxsize=4_096)
def _header_field(prefix: str, name: str) -> tuple[str, Shaper | None]:
    field = f"{prefix}.{bounded(name.lower(), MAX_NAME_BYTES)}"
    return field, shaper_of(field)
