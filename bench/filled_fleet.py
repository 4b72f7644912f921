"""The fleet in a SQLite file, written as settlements would have.

A settlement of each collection would take hours for ten million of them. So the filler writes the tables itself, and a test
holds what they answer against what the store itself wrote.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.fleet import COLLECTIONS, EVERY, UNIQUE, collected_at, lasting, latest, passing, target
from inventory.observations.model import Statement, folded, ordinal_of
from inventory.store.codecs import millis, to_millis
from inventory.store.pairs import Pair, pack
from inventory.store.sqlite import bitmaps, value_texts
from inventory.store.sqlite.bitmaps import BLOCK, SHIFT
from inventory.store.sqlite.postings import KNOWN


@dataclass
class _Rows:
    """The rows of a block of targets, by table."""

    targets: list[tuple[int, str, int, bytes]] = field(default_factory=list)
    records: list[tuple[object, ...]] = field(default_factory=list)
    values: list[tuple[int, int, str, str | None, float | None, bool]] = field(default_factory=list)
    later: list[tuple[int, int, int, int]] = field(default_factory=list)
    past: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    shown: dict[Pair, list[int]] = field(default_factory=lambda: defaultdict(list))

    def write(self, connection: sqlite3.Connection, block: int) -> None:
        postings = [(*pair, block, bitmaps.pack_offsets(offsets)) for pair, offsets in sorted(self.shown.items())]
        for statement, rows in (
            ("INSERT INTO observed_targets (no, record_id, since, pairs) VALUES (?, ?, ?, ?)", self.targets),
            (_RECORD, self.records),
            (
                "INSERT INTO field_values (no, field_no, folded, value, number, volatile) VALUES (?, ?, ?, ?, ?, ?)",
                self.values,
            ),
            ("INSERT INTO observations (field_no, value_no, target_no, since) VALUES (?, ?, ?, ?)", sorted(self.later)),
            (_PAST, sorted(self.past)),
            ("INSERT INTO postings (field_no, value_no, block, targets) VALUES (?, ?, ?, ?)", postings),
        ):
            connection.executemany(statement, rows)
        if self.values:
            value_texts.gather(connection, self.values[-1][0])


_PAST = "INSERT INTO past_observations (field_no, value_no, target_no, first, last, gone) VALUES (?, ?, ?, ?, ?, ?)"
_RECORD = """
    INSERT INTO records (id, source, key, host, state, accepted_at, requested_at, attempt, fence, snapshots, snapshot_id,
    first_collected_at, collected_at, target_no, indexed, body_size, elapsed_ms)
    VALUES (?, ?, ?, ?, 'stored', ?, ?, 0, ?, ?, ?, ?, ?, ?, TRUE, ?, ?)"""
_INDEXES = """
    SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
    AND tbl_name IN ('records', 'observed_targets', 'field_values', 'observations', 'past_observations')"""


def fill(path: Path, count: int, *, collections: int = COLLECTIONS) -> None:
    """Write targets 0 to `count - 1` into a prepared and empty store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        filler = _Filler(connection, collections)
        for block in range((count >> SHIFT) + 1):
            filler.fill_block(block, count)
        for _, statement in indexes:
            connection.execute(statement)


class _Filler:
    """Numbers fields and values, and turns collections into intervals."""

    def __init__(self, connection: sqlite3.Connection, collections: int) -> None:
        self._connection, self._collections = connection, collections
        self._fields: dict[str, int] = {}
        self._shared: dict[Statement, Pair] = {}
        self._last_value = 0
        self._rows = _Rows()

    def fill_block(self, block: int, count: int) -> None:
        """The targets whose numbers in the store, one more than ours, are in a block."""
        self._rows = _Rows()
        for number in range(max(0, block * BLOCK - 1), min(count, (block + 1) * BLOCK - 1)):
            self._add(number)
        self._connection.execute("BEGIN")
        self._rows.write(self._connection, block)
        self._connection.execute("COMMIT")

    def _add(self, number: int) -> None:
        which, no, rows = target(number), number + 1, self._rows
        instants = [to_millis(collected_at(number, 0)) + each * millis(EVERY) for each in range(self._collections)]
        current = {self._pair(each) for each in lasting(number)}
        current.update(self._over_time(number, no, instants))
        for pair in (KNOWN, *current):
            rows.shown[pair].append(no % BLOCK)
        rows.targets.append((no, which.id, instants[0], pack(current)))
        size, elapsed = latest(number)
        first, last, times = instants[0], instants[-1], self._collections
        named = (which.id, which.source, which.key, which.host)
        rows.records.append((*named, first, last, times, times, f"{no:032x}", first, last, no, float(size), elapsed))

    def _over_time(self, number: int, no: int, instants: Sequence[int]) -> Iterable[Pair]:
        """The pairs that are current in the end. Rows say when these came, and when others came and went."""
        numbered: dict[Statement, Pair] = {}
        since: dict[Statement, int] = {}
        before: Sequence[Statement] = ()
        for collection, at in enumerate(instants):
            shown = passing(number, collection)
            if shown is before:
                continue
            before = shown
            for each in [each for each in since if each not in shown]:
                first = since.pop(each)
                self._rows.past.append((*numbered[each], no, first, instants[collection - 1], at))
            for each in shown:
                if each not in since:
                    since[each] = at
                    numbered[each] = numbered.get(each) or self._pair(each)
        self._rows.later += [(*numbered[each], no, at) for each, at in since.items() if at != instants[0]]
        return [numbered[each] for each in since]

    def _pair(self, statement: Statement) -> Pair:
        pair = self._shared.get(statement)
        if pair is None:
            name, value, volatile = statement
            self._last_value += 1
            pair = (self._field(name), self._last_value)
            text = folded(value)
            kept = None if text == value else value
            self._rows.values.append((pair[1], pair[0], text, kept, ordinal_of(name, value), volatile))
            if name not in UNIQUE:
                self._shared[statement] = pair
        return pair

    def _field(self, name: str) -> int:
        if name not in self._fields:
            statement = "INSERT INTO fields (name, folded) VALUES (?, ?)"
            added = self._connection.execute(statement, (name, folded(name))).lastrowid
            assert added is not None
            self._fields[name] = added
        return self._fields[name]
