"""Which targets show each value now: for each value, its targets in blocks of neighbouring numbers (`bitmaps`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set

from inventory.store.pairs import Pair
from inventory.store.sqlite.bitmaps import BLOCK, SHIFT, changed
from inventory.store.sqlite.opening import Connection

KNOWN: Pair = (0, 0)
"""What every target shows that is known at all; no field has the number 0."""

FIND = "SELECT targets FROM postings WHERE field_no = ? AND value_no = ? AND block = ?"
PUT = """
    INSERT INTO postings (field_no, value_no, block, targets) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET targets = excluded.targets"""
REMOVE = "DELETE FROM postings WHERE field_no = ? AND value_no = ? AND block = ?"


class Postings:
    """Collects what targets show and no longer show in one transaction, and then writes each block once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changes: dict[Pair, dict[int, bool]] = defaultdict(dict)

    def note(self, target_no: int, pairs: Iterable[Pair], *, shown: bool) -> None:
        """A target shows these values now, or no longer."""
        changes = self._changes
        for pair in pairs:
            changes[pair][target_no] = shown

    def write(self, new: Set[Pair] = frozenset()) -> None:
        """Write what was noted; of the `new` pairs nothing was written before."""
        put: list[tuple[int, int, int, bytes]] = []
        for (field, value), targets in sorted(self._changes.items()):
            for block, shows in _by_block(targets).items():
                place = (field, value, block)
                found = None if (field, value) in new else self._connection.execute(FIND, place).fetchone()
                if packed := changed(b"" if found is None else found[0], shows):
                    put.append((*place, packed))
                elif found is not None:
                    self._connection.execute(REMOVE, place)
        self._connection.executemany(PUT, put)
        self._changes.clear()


def _by_block(targets: dict[int, bool]) -> dict[int, dict[int, bool]]:
    blocks: dict[int, dict[int, bool]] = {}
    for number, shown in targets.items():
        blocks.setdefault(number >> SHIFT, {})[number % BLOCK] = shown
    return blocks
