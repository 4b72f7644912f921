"""The connections to one SQLite file: opened on first use, kept, and opened again when the file is another one.

A call borrows an idle connection or opens one, and gives it back. Each call checks whether the path still names the file
that was opened: SQLite would go on writing into a file that was moved away or deleted. A file that was used and is missing
is not made again, because it may come back. After a fork the child opens its own connections, as SQLite demands.

Each write, and once a second each read, checks the log and the index beside the file (see `beside`).

Writers of one process wait for each other at a lock, and processes for each other in short sleeps. SQLite's own waiting, in
sleeps of up to 100 ms, starves some of many threads, and one of two busy processes for seconds. Both last at most `TIMEOUT`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from sqlite3 import Error
from threading import Lock, local
from time import monotonic, sleep
from typing import Any

from inventory.errors import InventoryError, StorageUnavailable, Unstorable
from inventory.store.sqlite import schema
from inventory.store.sqlite.beside import File, LostLog, beside, check
from inventory.store.sqlite.failures import BUSY, leaves_sound, of_path, primary, raise_ours
from inventory.store.sqlite.opening import Connection, connect

TIMEOUT = 3.0
"""Seconds that a call waits for a locked file: an answer or `StorageUnavailable` is due within 4."""

CHECK_LOG_EVERY = 1.0
"""Seconds after which a call that only reads checks the files beside the store again."""

SHORTEST_SLEEP, LONGEST_SLEEP = 0.0005, 0.004
"""Seconds between two tries to begin a transaction while another process writes: a commit takes from 0.5 to some ms."""

Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]


class _Current(local):
    """The connection whose transaction a thread reads in, or writes in."""

    connection: Connection | None = None


class Connections:
    """Shared by the ports of one store, by threads, and across a fork."""

    def __init__(self, path: Path) -> None:
        self.path = str(path.absolute())
        self._folder = path.absolute().parent
        self._used = False
        self._idle: list[Connection] = []
        self._left_to_parent: list[Connection] = []
        self._write_lock = Lock()
        self._pid = os.getpid()
        self._checked_at = 0.0
        self._lost: LostLog | None = None
        self._reading, self._together = _Current(), _Current()

    def rows(self, sql: str, values: Values = (), *, timeout: float = TIMEOUT) -> list[Row]:
        """The rows of one reading statement."""
        if self._reading.connection is not None:
            return self._reading.connection.execute(sql, values).fetchall()
        with Borrowed(self, timeout) as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One transaction for all `rows` of this thread in the block. For four lookups that takes half the time."""
        with Borrowed(self, TIMEOUT) as connection:
            connection.execute("BEGIN")
            self._reading.connection = connection
            try:
                yield
            finally:
                self._reading.connection = None
                if connection.in_transaction:
                    connection.execute("COMMIT")

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for all that this thread writes in the block: one flush to the disk."""
        with self.writing() as connection:
            self._together.connection = connection
            try:
                yield
            finally:
                self._together.connection = None
            if not connection.in_transaction:  # SQLite undoes all of it where a part finds no room
                raise StorageUnavailable(f"The store {self.path} could not keep all that was written together.")

    def is_together(self) -> bool:
        """Whether this thread is in such a block. Then it must not wait for a writer of another thread, who waits for it."""
        return self._together.connection is not None

    @contextmanager
    def writing(self, timeout: float = TIMEOUT) -> Iterator[Connection]:
        """One transaction: durable when the block ends, or that of `together`, undone when it raises."""
        if self._together.connection is not None:
            try:
                yield self._together.connection
            except Exception as error:
                _translate(error, self.path)
                raise
            return
        until = monotonic() + timeout
        lock = self._write_lock
        if not lock.acquire(timeout=timeout):
            raise self.busy()
        try:
            with Borrowed(self, until - monotonic()) as connection:
                _begin(connection, until)
                try:
                    self._check_log(connection)
                    yield connection
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        finally:
            lock.release()

    def busy(self) -> StorageUnavailable:
        """The error of a call that other writers gave no turn."""
        return StorageUnavailable(f"The store {self.path} is busy: other writers did not finish in {TIMEOUT:g} s.")

    def touch(self, timeout: float) -> None:
        """Write durably what is there already; `StorageFull` if that fails. Another write at the same time is enough."""
        with Borrowed(self, timeout) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._check_log(connection)
                connection.execute(f"PRAGMA user_version = {schema.version(connection)}")
                connection.execute("COMMIT")
            except Error as error:
                if primary(error) not in BUSY:
                    raise
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def take(self, timeout: float) -> Connection:
        """An idle connection to the file that the path names now, or a new one."""
        if self._pid != os.getpid():
            self._left_to_parent += self._idle
            self._idle, self._write_lock, self._pid = [], Lock(), os.getpid()
        file = self._file()
        if (lost := self._lost) is not None:  # once: another thread may find it over meanwhile
            self._refuse_while_lost(lost, file)
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._open(timeout)
            if connection.file == file:
                if monotonic() - self._checked_at > CHECK_LOG_EVERY:
                    self._checked_at = monotonic()
                    with ExitStack() as undo:
                        undo.callback(connection.close)
                        self._check_log(connection)
                        undo.pop_all()
                connection.wait_at_most(timeout)
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
            found = os.stat(self.path)  # noqa: PTH116 - twice as fast as Path.stat, and each lookup does it
        except FileNotFoundError as error:
            if self._used:
                raise StorageUnavailable(f"The store {self.path} is gone. It is used again when it is back.") from error
            return None
        except OSError as error:
            raise of_path(error, f"The store {self.path} cannot be reached") from error
        return found.st_dev, found.st_ino

    def _check_log(self, connection: Connection) -> None:
        """`UnusableStore` if the log or the index of a connection is not there any more, or another one is."""
        if beside(self.path) != connection.beside:
            lost = self._lost = self._lost or LostLog(self.path, connection.file)
            self.close()
            raise lost.error()

    def _refuse_while_lost(self, lost: LostLog, file: File | None) -> None:
        """`UnusableStore` while another program may still have the store open with a log that is lost."""
        if file == lost.file and not lost.is_over():
            raise lost.error()
        lost.forget()
        self._lost = None

    def _open(self, timeout: float) -> Connection:
        check(self.path)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._used:
                with suppress(FileExistsError):  # private, and so are the files beside it, which get its rights
                    os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            connection = connect(self.path, make=not self._used, timeout=timeout)
        except OSError as error:
            raise of_path(error, f"The folder of the store {self.path} cannot be made") from error
        except Error as error:
            raise_ours(error, self.path)
            raise
        self._used = True
        connection.file = self._file()
        return connection


def _begin(connection: Connection, until: float) -> None:
    """Begin a transaction that writes, when other processes let it, or raise SQLite's error when the time is up."""
    connection.wait_at_most(0.0)
    pause = SHORTEST_SLEEP
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except Error as error:
            if primary(error) not in BUSY or monotonic() > until:
                raise
        sleep(pause)
        pause = min(2 * pause, LONGEST_SLEEP)


