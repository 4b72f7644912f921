"""Conditions as sets of targets: those that one holds for at least and at most.

The two are the same where all values that a condition means are listed. Where these are too many, the values of each target
are tested, of as few targets as are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import islice
from operator import and_, or_

from inventory.observations.model import And, Between, Condition, Everything, Exists, Has, Not, Or
from inventory.store.sqlite import bitmaps
from inventory.store.sqlite.asking import Bounds, check_time
from inventory.store.sqlite.leaves import Leaf, resolve
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.showing import known, showing
from inventory.store.sqlite.tested import Tests

TESTED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Reach:
    """The targets that a condition holds for at least and at most, as bits."""

    least: int
    most: int


class Query:
    """A condition on one connection, as of an instant in milliseconds, or of now."""

    def __init__(self, connection: Connection, condition: Condition, at: int | None, bounds: Bounds) -> None:
        self.connection, self.condition, self.at, self.bounds = connection, condition, at, bounds
        self._leaves: dict[Condition, tuple[Leaf, int | None]] = {}
        self._tests = Tests(connection, at)

    @cached_property
    def known(self) -> int:
        """All targets that were known."""
        return known(self.connection, self.at)

    @cached_property
    def reach(self) -> Reach:
        """What is known without a look at single targets."""
        return self._reach(self.condition, None)

    @cached_property
    def targets(self) -> int:
        """The targets that the condition holds for."""
        return self.reach.least | self.holding(self.reach.most & ~self.reach.least)

    def holding(self, targets: int) -> int:
        """Those of these targets that the condition holds for."""
        numbers, found = bitmaps.numbers(targets & self.reach.most & ~self.reach.least), targets & self.reach.least
        while some := list(islice(numbers, TESTED_AT_ONCE)):
            check_time(self.connection)
            among = bitmaps.of_numbers(some, some[-1])
            found |= self._reach(self.condition, among).least & among
        return found

    @cached_property
    def holds(self) -> str:
        """The condition as SQL on the number `t.no` of a target."""
        least, most = bitmaps.to_bytes(self.reach.least), bitmaps.to_bytes(self.reach.most)

        def is_found(number: int) -> bool:
            at, bit = number >> 3, 1 << (number & 7)
            if at >= len(most) or not most[at] & bit:
                return False
            return bool(at < len(least) and least[at] & bit) or self.holding(1 << number) > 0

        self.connection.create_function("is_found", 1, is_found, deterministic=True)
        return "is_found(t.no)"

    def _reach(self, condition: Condition, among: int | None) -> Reach:
        """The reach of a condition; if targets are given, it is exact among these."""
        match condition:
            case Everything():
                return Reach(self.known, self.known)
            case Not(other):
                reach = self._reach(other, among)
                return Reach(self.known & ~reach.most, self.known & ~reach.least)
            case And(conditions):
                return _combined(and_, self._reaches(conditions, among))
            case Or(conditions):
                return _combined(or_, self._reaches(conditions, among))
            case Exists() | Has() | Between():
                leaf, targets = self._of_leaf(condition)
                if targets is not None:
                    return Reach(targets, targets)
                tested = None if among is None else self._tests.passing(leaf, among)
                return Reach(0, self.known) if tested is None else Reach(tested, tested)

    def _reaches(self, conditions: Iterable[Condition], among: int | None) -> Iterator[Reach]:
        return (self._reach(each, among) for each in conditions)

    def _of_leaf(self, condition: Exists | Has | Between) -> tuple[Leaf, int | None]:
        """What a condition on a field means, and the targets that it holds for, if these can be read."""
        if condition not in self._leaves:
            check_time(self.connection)
            leaf = resolve(self.connection, condition, self.bounds)
            shown = showing(self.connection, leaf, self.at, self.bounds.rows)
            self._leaves[condition] = (leaf, None if shown is None else shown & self.known)
        return self._leaves[condition]


def _combined(operator: Callable[[int, int], int], reaches: Iterable[Reach]) -> Reach:
    parts = list(reaches)
    return Reach(reduce(operator, (each.least for each in parts)), reduce(operator, (each.most for each in parts)))
