"""One connection to the SQLite file, and how it is opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from time import monotonic, sleep
from urllib.parse import quote

from inventory.store.pairs import values_of
from inventory.store.sqlite import bitmaps, schema
from inventory.store.sqlite.beside import File, beside
from inventory.store.sqlite.failures import BUSY, primary

RETRY_AFTER = 0.02
"""Seconds between two tries to switch a new file to WAL, for which SQLite does not wait by itself."""

PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 4000",  # pages, 16 MB: a page that changes often is copied to the file less often
    "PRAGMA journal_size_limit = 67108864",
)


class Functions:
    """What the statements of a query call. It sets its own here: to register one ends all statements that are prepared."""

    finds: Callable[[int], bool] | None = None
    counts: Callable[[int, bytes], int] | None = None

    def is_found(self, target: int) -> bool:
        """Whether the condition of the query holds for a target."""
        return self.finds is not None and self.finds(target)

    def count_found(self, block: int, packed: bytes) -> int:
        """For how many targets of a block it holds."""
        return 0 if self.counts is None else self.counts(block, packed)


class Connection(sqlite3.Connection):
    """A connection that knows which file it was opened on, what lay beside it, and how many seconds it waits for a lock.

    `ends_at` is when the time of the query is over that is asked on it, and `functions` are those of that query.
    """

    file: File | None = None
    beside: Sequence[File | None] = ()
    timeout: float = 0.0
    ends_at: float = 0.0
    functions: Functions
    latest: tuple[object, object] | None = None
    """What was worked out for the latest query, with what it was worked out from."""

    def wait_at_most(self, timeout: float) -> None:
        """Change the waiting if it differs by more than matters."""
        if abs(timeout - self.timeout) > 0.1:
            self.execute(f"PRAGMA busy_timeout = {max(0, int(timeout * 1000))}")
            self.timeout = timeout

    def __del__(self) -> None:
        """Close a connection whose store was forgotten. Python would do so as well, from 3.13 on with a warning."""
        with suppress(sqlite3.ProgrammingError):  # its file could not be opened
            self.close()


def connect(path: str, *, make: bool, timeout: float) -> Connection:
    """A durable connection to a file in WAL mode with the current schema; an absent file is made only if `make`."""
    until = monotonic() + timeout
    with ExitStack() as undo:
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(path))}?mode={'rwc' if make else 'rw'}",
            uri=True,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
            factory=Connection,
        )
        undo.callback(connection.close)
        connection.timeout = timeout
        _register(connection)
        _switch_to_wal(connection, until)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        connection.wait_at_most(until - monotonic())
        schema.migrate(connection, path)
        connection.beside = beside(path)
        undo.pop_all()
    return connection


def _register(connection: Connection) -> None:
    functions = connection.functions = Functions()
    for name, arguments, function in (
        ("is_found", 1, functions.is_found),
        ("count_found", 2, functions.count_found),
        ("with_added", 2, bitmaps.with_added),
        ("size_of", 1, bitmaps.size_of),
        ("values_of", 2, values_of),
    ):
        connection.create_function(name, arguments, function, deterministic=True)


def _switch_to_wal(connection: Connection, until: float) -> None:
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if primary(error) not in BUSY or monotonic() > until:
                raise
            sleep(RETRY_AFTER)
