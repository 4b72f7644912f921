"""Finds the lines that two texts have in common, in bounded time and memory.

What is short enough gets a shortest diff. What is longer is first cut at the lines that each text has exactly once, which is
how a patience diff begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from difflib import Match
from itertools import pairwise

from inventory.changes.rising import longest_rise

MAX_CELLS = 100_000_000
"""Of the table behind one shortest diff, each a bit: 10,000 lines with 10,000 take 13 MB and 40 ms."""
TOTAL_RATIO = 4
"""How many times as many all parts together may take."""
EQUAL = -1
"""Instead of a depth: all lines of the part are equal."""
MAX_DEPTH = 8
"""How often a part is cut once more; each time costs in proportion to its length."""

Part = tuple[int, int, int, int]
"""From and to in the old text, from and to in the new one."""


class Matcher:
    """The lines that two texts share. `gave_up` counts parts that were too long, and count as wholly different."""

    def __init__(self, old: Sequence[Hashable], new: Sequence[Hashable], *, max_cells: int = MAX_CELLS) -> None:
        numbers: dict[Hashable, int] = {}
        self._old = [numbers.setdefault(line, len(numbers)) for line in old]
        self._new = [numbers.setdefault(line, len(numbers)) for line in new]
        self._max_cells = max_cells
        self._cells = max_cells * TOTAL_RATIO
        self.gave_up = 0

    def blocks(self) -> list[Match]:
        """The equal lines as `difflib` has them: in order, adjacent ones joined, and an empty one at the end."""
        joined: list[Match] = []
        for old, new, size in self._equal():
            last = joined[-1] if joined else Match(0, 0, 0)
            if last.a + last.size == old and last.b + last.size == new:
                joined[-1:] = [Match(last.a, last.b, last.size + size)]
            else:
                joined.append(Match(old, new, size))
        return [*joined, Match(len(self._old), len(self._new), 0)]

    def _equal(self) -> Iterator[tuple[int, int, int]]:
        """Equal runs, in order. A stack instead of recursion, because its depth is that of the texts."""
        waiting: list[tuple[Part, int]] = [((0, len(self._old), 0, len(self._new)), 0)]
        while waiting:
            (low, high, start, end), depth = waiting.pop()
            if depth == EQUAL:
                yield low, start, high - low
                continue
            head = self._common(range(low, high), range(start, end))
            tail = self._common(range(high - 1, low + head - 1, -1), range(end - 1, start + head - 1, -1))
            if head:
                yield low, start, head
            inner = (low + head, high - tail, start + head, end - tail)
            if tail:
                waiting.append(((high - tail, high, end - tail, end), EQUAL))
            if inner[0] < inner[1] and inner[2] < inner[3]:
                yield from self._inner(inner, depth, waiting)

    def _inner(self, part: Part, depth: int, waiting: list[tuple[Part, int]]) -> Iterator[tuple[int, int, int]]:
        low, high, start, end = part
        common = {*self._old[low:high]} & {*self._new[start:end]}
        before = [position for position in range(low, high) if self._old[position] in common]
        after = [position for position in range(start, end) if self._new[position] in common]
        cells = len(before) * len(after)
        if cells <= min(self._max_cells, self._cells):
            self._cells -= cells
            yield from self._shortest(before, after)
            return
        anchors = self._anchors(part) if depth < MAX_DEPTH else []
        if not anchors:
            self.gave_up += 1
            return
        ends = [after for after, following in pairwise([*anchors, (high, end)]) if not _adjacent(after, following)]
        edges = [(low - 1, start - 1), *ends, (high - 1, end - 1)]
        parts = [(before[0] + 1, after[0] + 1, before[1] + 1, after[1] + 1) for before, after in pairwise(edges)]
        waiting += [(each, depth + 1) for each in reversed(parts)]

    def _common(self, old: range, new: range) -> int:
        """How many lines are equal in a row."""
        for count, (before, after) in enumerate(zip(old, new, strict=False)):
            if self._old[before] != self._new[after]:
                return count
        return min(len(old), len(new))

    def _shortest(self, old: Sequence[int], new: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """The longest common subsequence of the lines at these positions."""
        from rapidfuzz.distance import LCSseq  # here: it takes 40 ms, and few processes ever compare anything

        for code in LCSseq.opcodes([self._old[position] for position in old], [self._new[position] for position in new]):
            if code.tag == "equal":
                ranges = range(code.src_start, code.src_end), range(code.dest_start, code.dest_end)
                yield from ((old[before], new[after], 1) for before, after in zip(*ranges, strict=True))

    def _anchors(self, part: Part) -> list[tuple[int, int]]:
        """Lines that both parts have exactly once, as many as are in the same order."""
        low, high, start, end = part
        old, new = self._old[low:high], self._new[start:end]
        once = {line for line, count in Counter(old).items() if count == 1}
        once &= {line for line, count in Counter(new).items() if count == 1}
        where = {line: position for position, line in enumerate(new, start) if line in once}
        found = [(position, where[line]) for position, line in enumerate(old, low) if line in once]
        return [found[index] for index in longest_rise([after for _, after in found])]


def _adjacent(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two pairs of equal lines follow each other in both texts, so that there is nothing to look for between."""
    return one[0] + 1 == other[0] and one[1] + 1 == other[1]
