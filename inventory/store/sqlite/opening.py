"""One connection to the SQLite file: how it is opened, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack
from time import monotonic, sleep
from urllib.parse import quote

from inventory.store.sqlite import schema

NAP = 0.02
"""Seconds between two tries to switch a new file to WAL, for which SQLite does not wait by itself."""

BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
"""Primary codes that say: later. The connection is sound."""

BROKEN = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
"""Primary codes that say: something is wrong with the file, the disk or the rights. A new connection may do better."""

PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 4000",  # pages, 16 MB: a page that changes often is copied to the file less often
    "PRAGMA journal_size_limit = 67108864",
)


TOO_BIG = sqlite3.SQLITE_TOOBIG
"""The primary code that says: not this value, ever."""


class Connection(sqlite3.Connection):
    """A connection that knows which file (device, inode) it was opened on, and how many seconds it waits for a lock."""

    file: tuple[int, int] | None = None
    patience: float = 0.0

    def wait_at_most(self, patience: float) -> None:
        """Change the waiting if it differs by more than matters."""
        if abs(patience - self.patience) > 0.1:
            self.execute(f"PRAGMA busy_timeout = {max(0, int(patience * 1000))}")
            self.patience = patience


def connect(path: str, *, make: bool, patience: float) -> Connection:
    """A durable connection to a file in WAL mode with the current schema; an absent file is made only if `make`."""
    until = monotonic() + patience
    with ExitStack() as undo:
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(path))}?mode={'rwc' if make else 'rw'}",
            uri=True,
            timeout=patience,
            isolation_level=None,
            check_same_thread=False,
            factory=Connection,
        )
        undo.callback(connection.close)
        connection.patience = patience
        _switch_to_wal(connection, until)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        connection.wait_at_most(until - monotonic())
        schema.migrate(connection)
        undo.pop_all()
    return connection


def primary(error: BaseException) -> int:
    """SQLite's primary result code of an error; 0 for any other error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _switch_to_wal(connection: Connection, until: float) -> None:
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if primary(error) not in BUSY or monotonic() > until:
                raise
            sleep(NAP)
