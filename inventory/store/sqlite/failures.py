"""What SQLite's errors mean, and our errors for them."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from inventory.errors import NoRoomToOpen, StorageFull, StorageUnavailable, Unstorable, UnusableStore

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
"""Codes that say: nothing can be kept now. After the first two the connection is sound and must stay open. A new one would
need room for the files beside the store, and without one nothing could be read."""

PERMANENT = frozenset({errno.EACCES, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EPERM, errno.EROFS})
"""Errors of a path that stay until an operator changes something."""


def raise_ours(error: sqlite3.Error, path: str) -> None:
    """Raise `StorageUnavailable` where a lock, the file or the disk is the cause, and `Unstorable` where the value is.

    A mistake in our code stays as it is.
    """
    code = primary(error)
    if code == sqlite3.SQLITE_TOOBIG:
        raise Unstorable("SQLite cannot keep a value so large.") from error
    if _extended(error) in {sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMOPEN}:
        raise NoRoomToOpen(f"The store {path} cannot be opened: there is no room on its disk for its index.") from error
    if (reason := NO_ROOM.get(_extended(error)) or NO_ROOM.get(code)) is not None:
        raise StorageFull(reason) from error
    if code in NO_STORE:
        raise UnusableStore(
            f"The store {path} is not a valid SQLite file: {error}. Put a valid copy there, or move it away."
        ) from error
    if code in BUSY or code in BROKEN:
        raise StorageUnavailable(f"The store {path} cannot be used now: {error}.") from error


def of_path(error: OSError, text: str) -> StorageUnavailable:
    """The error of a path that cannot be reached, with this text: its class says whether waiting helps."""
    leads_nowhere = error.errno == errno.EEXIST and Path(error.filename).is_symlink()  # a disk that is not there yet, say
    ours = UnusableStore if error.errno in PERMANENT and not leads_nowhere else StorageUnavailable
    advice = " Run this as the user that runs the service." if isinstance(error, PermissionError) else ""
    return ours(f"{text}: {error.strerror}.{advice}")


def leaves_sound(error: BaseException) -> bool:
    """Whether the connection can be used on after this error."""
    return _extended(error) == sqlite3.SQLITE_IOERR_WRITE or primary(error) not in BROKEN


def primary(error: BaseException) -> int:
    """SQLite's primary result code of an error; 0 for any other error."""
    return _extended(error) & 0xFF


def _extended(error: BaseException) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code
