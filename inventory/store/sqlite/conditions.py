"""Conditions as sets of targets: those that one holds for at least and at most.

The two are the same where all values that a condition means are listed. Where these are too many, the values of each target
are tested, of as few targets as are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from itertools import islice
from operator import and_, or_

from inventory.observations.model import And, Between, Condition, Everything, Exists, Has, Not, Or
from inventory.store.sqlite import bitmaps
from inventory.store.sqlite.leaves import Leaf, resolve
from inventory.store.sqlite.matching_targets import known, matching
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.query_bounds import Bounds, check_time
from inventory.store.sqlite.value_tests import Tests

TESTED_AT_ONCE = 400
MOST_KEPT = 15_000
"""A query of which more values were listed is not kept for the next one."""


HELD = "substr(:held, {number} + 1, 1) = x'31'"
"""Whether a condition holds for the target of a number."""
STATE = "PRAGMA data_version"
"""Another number after each change that another connection made; `total_changes` are those of this one."""


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
        self._values, self._rows, self._reads_more = bounds.values, bounds.rows, False
        self.tests = Tests(connection, at)

    @cached_property
    def known(self) -> int:
        """All targets that were known."""
        return known(self.connection, self.at)

    @cached_property
    def reach(self) -> Reach:
        """What is known without a look at single targets."""
        return self._reach(self.condition, lambda _leaf: Reach(0, self.known))

    @property
    def is_exact(self) -> bool:
        """Whether no single target has to be looked at."""
        return self.reach.least == self.reach.most

    def read_more(self) -> None:
        """Read what values and targets there are, however many: it takes less time than to look at most targets."""
        if not (self.is_exact or self._reads_more):
            self._values, self._reads_more = self.bounds.most_values, True
            if self.at is None:  # what was shown earlier takes more memory to find out
                self._rows = self.bounds.most_rows
            self._leaves = {each: found for each, found in self._leaves.items() if found[1] is not None}
            del self.reach

    def is_more_than(self, number: int) -> bool:
        """Whether the condition holds for more targets than that, as far as the values tell that were listed."""
        return self._reach(self.condition, self._listed).least.bit_count() > number

    @cached_property
    def targets(self) -> int:
        """The targets that the condition holds for."""
        self.read_more()
        return self.reach.least | self.holding(self.reach.most & ~self.reach.least)

    def holding(self, targets: int) -> int:
        """Those of these targets that the condition holds for."""
        numbers, found = bitmaps.numbers(targets & self.reach.most & ~self.reach.least), targets & self.reach.least
        while some := list(islice(numbers, TESTED_AT_ONCE)):
            check_time(self.connection)
            among = bitmaps.of_numbers(some, some[-1])
            found |= self._reach(self.condition, partial(self._tested, among)).least & among
        return found

    def among(self, numbers: Iterable[int]) -> Set[int]:
        """Those of some targets, by their numbers, that the condition holds for."""
        most, below = bitmaps.to_bytes(self.reach.most), self.reach.most.bit_length()
        possible = {number for number in numbers if number < below and most[number >> 3] >> (number & 7) & 1}
        if self.is_exact:
            return possible
        return set(bitmaps.numbers(self.holding(bitmaps.of_numbers(possible, below))))

    @property
    def held(self) -> bytes:
        """The targets that the condition holds for, as `HELD` has them: a character for each number."""
        return f"{self.targets:b}"[::-1].encode()

    @property
    def holds(self) -> tuple[str, Mapping[str, bytes]]:
        """The condition as SQL on `o.target_no`, the number of a target, and the values in it."""
        self.read_more()
        if self.is_exact:  # nearly always: no function of ours is called for each change
            return HELD.format(number="o.target_no"), {"held": self.held}
        least, most = bitmaps.to_bytes(self.reach.least), bitmaps.to_bytes(self.reach.most)

        def is_found(number: int) -> bool:
            at, bit = number >> 3, 1 << (number & 7)
            if at >= len(most) or not most[at] & bit:
                return False
            return bool(at < len(least) and least[at] & bit) or self.holding(1 << number) > 0

        self.connection.functions.finds = is_found
        return "is_found(o.target_no)", {}

    def _reach(self, condition: Condition, untold: Callable[[Leaf], Reach]) -> Reach:
        """The reach of a condition from those of its parts; `untold` is that of one of which not all values are listed."""
        match condition:
            case Everything():
                return Reach(self.known, self.known)
            case Not(other):
                reach = self._reach(other, untold)
                return Reach(self.known & ~reach.most, self.known & ~reach.least)
            case And(conditions):
                return _combined(and_, [self._reach(each, untold) for each in conditions])
            case Or(conditions):
                return _combined(or_, [self._reach(each, untold) for each in conditions])
            case Exists() | Has() | Between():
                leaf, targets = self._of_leaf(condition)
                return untold(leaf) if targets is None else Reach(targets, targets)

    def _tested(self, among: int, leaf: Leaf) -> Reach:
        """Among some targets, the reach is exact after each was tested."""
        passing = self.tests.passing(leaf, among)
        return Reach(passing, passing)

    def _listed(self, leaf: Leaf) -> Reach:
        """The targets of those values that were listed satisfy it at least."""
        listed = matching(self.connection, Leaf(pairs=leaf.pairs), self.at, self._rows) or 0
        return Reach(listed & self.known, self.known)

    def _of_leaf(self, condition: Exists | Has | Between) -> tuple[Leaf, int | None]:
        """What a condition on a field means, and the targets that it holds for, if these can be read."""
        if condition not in self._leaves:
            check_time(self.connection)
            leaf = resolve(self.connection, condition, self._values, self.bounds.scanned)
            shown = matching(self.connection, leaf, self.at, self._rows)
            if shown is not None:
                leaf = Leaf()  # its targets say all; its values may be many, and a query is kept for a while
            elif len(leaf.pairs) > MOST_KEPT:
                self.connection.latest = None
            self._leaves[condition] = (leaf, None if shown is None else shown & self.known)
        return self._leaves[condition]


def query_of(connection: Connection, condition: Condition, at: int | None, bounds: Bounds) -> Query:
    """The query of a condition; what the one before it has found out serves again, if that asked the same of the same state.

    A page of targets, their number and their facets are asked for one after the other.
    """
    asked = condition, at, bounds, connection.execute(STATE).fetchone()[0], connection.total_changes
    if connection.latest is None or connection.latest[0] != asked:
        connection.latest = asked, Query(connection, condition, at, bounds)
    found = connection.latest[1]
    assert isinstance(found, Query)
    return found


def _combined(operator: Callable[[int, int], int], parts: Sequence[Reach]) -> Reach:
    return Reach(reduce(operator, (each.least for each in parts)), reduce(operator, (each.most for each in parts)))
