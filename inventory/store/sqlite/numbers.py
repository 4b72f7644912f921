"""The numbers of fields and values: each is kept once for the whole store."""
# ruff: noqa: S608 - nothing but our own conditions is put into a statement

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from inventory.observations.model import Statement, folded, ordinal_of
from inventory.store.pairs import Pair
from inventory.store.sqlite.opening import Connection

Key = TypeVar("Key")
Number = TypeVar("Number")

MAX_REMEMBERED = 20_000
"""Of the statements that several targets make."""

FIND_FIELD = "SELECT no FROM fields WHERE name = ?"
ADD_FIELD = "INSERT INTO fields (name, folded) VALUES (?, ?)"
SAME_VALUE = "field_no = :field AND folded = :folded AND coalesce(value, folded) = :value AND volatile = :volatile"
FIND_VALUE = f"SELECT no FROM field_values WHERE {SAME_VALUE}"
ADD_VALUE = f"""
    INSERT INTO field_values (field_no, folded, value, number, volatile)
    SELECT :field, :folded, nullif(:value, :folded), :number, :volatile
    WHERE NOT EXISTS (SELECT 1 FROM field_values WHERE {SAME_VALUE})"""
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

    def pairs(self, statements: Iterable[Statement]) -> set[Pair]:
        """The numbers of the field and of the value of each statement."""
        known = self.known.pairs
        return {known.get(each) or self._pair(each) for each in statements}

    def field(self, name: str) -> int:
        """The number of a field."""
        number = self.known.fields.get(name) or self.fields.get(name)
        if number is None:
            row = self.connection.execute(FIND_FIELD, (name,)).fetchone()
            number = row[0] if row else self.connection.execute(ADD_FIELD, (name, folded(name))).lastrowid
            assert number is not None
            self.fields[name] = number
        return number

    def _pair(self, statement: Statement) -> Pair:
        pair = self.found.get(statement) or self._made.get(statement)
        if pair is not None:
            return pair
        name, value, volatile = statement
        values: dict[str, Any] = {"field": self.field(name), "folded": folded(value), "value": value, "volatile": volatile}
        # What is not remembered is mostly new: so it is added, if that is so, before it is looked for.
        added = self.connection.execute(ADD_VALUE, values | {"number": ordinal_of(name, value)})
        if added.rowcount:
            assert added.lastrowid is not None
            pair = self._made[statement] = (values["field"], added.lastrowid)
        else:
            pair = self.found[statement] = (values["field"], self.connection.execute(FIND_VALUE, values).fetchone()[0])
        return pair


def _with(remembered: dict[Key, Number], found: dict[Key, Number]) -> dict[Key, Number]:
    """What is remembered with what was found; nothing of before if it would be too much. No dictionary is changed."""
    if not found:
        return remembered
    return found if len(remembered) + len(found) > MAX_REMEMBERED else remembered | found
