"""The numbers of fields and values: each is kept once for the whole store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from inventory.observations.model import Statement, folded, ordinal_of
from inventory.store.pairs import Pair
from inventory.store.sqlite.opening import Connection

Key = TypeVar("Key")
Number = TypeVar("Number")

MAX_REMEMBERED = 20_000
"""Of the statements that several targets make."""

FIND_FIELD = "SELECT no FROM fields WHERE name = ?"
ADD_FIELD = "INSERT INTO fields (name, folded) VALUES (?, ?)"
FIND_VALUE = """
    SELECT no FROM field_values
    WHERE field_no = ? AND folded = ? AND coalesce(value, folded) = ? AND volatile = ?"""
ADD_VALUE = "INSERT INTO field_values (field_no, folded, value, number, volatile) VALUES (?, ?, ?, ?, ?)"
PRUNED = "SELECT coalesce(max(times), 0) FROM pruned_values"


class Numbers:
    """The numbers that a process remembers. Only what was found again is worth it; and only what was committed is kept."""

    def __init__(self) -> None:
        self.fields: dict[str, int] = {}
        self.pairs: dict[Statement, Pair] = {}
        self.pruned = -1

    def remember(self, numbering: Numbering) -> None:
        """Remember what a transaction found that has been committed."""
        if numbering.pruned != self.pruned:
            self.pairs, self.pruned = {}, numbering.pruned
        self.fields = _with(self.fields, numbering.fields)
        self.pairs = _with(self.pairs, numbering.found)


class Numbering:
    """Finds and gives numbers in one writing transaction."""

    def __init__(self, connection: Connection, numbers: Numbers) -> None:
        self._connection = connection
        self.pruned: int = connection.execute(PRUNED).fetchone()[0]
        self._known_fields = numbers.fields
        self._known = numbers.pairs if numbers.pruned == self.pruned else {}
        self.fields: dict[str, int] = {}
        self.found: dict[Statement, Pair] = {}
        self._made: dict[Statement, Pair] = {}

    def pairs(self, statements: Iterable[Statement]) -> set[Pair]:
        """The numbers of the field and of the value of each statement."""
        known = self._known
        return {known.get(each) or self._pair(each) for each in statements}

    def field(self, name: str) -> int:
        """The number of a field."""
        number = self._known_fields.get(name) or self.fields.get(name)
        if number is None:
            row = self._connection.execute(FIND_FIELD, (name,)).fetchone()
            number = row[0] if row else self._inserted(ADD_FIELD, (name, folded(name)))
            self.fields[name] = number
        return number

    def _pair(self, statement: Statement) -> Pair:
        pair = self.found.get(statement) or self._made.get(statement)
        if pair is not None:
            return pair
        name, value, volatile = statement
        field, plain = self.field(name), folded(value)
        row = self._connection.execute(FIND_VALUE, (field, plain, value, volatile)).fetchone()
        if row:
            pair = self.found[statement] = (field, row[0])
            return pair
        different = None if value == plain else value
        number = self._inserted(ADD_VALUE, (field, plain, different, ordinal_of(name, value), volatile))
        pair = self._made[statement] = (field, number)
        return pair

    def _inserted(self, statement: str, values: tuple[object, ...]) -> int:
        number = self._connection.execute(statement, values).lastrowid
        assert number is not None
        return number


def _with(remembered: dict[Key, Number], found: dict[Key, Number]) -> dict[Key, Number]:
    """What is remembered with what was found; nothing of before if it would be too much. No dictionary is changed."""
    if not found:
        return remembered
    return found if len(remembered) + len(found) > MAX_REMEMBERED else remembered | found
