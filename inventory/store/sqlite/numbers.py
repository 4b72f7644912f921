"""The numbers of fields and values: each is kept once for the whole store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

from inventory.observations.model import LATEST_ONLY, Statement, folded, ordinal_of
from inventory.store.pairs import Pair
from inventory.store.sqlite.opening import Connection

Key = TypeVar("Key")
Number = TypeVar("Number")

Row = tuple[int, int, str, str | None, float | None, bool]

MAX_REMEMBERED = 20_000
"""Of the statements that several targets make."""

FIND_FIELD = "SELECT no FROM fields WHERE name = ?"
ADD_FIELD = "INSERT INTO fields (name, folded) VALUES (?, ?)"
FIND_VALUES = "SELECT coalesce(value, folded), volatile, no FROM field_values WHERE field_no = ? AND folded = ?"
LAST_VALUE = "SELECT coalesce(max(no), 0) FROM field_values"
ADD_VALUE = "INSERT INTO field_values (no, field_no, folded, value, number, volatile) VALUES (?, ?, ?, ?, ?, ?)"
PRUNED = "SELECT coalesce(max(times), 0) FROM pruned_values"


@dataclass(slots=True)
class Remembered:
    """The numbers of what several targets have shown, as of so many prunings."""

    pruned: int
    fields: dict[str, int] = field(default_factory=dict)
    pairs: dict[Statement, Pair] = field(default_factory=dict)


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
        fields, pairs = _with(known.fields, numbering.fields), _with(known.pairs, numbering.found)
        self._of[numbering.connection] = Remembered(known.pruned, fields, pairs)


class Numbering:
    """Finds and gives numbers in one writing transaction."""

    def __init__(self, connection: Connection, numbers: Numbers) -> None:
        self.connection = connection
        self.known = numbers.known(connection, connection.execute(PRUNED).fetchone()[0])
        self.fields: dict[str, int] = {}
        self.found: dict[Statement, Pair] = {}
        self._made: dict[Statement, Pair] = {}
        self._last_value: int | None = None

    def number(self, groups: Iterable[Iterable[Statement]]) -> None:
        """Find or give the numbers of these: of many at once, for it takes less time than of one after the other."""
        known, found, made = self.known.pairs, self.found, self._made
        rows: list[Row] = []
        for each in [each for group in groups for each in group if each not in known]:
            name, value, volatile = each
            if each in found or each in made or name in LATEST_ONLY:
                continue
            field, text = self.field(name), folded(value)
            number = self._find(field, text, value, volatile)
            if number is not None:
                found[each] = (field, number)
                continue
            number = self._next_value()
            kept = None if text == value else value
            rows.append((number, field, text, kept, ordinal_of(name, value), volatile))
            made[each] = (field, number)
        self.connection.executemany(ADD_VALUE, rows)

    def pairs(self, statements: Sequence[Statement]) -> set[Pair]:
        """The numbers of the field and of the value of each statement, if they have been given."""
        known, found, made = self.known.pairs, self.found.get, self._made.get
        pairs: set[Pair | None] = set(map(known.get, statements))
        if None in pairs:
            pairs.update([found(each) or made(each) for each in statements if each not in known])
            pairs.discard(None)
        return cast(set[Pair], pairs)

    def numbered(self, statements: Sequence[Statement]) -> set[Pair]:
        """The same, after they have been given."""
        self.number([statements])
        return self.pairs(statements)

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


def _with(remembered: dict[Key, Number], found: dict[Key, Number]) -> dict[Key, Number]:
    """What is remembered with what was found; nothing of before if it would be too much. No dictionary is changed."""
    if not found:
        return remembered
    return found if len(remembered) + len(found) > MAX_REMEMBERED else remembered | found