class Adapter:
    """What implements a port: it shares the connections with the others."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections


class Borrowed:
    """One use of a connection; afterwards it is given back, or closed if the error may have come from it.

    A class and not a generator, because each lookup uses it.
    """

    __slots__ = ("_connection", "_connections", "_timeout")

    def __init__(self, connections: Connections, timeout: float) -> None:
        self._connections = connections
        self._timeout = timeout

    def __enter__(self) -> Connection:
        self._connection = self._connections.take(self._timeout)
        return self._connection

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        stopped = isinstance(error, GeneratorExit)  # a generator was closed early, and nothing failed
        cause = error.__cause__ if isinstance(error, InventoryError) else error  # parts of `together` translate theirs
        if error is None or stopped or (isinstance(cause, Error) and leaves_sound(cause)):
            self._connections.give_back(self._connection)
        else:
            self._connection.close()
        if error is not None:
            _translate(error, self._connections.path)


def _translate(error: BaseException, path: str) -> None:
    """Raise our error for one of SQLite, or of its module, that says something of the store or of a value."""
    if isinstance(error, Error):
        raise_ours(error, path)
    elif isinstance(error, OverflowError | UnicodeEncodeError):  # an integer of more than 64 bits, half of a pair
        raise Unstorable("SQLite cannot keep this value.") from error
