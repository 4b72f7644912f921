"""The first form of the index, which the first files of the versions 7 and 8 have: a row for each value of each target."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby

from inventory.store.pairs import pack, unpack
from inventory.store.sqlite.bitmaps import BLOCK, SHIFT, pack_offsets
from inventory.store.sqlite.migrations import MIGRATIONS

VERSIONS = (7, 8)
CREATED = MIGRATIONS[6]
"""The statements that make the index as it is now."""
SHOWN = f"""
    SELECT field_no, value_no, target_no >> {SHIFT} AS block, target_no & {BLOCK - 1} FROM early_observations
    UNION ALL SELECT 0, 0, no >> {SHIFT}, no & {BLOCK - 1} FROM observed_targets
    ORDER BY 1, 2, 3"""  # noqa: S608 - numbers of ours
LATER = """
    INSERT INTO observations SELECT field_no, value_no, target_no, since FROM early_observations WHERE since IS NOT NULL"""
NAMED = re.compile(r"CREATE (TABLE|INDEX) (\w+)")


def bring_forward(connection: sqlite3.Connection, found: int) -> None:
    """Give a file the current form of the index, if it has the first one. Both say the same."""
    if found not in VERSIONS or "postings" in _tables(connection):
        return
    connection.execute("ALTER TABLE observations RENAME TO early_observations")
    for index in _names("INDEX"):
        connection.execute(f"DROP INDEX IF EXISTS {index}")
    tables = _tables(connection)
    for statement in CREATED:
        kind, name = _named(statement)
        if kind == "INDEX" or (kind == "TABLE" and name not in tables):
            connection.execute(statement)
    connection.execute(LATER)
    connection.executemany("INSERT INTO postings VALUES (?, ?, ?, ?)", _blocks(connection))
    packed = connection.execute("SELECT pairs, no FROM observed_targets").fetchall()
    connection.executemany(
        "UPDATE observed_targets SET pairs = ? WHERE no = ?", [(_repacked(row[0]), row[1]) for row in packed]
    )
    connection.execute("DROP TABLE early_observations")


def _blocks(connection: sqlite3.Connection) -> Iterator[tuple[int, int, int, bytes]]:
    rows: Iterator[tuple[int, int, int, int]] = connection.execute(SHOWN)
    for (field, value, block), targets in groupby(rows, lambda row: row[:3]):
        yield field, value, block, pack_offsets([row[3] for row in targets])


def _repacked(pairs: bytes) -> bytes:
    """Of each pair but the first one, the first form had the difference of its field to that of the pair before."""
    differences = unpack(pairs)
    fields = accumulate(field for field, _ in differences)
    return pack((field, value) for field, (_, value) in zip(fields, differences, strict=True))


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _names(kind: str) -> Sequence[str]:
    return [name for each, name in map(_named, CREATED) if each == kind]


def _named(statement: str) -> tuple[str, str]:
    """Whether a statement makes a table or an index, and its name; two empty texts for any other."""
    found = NAMED.match(statement)
    return ("", "") if found is None else (found[1], found[2])
