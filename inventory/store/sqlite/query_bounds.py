"""Queries within bounds: one read transaction that ends when its time is over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from inventory.errors import QueryTooBroad
from inventory.store.sqlite.connections import TIMEOUT, Borrowed, Connections
from inventory.store.sqlite.opening import Connection

STEPS = 20_000
"""Of SQLite's machine, between two looks at the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a query goes. Seconds, for pages of targets and for what looks at all of them, and numbers of things.

    A condition lists up to so many `values` that satisfy it, and reads up to so many `rows` of what targets show; if there
    are more, the values of each target are tested. After so many `tests` it may be `most_values` and `most_rows`. Up to so
    many `candidates` are looked at whatever their order. Of more, targets are looked at in their order, at most a `chunk` at
    a time; if these are all others for a while, up to `most_candidates` are looked at whatever their order.
    """

    changes_seconds: float = 10.0
    """For all changes of a time at once."""
    page_seconds: float = 0.9
    total_seconds: float = 3.0
    scanned: int = 50_000
    """Values in which a part is looked for one by one; in more, by texts that are put together."""
    values: int = 12_000
    most_values: int = 150_000
    rows: int = 50_000
    most_rows: int = 2_000_000
    tests: int = 1_000
    candidates: int = 5_000
    few: int = 500
    """Targets whose changes are read one target after the other."""
    most_candidates: int = 50_000
    chunk: int = 20_000


@contextmanager
def time_limit(connections: Connections, seconds: float) -> Iterator[Connection]:
    """A connection that sees one state of the store; `QueryTooBroad` for what takes more time than that."""
    until = monotonic() + seconds
    with Borrowed(connections, TIMEOUT) as connection:
        connection.execute("BEGIN")
        connection.ends_at = until
        connection.set_progress_handler(lambda: monotonic() > until, STEPS)
        try:
            yield connection
        except sqlite3.OperationalError as error:
            # A function of ours that was interrupted fails like any other.
            is_over = error.sqlite_errorcode == sqlite3.SQLITE_ERROR and monotonic() > until
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT and not is_over:
                raise
            raise QueryTooBroad from error
        finally:
            connection.set_progress_handler(None, STEPS)
            connection.functions.finds = connection.functions.counts = None
            if connection.in_transaction:  # SQLite ends it by itself after some errors
                connection.execute("ROLLBACK")


def check_time(connection: Connection) -> None:
    """`QueryTooBroad` if the time is over: many short statements do not end by themselves."""
    if monotonic() > connection.ends_at:
        raise QueryTooBroad
