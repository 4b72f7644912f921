"""The connections to one SQLite file: opened on first use, kept, and opened again when the file is another one.

Lifecycle: a call borrows an idle connection or opens one, and gives it back; so there are never more than there were
threads at once, and none is lost with a thread. Each call looks whether the path still names the file that was opened:
SQLite itself would go on writing into a file that was moved away or deleted, and nobody would find it there again. A
file that was used and is missing is not made anew, because it may come back. After a fork the child leaves its parent's
connections alone, as SQLite demands, and opens its own.

The log (`-wal`) and the index (`-shm`) beside the file are looked at by each write, and once a second: SQLite would go on
writing into a log that was deleted, and nobody would find that again. Then nothing is accepted any more, every process
lets go of its connections, the last of which brings what the log had into the file, and then the store is used again.

Writers of one process take turns at a lock, because SQLite's own waiting is by naps of up to 100 ms, which starve some of
many threads. Between processes SQLite's waiting remains. Both together last at most `PATIENCE`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from sqlite3 import Error
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Any

from inventory.errors import NoRoomToOpen, StorageFull, StorageUnavailable, Unstorable, UnusableStore
from inventory.store.sqlite import schema
from inventory.store.sqlite.beside import File, LostLog, beside, check
from inventory.store.sqlite.opening import (
    BROKEN,
    BUSY,
    NO_STORE,
    TOO_BIG,
    Connection,
    connect,
    is_no_room_to_open,
    leaves_sound,
    no_room,
    primary,
)

PATIENCE = 3.0
"""Seconds that a call waits for a locked file: an answer or `StorageUnavailable` is due within 4."""

LOOK_BESIDE = 1.0
"""Seconds after which a call that only reads looks at the files beside the store again."""

FOR_GOOD = frozenset({errno.EACCES, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EPERM, errno.EROFS})
"""Errors of a path that stay until somebody changes something."""

Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]


class Connections:
    """Borrowed by the parts of one store; safe to share between threads, and across a fork."""

    def __init__(self, path: Path) -> None:
        self.path = str(path.absolute())
        self._folder = path.absolute().parent
        self._used = False
        self._idle: list[Connection] = []
        self._left_to_parent: list[Connection] = []
        self._turn = Lock()
        self._pid = os.getpid()
        self._looked_at = 0.0
        self._lost: LostLog | None = None

    def rows(self, sql: str, values: Values = (), *, patience: float = PATIENCE) -> list[Row]:
        """The rows of one reading statement."""
        with Loan(self, patience) as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that writes nothing: all its statements see the same."""
        with Loan(self, PATIENCE) as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: durable when the block ends, undone when it raises."""
        until = monotonic() + PATIENCE
        turn = self._turn
        if not turn.acquire(timeout=PATIENCE):
            raise StorageUnavailable(f"The store {self.path} is busy: other writers did not finish in {PATIENCE:g} s.")
        try:
            with Loan(self, until - monotonic()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    self._look_beside(connection)
                    yield connection
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        finally:
            turn.release()

    def touch(self, patience: float) -> None:
        """Write durably what is there already; `StorageFull` if that fails. If others are writing just now, that will do."""
        with Loan(self, patience) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._look_beside(connection)
                connection.execute(f"PRAGMA user_version = {schema.version(connection)}")
                connection.execute("COMMIT")
            except Error as error:
                if primary(error) not in BUSY:
                    raise
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def take(self, patience: float) -> Connection:
        """An idle connection to the file that the path names now, or a new one."""
        if self._pid != os.getpid():
            self._left_to_parent += self._idle
            self._idle, self._turn, self._pid = [], Lock(), os.getpid()
        file = self._file()
        if (lost := self._lost) is not None:  # once: another thread may find it over meanwhile
            self._wait_until_let_go(lost, file)
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._open(patience)
            if connection.file == file:
                if monotonic() - self._looked_at > LOOK_BESIDE:
                    self._looked_at = monotonic()
                    with ExitStack() as undo:
                        undo.callback(connection.close)
                        self._look_beside(connection)
                        undo.pop_all()
                connection.wait_at_most(patience)
                return connection
            connection.close()

    def give_back(self, connection: Connection) -> None:
        """Keep a sound connection for the next call; not if its log is lost."""
        if self._lost is None:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close every idle connection; the next call opens a new one."""
        while self._idle:
            self._idle.pop().close()

    def _file(self) -> File | None:
        """Which file the path names now; None if there is none, and never was in the life of this store."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 - twice as fast as Path.stat, and on the way of every lookup
        except FileNotFoundError as error:
            if self._used:
                raise StorageUnavailable(f"The store {self.path} is gone. It is used again when it is back.") from error
            return None
        except OSError as error:
            raise _out_of_reach(error)(f"The store {self.path} cannot be reached: {error.strerror}.") from error
        return found.st_dev, found.st_ino

    def _look_beside(self, connection: Connection) -> None:
        """`UnusableStore` if the log or the index of a connection is not there any more, or another one is."""
        if beside(self.path) != connection.beside:
            lost = self._lost = self._lost or LostLog(self.path, connection.file)
            self.close()
            raise lost.error()

    def _wait_until_let_go(self, lost: LostLog, file: File | None) -> None:
        """`UnusableStore` while somebody may still have the store open with a log that is lost."""
        if file == lost.file and not lost.is_over():
            raise lost.error()
        lost.forget()
        self._lost = None

    def _open(self, patience: float) -> Connection:
        check(self.path)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._used:
                with suppress(FileExistsError):  # nobody else may read it, nor the files beside it, which get its rights
                    os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            connection = connect(self.path, make=not self._used, patience=patience)
        except OSError as error:
            text = f"The folder of the store {self.path} cannot be made: {error.strerror}."
            raise _out_of_reach(error)(text) from error
        except Error as error:
            self.translate(error)
            raise
        self._used = True
        connection.file = self._file()
        return connection

    def translate(self, error: Error) -> None:
        """Raise `StorageUnavailable` where a lock, the file or the disk is the matter, and `Unstorable` where the value is.

        A mistake of ours stays as it is.
        """
        if primary(error) == TOO_BIG:
            raise Unstorable("SQLite keeps no value that is so large.") from error
        if is_no_room_to_open(error):
            raise NoRoomToOpen(
                f"The store {self.path} cannot be opened: there is no room on its disk for its index."
            ) from error
        if (reason := no_room(error)) is not None:
            raise StorageFull(reason) from error
        if primary(error) in NO_STORE:
            raise UnusableStore(
                f"The store {self.path} is not a sound SQLite file: {error}. Put a sound copy there, or move it away."
            ) from error
        if primary(error) in BUSY or primary(error) in BROKEN:
            raise StorageUnavailable(f"The store {self.path} cannot be used now: {error}.") from error


class Loan:
    """One use of a connection; afterwards it is given back, or closed if the error may have come from it.

    A class and not a generator, because it is on the way of every lookup.
    """

    __slots__ = ("_connection", "_connections", "_patience")

    def __init__(self, connections: Connections, patience: float) -> None:
        self._connections = connections
        self._patience = patience

    def __enter__(self) -> Connection:
        self._connection = self._connections.take(self._patience)
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or (isinstance(error, Error) and leaves_sound(error)):
            self._connections.give_back(self._connection)
        else:
            self._connection.close()
        if isinstance(error, Error):
            self._connections.translate(error)
        elif isinstance(error, OverflowError | UnicodeEncodeError):  # an integer of more than 64 bits, half of a pair
            raise Unstorable("SQLite keeps no such value.") from error


def _out_of_reach(error: OSError) -> type[StorageUnavailable]:
    leads_nowhere = error.errno == errno.EEXIST and Path(error.filename).is_symlink()  # a disk that is not there yet, say
    return UnusableStore if error.errno in FOR_GOOD and not leads_nowhere else StorageUnavailable
