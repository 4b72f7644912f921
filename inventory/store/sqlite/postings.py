"""Which targets show each value now: for each value, its targets in blocks of neighbouring numbers (`bitmaps`)."""

# ruff: noqa: S608 - nothing but our own numbers is put into a statement

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

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
        self._changes: dict[Pair, dict[int, bool]] = defaultdict(dict)
        self._together: dict[frozenset[Pair], list[int]] = defaultdict(list)
        self._have_any_gone = False

    def came(self, target_no: int, pairs: Iterable[Pair]) -> None:
        """A target shows these values, which it did not show before."""
        self._note(target_no, pairs, is_shown=True)

    def came_together(self, target_no: int, pairs: frozenset[Pair]) -> None:
        """The same of a new target, for values that many targets show together."""
        self._together[pairs].append(target_no)

    def went(self, target_no: int, pairs: Iterable[Pair]) -> None:
        """A target no longer shows these values, which it showed before."""
        self._have_any_gone = True
        self._note_together()
        self._note(target_no, pairs, is_shown=False)

    def write(self) -> None:
        """Write what was noted, in the order of the table: neighbours are on the same pages."""
        self._note_together()
        additions: list[tuple[int, int, int, bytes]] = []
        packed_of: dict[tuple[int, ...], Mapping[int, bytes]] = {}  # most values are those of all targets of a batch
        for pair in sorted(self._changes):
            changes = self._changes[pair]
            if self._have_any_gone and not all(changes.values()):
                self._write_both(pair, changes)
                continue
            targets = tuple(changes)
            blocks = packed_of.get(targets)
            if blocks is None:
                blocks = packed_of[targets] = _packed_blocks(targets)
            additions += [(*pair, block, packed) for block, packed in blocks.items()]
        self._connection.executemany(ADD, additions)
        self._changes.clear()

    def _note_together(self) -> None:
        for pairs, targets in self._together.items():
            came = dict.fromkeys(targets, True)
            for pair in pairs:
                self._changes[pair].update(came)
        self._together.clear()

    def _note(self, target_no: int, pairs: Iterable[Pair], *, is_shown: bool) -> None:
        changes = self._changes
        for pair in pairs:
            of_pair = changes[pair]
            if target_no in of_pair and of_pair[target_no] != is_shown:
                del of_pair[target_no]
            else:
                of_pair[target_no] = is_shown

    def _write_both(self, pair: Pair, changes: Mapping[int, bool]) -> None:
        for block in {number >> SHIFT for number in changes}:
            key = (*pair, block)
            found = self._connection.execute(FIND, key).fetchone()
            bits = bitmaps.bits_of(found[0] if found else b"")
            for number, is_shown in changes.items():
                if number >> SHIFT == block:
                    bit = 1 << number % BLOCK
                    bits = bits | bit if is_shown else bits & ~bit
            if bits:
                self._connection.execute(PUT, (*key, bitmaps.pack(bits)))
            else:
                self._connection.execute(REMOVE, key)


def _packed_blocks(targets: Iterable[int]) -> Mapping[int, bytes]:
    blocks: dict[int, list[int]] = defaultdict(list)
    for number in targets:
        blocks[number >> SHIFT].append(number % BLOCK)
    return {block: bitmaps.pack_offsets(offsets) for block, offsets in blocks.items()}
