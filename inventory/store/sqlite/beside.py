"""The file of the store and those that SQLite keeps beside it while it is open: the log (`-wal`) and its index (`-shm`).

SQLite never checks whether these still are the files that it opened. It would go on writing into a log that was deleted,
and share an index that belongs to another log. So we check.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing, suppress
from time import monotonic, sleep
from urllib.parse import quote

from inventory.errors import UnusableStore

OPENING_TIMEOUT = 1.0
"""Seconds within which another program has opened a store that has neither log nor index yet."""
RETRY_AFTER = 0.02

File = tuple[int, int]
"""Device and inode."""


def beside(path: str) -> Sequence[File | None]:
    """Which log and index lie beside the file now. They stay the same as long as any program has the store open."""
    return [_identity(f"{path}-wal"), _identity(f"{path}-shm")]


def check(path: str) -> None:
    """`UnusableStore` if what lies there is not a file that we can open, or lacks a part, which SQLite would replace."""
    try:
        found = os.stat(path)  # noqa: PTH116 - the answer is used twice
    except FileNotFoundError:
        if os.path.exists(f"{path}-wal"):  # noqa: PTH110 - a text, as in all of this
            # A new file would be made, for which SQLite deletes the log of the old one, with all that is only in there.
            raise UnusableStore(f"The store {path} is gone, but not its log. Put the file back, or move the log.") from None
        return
    except OSError:
        return  # opening it will say why
    if not stat.S_ISREG(found.st_mode):
        raise UnusableStore(f"The store {path} is not a file. Name a file in INVENTORY_STORE_URL.")
    if not os.access(path, os.R_OK | os.W_OK):
        raise UnusableStore(f"The store {path} may not be read and written by this user. Grant both rights.")
    for name in (f"{path}-wal", f"{path}-shm"):
        if _cannot_be_used(name):
            raise UnusableStore(f"{name} is not a file, or may not be read and written by this user. Move it away.")
    if is_open_without_log(path):
        raise UnusableStore(
            f"The log {path}-wal and its index -shm were deleted while the store was in use. Stop all programs that"
            " use it, which saves what the log had, and start again."
        )
    log, index = beside(path)
    if index is not None and log is None and beside(path)[0] is None:  # twice: another program may be just opening it
        raise UnusableStore(
            f"The log {path}-wal was deleted while its index -shm is there: the store may be in use. Stop all programs,"
            " delete the -shm if it is still there, and start again."
        )


def is_open_without_log(path: str) -> bool:
    """Whether a program still has the store open, although log and index are gone.

    To open it now would keep the last one of these from saving what the lost log had.
    """
    until = monotonic() + OPENING_TIMEOUT
    while beside(path) == [None, None] and is_open(path):
        if monotonic() > until:
            return True
        sleep(RETRY_AFTER)  # another program may be just opening it
    return False


def is_open(path: str) -> bool:
    """Whether any program has the file open in WAL mode: SQLite locks it as a whole for a moment.

    We must not do so by ourselves: closing a file releases all locks that this process has on it.
    """
    try:
        uri = f"file:{quote(os.fsencode(path))}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except sqlite3.Error as error:  # opening it will say what else is wrong
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    return False


class LostLog:
    """A log or index that is not what it was when the store was opened: refused until every program has closed it.

    The last one to do so brings what the log had into the file, and removes both. It is enough to keep a descriptor of the
    log that lies there now to know it from a later one: its inode is not given away meanwhile.
    """

    def __init__(self, path: str, file: File | None) -> None:
        self.file = file
        self._path = path
        self._descriptor: int | None = None
        with suppress(OSError):
            self._descriptor = os.open(f"{path}-wal", os.O_RDONLY | os.O_CLOEXEC)
        self._log = None if self._descriptor is None else _identity_of(os.fstat(self._descriptor))

    def is_over(self) -> bool:
        """Whether every program has closed it: both are gone, or both are new ones."""
        log, index = beside(self._path)
        if log is None and index is None:
            return not is_open(self._path)
        return log is not None and index is not None and log != self._log

    def forget(self) -> None:
        """Let its inode be given away."""
        descriptor, self._descriptor = self._descriptor, None  # first: of two threads only one may close it
        if descriptor is not None:
            os.close(descriptor)

    def error(self) -> UnusableStore:
        """The error of a call meanwhile."""
        return UnusableStore(
            f"The log {self._path}-wal or its index -shm was deleted or replaced while the store was in use. Nothing is"
            " accepted until all programs have closed it, which saves what it had. If this persists, restart them."
        )


def _cannot_be_used(path: str) -> bool:
    """Whether something is there that is not a file, or that we have no right to. It may vanish at any moment."""
    try:
        found = os.stat(path)  # noqa: PTH116 - as above
    except FileNotFoundError:
        return False
    return not stat.S_ISREG(found.st_mode) or (not os.access(path, os.R_OK | os.W_OK) and os.path.exists(path))  # noqa: PTH110


def _identity(path: str) -> File | None:
    try:
        return _identity_of(os.stat(path))  # noqa: PTH116 - twice as fast as Path.stat, and on the way of every write
    except FileNotFoundError:
        return None


def _identity_of(found: os.stat_result) -> File:
    return found.st_dev, found.st_ino
