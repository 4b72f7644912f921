"""One connection to the SQLite file: how it is opened, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from time import monotonic, sleep
from urllib.parse import quote

from inventory.store.sqlite import schema
from inventory.store.sqlite.beside import File, beside

NAP = 0.02
"""Seconds between two tries to switch a new file to WAL, for which SQLite does not wait by itself."""

BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
"""Primary codes that say: later. The connection is sound."""

BROKEN = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
"""Primary codes that say: something is wrong with the file, the disk or the rights. A new connection may do better."""

NO_STORE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""Primary codes that say: what is in the file is not a database, or not any more."""

NO_ROOM = {
    sqlite3.SQLITE_FULL: "no room on its disk",
    sqlite3.SQLITE_IOERR_WRITE: "its disk takes no writes: no room, a limit or a fault",
    sqlite3.SQLITE_READONLY: "its disk or its file is read-only",
}
"""Codes that say: nothing can be kept now. After the first two the connection is sound and must stay open: a new one would
need room for the files beside the store, and without any even what is known could not be read."""

PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 4000",  # pages, 16 MB: a page that changes often is copied to the file less often
    "PRAGMA journal_size_limit = 67108864",
)


TOO_BIG = sqlite3.SQLITE_TOOBIG
"""The primary code that says: not this value, ever."""


class Connection(sqlite3.Connection):
    """A connection that knows which file it was opened on, what lay beside it, and how many seconds it waits for a lock."""

    file: File | None = None
    beside: Sequence[File | None] = ()
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
        schema.migrate(connection, path)
        connection.beside = beside(path)
        undo.pop_all()
    return connection


def no_room(error: BaseException) -> str | None:
    """Why nothing can be kept now, if that is what the error says."""
    return NO_ROOM.get(getattr(error, "sqlite_errorcode", 0)) or NO_ROOM.get(primary(error))


def is_no_room_to_open(error: BaseException) -> bool:
    """Whether the index, which the first one to open the store makes on its disk, found no room."""
    return getattr(error, "sqlite_errorcode", 0) in {sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMOPEN}


def leaves_sound(error: BaseException) -> bool:
    """Whether the connection can be used on after this error."""
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_WRITE or primary(error) not in BROKEN


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
