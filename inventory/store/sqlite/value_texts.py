"""The texts of values, put together so that a part of one is found among a million of them.

The values of a field whose numbers are in a chunk are one row, with the rest of each number. Chunks are gathered once all
of their numbers are given, which are never given again. A text that is here but no longer in `field_values` does no harm:
nothing shows its number.
"""
# ruff: noqa: S608 - nothing but our own numbers is put into a statement

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Set
from itertools import islice

from inventory.store.sqlite.connections import Connections
from inventory.store.sqlite.opening import Connection

SHIFT = 12
"""Numbers with the same bits above these are in one chunk."""
MAX_AT_ONCE = 8
"""Chunks that are gathered in one transaction, which takes 4 ms each."""
MAX_LEFT = 50_000
"""Values that were not gathered yet: with more, as an older version leaves them, it takes less time to look at the index."""
CHECKED_AT_ONCE = 10_000
END = "\uffff"
"""What is between two texts: it is in none of them here."""

GATHERED = "SELECT below FROM gathered_values"
LAST_GATHERED = f"SELECT (below << {SHIFT}) - 1 FROM gathered_values"
GATHER = """
    INSERT INTO value_texts (chunk, field_no, numbers, texts)
    SELECT :chunk, field_no, group_concat(printf('%03x', no & 4095), ''),
    CAST(group_concat(replace(folded, :end, ''), :end) AS BLOB)
    FROM field_values WHERE no >= :first AND no < :after GROUP BY field_no"""
NOTE = "UPDATE gathered_values SET below = ?"
FORGET = "DELETE FROM value_texts WHERE chunk = :chunk"
LAST = "SELECT coalesce(max(no), 0) FROM field_values"
TEXTS = """
    SELECT t.chunk, t.numbers, t.texts FROM json_each(:fields) AS f CROSS JOIN value_texts AS t ON t.field_no = f.value"""
CHECKED = """
    SELECT v.no, v.field_no, coalesce(v.value, v.folded) FROM json_each(:numbers) AS c
    CROSS JOIN field_values AS v ON v.no = c.value"""
REST = """
    SELECT v.no, v.field_no, coalesce(v.value, v.folded) FROM field_values AS v
    WHERE v.no >= :first AND +v.field_no IN (SELECT value FROM json_each(:fields)) AND instr(v.folded, :part)"""


def values_with(connection: Connection, fields: Set[int], part: str) -> Iterator[tuple[int, int, str]] | None:
    """The values of fields whose folded text has a part: number, field and text of each.

    None if that is found faster elsewhere.
    """
    below = connection.execute(GATHERED).fetchone()[0]
    # A part with what is between two texts would be found nowhere, and for ever.
    if END in part or connection.execute(LAST).fetchone()[0] - (below << SHIFT) > MAX_LEFT:
        return None
    return _values_with(connection, {"fields": json.dumps(sorted(fields)), "first": below << SHIFT, "part": part})


def ends_chunk(first: int, last: int) -> bool:
    """Whether the numbers from `first` to `last` are the rest of a chunk, or more."""
    return (last + 1) >> SHIFT > first >> SHIFT


def gather(connection: sqlite3.Connection, last: int) -> None:
    """Gather what was not yet, up to the number of the last value that was written."""
    below = connection.execute(GATHERED).fetchone()[0]
    chunks = range(below, min(below + MAX_AT_ONCE, (last + 1) >> SHIFT))
    for chunk in chunks:
        _gather(connection, chunk)
    if chunks:
        connection.execute(NOTE, (chunks.stop,))


def catch_up(connections: Connections) -> None:
    """Gather some of what an older version left."""
    below, last = connections.rows(GATHERED)[0][0], connections.rows(LAST)[0][0]
    if (last + 1) >> SHIFT > below:
        with connections.writing() as connection:
            gather(connection, last)


def gather_again(connection: sqlite3.Connection, first: int, last: int) -> None:
    """The same of the chunks of values with numbers from `first` to `last`, after some of these were removed."""
    below = connection.execute(GATHERED).fetchone()[0]
    for chunk in range(first >> SHIFT, min(below, (last >> SHIFT) + 1)):
        connection.execute(FORGET, {"chunk": chunk})
        _gather(connection, chunk)


def _gather(connection: sqlite3.Connection, chunk: int) -> None:
    connection.execute(GATHER, {"chunk": chunk, "first": chunk << SHIFT, "after": (chunk + 1) << SHIFT, "end": END})


def _values_with(connection: Connection, given: dict[str, object]) -> Iterator[tuple[int, int, str]]:
    part = str(given["part"]).encode()
    found = (
        number
        for chunk, numbers, texts in connection.execute(TEXTS, given)
        if part in texts
        for number in _numbers_with(chunk << SHIFT, numbers, texts, part)
    )
    while some := list(islice(found, CHECKED_AT_ONCE)):
        yield from connection.execute(CHECKED, {"numbers": json.dumps(some)})
    yield from connection.execute(REST, given)


def _numbers_with(first: int, offsets: str, texts: bytes, part: bytes) -> Iterator[int]:
    """The numbers of those texts that have a part; each has an offset of three hexadecimal digits."""
    end = END.encode()
    index = counted = 0
    at = texts.find(part)
    while at >= 0:
        index += texts.count(end, counted, at)
        yield first + int(offsets[3 * index : 3 * index + 3], 16)
        counted = at
        after = texts.find(end, at)
        at = texts.find(part, after) if after >= 0 else -1
