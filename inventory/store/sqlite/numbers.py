"""The numbers of fields and values: each is kept once for the whole store."""
# ruff: noqa: S608 - nothing but our own statements is put into a statement

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakKeyDictionary

from inventory.observations.model import Statement, folded, ordinal_of
from inventory.records.model import Common
from inventory.store.pairs import Pair, pack
from inventory.store.sqlite import value_texts
from inventory.store.sqlite.opening import Connection

Key = TypeVar("Key")
Number = TypeVar("Number")

Row = tuple[int, int, str, str | None, float | None, bool]

MAX_REMEMBERED = 20_000
"""Of the statements that several targets make."""
MAX_COMMON = 256
"""Of what such targets have in common."""

FIND_FIELD = "SELECT no FROM fields WHERE name = ?"
ADD_FIELD = "INSERT INTO fields (name, folded) VALUES (?, ?)"
FIND_VALUES = "SELECT coalesce(value, folded), volatile, no FROM field_values WHERE field_no = ? AND folded = ?"
LAST_VALUE = f"SELECT max(coalesce(max(no), 0), ({value_texts.LAST_GATHERED})) FROM field_values"
"""No number of values that were gathered is given again, also not of those that were removed since."""
ADD_VALUE = "INSERT INTO field_values (no, field_no, folded, value, number, volatile) VALUES (?, ?, ?, ?, ?, ?)"
PRUNED = "SELECT coalesce(max(times), 0) FROM pruned_values"


@dataclass(frozen=True, slots=True)
class Numbered:
    """The numbers of statements in common, and the same as a target keeps them."""

    pairs: frozenset[Pair] = frozenset()
    packed: bytes = b""


@dataclass(slots=True)
class Remembered:
    """The numbers of what several targets have shown, as of so many prunings."""

    pruned: int
    fields: dict[str, int] = field(default_factory=dict)
    pairs: dict[Statement, Pair] = field(default_factory=dict)
    common: dict[Common, Numbered] = field(default_factory=dict)


class Numbers:
    """The numbers that a process remembers, for each connection, because another one may be to another file.

    Only what was found again is worth it, and only what was committed is kept.
    """

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Connection, Remembered] = WeakKeyDictionary()

    def known(self, connection: Connection, pruned: int) -> Remembered:
        """What is remembered and holds after so many prunings."""
        known = self._of.get(connection)
        return known if known is not None and known.pruned == pruned else Remembered(pruned)

    def remember(self, numbering: Numbering) -> None:
        """Remember what a transaction found that has been committed."""
        known = numbering.known
        self._of[numbering.connection] = Remembered(
            pruned=known.pruned,
            fields=_with(known.fields, numbering.fields, MAX_REMEMBERED),
            pairs=_with(known.pairs, numbering.found, MAX_REMEMBERED),
            common=_with(known.common, numbering.common, MAX_COMMON),
        )


class Numbering:
    """Finds and gives numbers in one writing transaction; `write` ends it."""

    def __init__(self, connection: Connection, numbers: Numbers) -> None:
        self.connection = connection
        self.known = numbers.known(connection, connection.execute(PRUNED).fetchone()[0])
        self.fields: dict[str, int] = {}
        self.found: dict[Statement, Pair] = {}
        self.common: dict[Common, Numbered] = {}
        self._made: dict[Statement, Pair] = {}
        self._rows: list[Row] = []
        self._last_value: int | None = None

    def numbered(self, statements: Collection[Statement]) -> set[Pair]:
        """The numbers of the field and of the value of each statement, found or given."""
        known = self.known.pairs.get
        return {known(each) or self._pair(each) for each in statements}

    def in_common(self, common: Common) -> Numbered:
        """The same of what targets have in common."""
        found = self.known.common.get(common) or self.common.get(common)
        if found is None:
            pairs = self.numbered(common.statements)
            found = self.common[common] = Numbered(frozenset(pairs), pack(pairs))
        return found

    def write(self) -> None:
        """Write the values that were given numbers: all at once, for it takes less time than one after the other."""
        self.connection.executemany(ADD_VALUE, self._rows)
        if self._rows and value_texts.ends_chunk(self._rows[0][0], self._rows[-1][0]):
            value_texts.gather(self.connection, self._rows[-1][0])
        self._rows = []

    def _pair(self, statement: Statement) -> Pair:
        pair = self.found.get(statement) or self._made.get(statement)
        if pair is None:
            name, value, volatile = statement
            field, text = self.field(name), folded(value)
            number = self._find(field, text, value, volatile)
            if number is not None:
                pair = self.found[statement] = (field, number)
            else:
                pair = self._made[statement] = (field, self._next_value())
                kept = None if text == value else value
                self._rows.append((pair[1], field, text, kept, ordinal_of(name, value), volatile))
        return pair

    def field(self, name: str) -> int:
        """The number of a field."""
        number = self.known.fields.get(name) or self.fields.get(name)
        if number is None:
            row = self.connection.execute(FIND_FIELD, (name,)).fetchone()
            number = row[0] if row else self.connection.execute(ADD_FIELD, (name, folded(name))).lastrowid
            assert number is not None
            self.fields[name] = number
        return number

    def _find(self, field: int, text: str, value: str, volatile: bool) -> int | None:
        for found, is_volatile, number in self.connection.execute(FIND_VALUES, (field, text)):
            if found == value and is_volatile == volatile:
                return int(number)
        return None

    def _next_value(self) -> int:
        if self._last_value is None:
            self._last_value = self.connection.execute(LAST_VALUE).fetchone()[0]
        self._last_value += 1
        return self._last_value


def _with(remembered: dict[Key, Number], found: dict[Key, Number], limit: int) -> dict[Key, Number]:
    """What is remembered with what was found; nothing of before if it would be too much. No dictionary is changed."""
    if not found:
        return remembered
    return found if len(remembered) + len(found) > limit else remembered | found
