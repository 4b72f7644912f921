"""One connection to the SQLite file, and how it is opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from time import monotonic, sleep
from urllib.parse import quote

from inventory.store.sqlite import schema
from inventory.store.sqlite.beside import File, beside
from inventory.store.sqlite.failures import BUSY, primary

RETRY_AFTER = 0.02
"""Seconds between two tries to switch a new file to WAL, for which SQLite does not wait by itself."""

PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 4000",  # pages, 16 MB: a page that changes often is copied to the file less often
    "PRAGMA journal_size_limit = 67108864",
)


class Connection(sqlite3.Connection):
    """A connection that knows which file it was opened on, what lay beside it, and how many seconds it waits for a lock.

    `ends_at` is when the time of the query is over that is asked on it.
    """

    file: File | None = None
    beside: Sequence[File | None] = ()
    timeout: float = 0.0
    ends_at: float = 0.0

    def wait_at_most(self, timeout: float) -> None:
        """Change the waiting if it differs by more than matters."""
        if abs(timeout - self.timeout) > 0.1:
            self.execute(f"PRAGMA busy_timeout = {max(0, int(timeout * 1000))}")
            self.timeout = timeout


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
        _switch_to_wal(connection, until)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        connection.wait_at_most(until - monotonic())
        schema.migrate(connection, path)
        connection.beside = beside(path)
        undo.pop_all()
    return connection


def _switch_to_wal(connection: Connection, until: float) -> None:
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if primary(error) not in BUSY or monotonic() > until:
                raise
            sleep(RETRY_AFTER)
