"""Which targets show each value now: for each value, its targets in blocks of neighbouring numbers (`bitmaps`)."""

# ruff: noqa: S608 - nothing but our own numbers is put into a statement

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from inventory.store.pairs import Pair
from inventory.store.sqlite import bitmaps
from inventory.store.sqlite.bitmaps import BLOCK, BYTES, SHIFT
from inventory.store.sqlite.opening import Connection

KNOWN: Pair = (0, 0)
"""What every target shows that is known at all; no field has the number 0."""

FIND = "SELECT targets FROM postings WHERE field_no = ? AND value_no = ? AND block = ?"
PUT = """
    INSERT INTO postings (field_no, value_no, block, targets) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET targets = excluded.targets"""
ADD = f"""
    INSERT INTO postings (field_no, value_no, block, targets) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET targets = CASE WHEN length(targets) + length(excluded.targets) < {BYTES}
    THEN CAST(targets || excluded.targets AS BLOB) ELSE with_added(targets, excluded.targets) END"""
REMOVE = "DELETE FROM postings WHERE field_no = ? AND value_no = ? AND block = ?"


class Postings:
    """Collects what targets show and no longer show in one transaction, and then writes each block once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._came: dict[Pair, list[int]] = defaultdict(list)
        self._went: dict[Pair, list[int]] = defaultdict(list)
        self._together: dict[frozenset[Pair], list[int]] = defaultdict(list)

    def came(self, target_no: int, pairs: Iterable[Pair]) -> None:
        """A target shows these values, which it did not show before."""
        came = self._came
        for pair in _not_undone(self._went, target_no, pairs) if self._went else pairs:
            came[pair].append(target_no)

    def came_together(self, target_no: int, pairs: frozenset[Pair]) -> None:
        """The same of a new target, for values that many targets show together."""
        self._together[pairs].append(target_no)

    def went(self, target_no: int, pairs: Iterable[Pair]) -> None:
        """A target no longer shows these values, which it showed before."""
        self._note_together()
        for pair in _not_undone(self._came, target_no, pairs):
            self._went[pair].append(target_no)

    def write(self) -> None:
        """Write what was noted, in the order of the table: neighbours are on the same pages."""
        self._note_together()
        additions: list[tuple[int, int, int, bytes]] = []
        packed_of: dict[tuple[int, ...], Mapping[int, bytes]] = {}  # most values are those of all targets of a batch
        for pair in sorted(self._came.keys() | self._went.keys()):
            targets = tuple(self._came.get(pair, ()))
            if went := self._went.get(pair):
                self._write_both(pair, targets, went)
                continue
            blocks = packed_of.get(targets)
            if blocks is None:
                blocks = packed_of[targets] = _packed_blocks(targets)
            additions += [(*pair, block, packed) for block, packed in blocks.items()]
        self._connection.executemany(ADD, additions)
        self._came.clear()
        self._went.clear()

    def _note_together(self) -> None:
        for pairs, targets in self._together.items():
            for pair in pairs:
                self._came[pair] += targets
        self._together.clear()

    def _write_both(self, pair: Pair, came: Sequence[int], went: Sequence[int]) -> None:
        for block in {number >> SHIFT for number in (*came, *went)}:
            key = (*pair, block)
            found = self._connection.execute(FIND, key).fetchone()
            added, removed = (
                bitmaps.of_numbers([number % BLOCK for number in each if number >> SHIFT == block], BLOCK)
                for each in (came, went)
            )
            bits = (bitmaps.bits_of(found[0] if found else b"") | added) & ~removed
            if bits:
                self._connection.execute(PUT, (*key, bitmaps.pack(bits)))
            else:
                self._connection.execute(REMOVE, key)


def _not_undone(noted: Mapping[Pair, list[int]], target_no: int, pairs: Iterable[Pair]) -> list[Pair]:
    """The values for which the opposite was not noted of a target before; where it was, both are forgotten."""
    left = []
    for pair in pairs:
        if target_no in noted.get(pair, ()):
            noted[pair].remove(target_no)
        else:
            left.append(pair)
    return left


def _packed_blocks(targets: Iterable[int]) -> Mapping[int, bytes]:
    blocks: dict[int, list[int]] = defaultdict(list)
    for number in targets:
        blocks[number >> SHIFT].append(number % BLOCK)
    return {block: bitmaps.pack_offsets(offsets) for block, offsets in blocks.items()}
