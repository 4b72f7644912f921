"""The file of a SQLite store as a whole: copied while it is used, checked, and replaced."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from inventory.errors import InvalidRequest, StorageUnavailable, UnusableStore
from inventory.files import keep_also, sync
from inventory.store.sqlite import beside, schema
from inventory.store.sqlite.failures import raise_ours

PAGES = 1_024
"""Pages that are copied at once: 4 MB, so that a copy takes little memory."""
TIMEOUT = 10.0
"""Seconds that a locked file is waited for."""
NOT_MISSED = frozenset({"secrets", "pruned_values", "gathered_values"})
"""Tables that have rows although nothing was kept yet."""


class SqliteFile:
    """The file at a path, which it never makes."""

    known_schema = schema.VERSION

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def copy(self, target: Path, progress: Callable[[int, int], None]) -> None:
        """See `StoreFile`. One read transaction for all steps, so that no writer makes the copy begin again."""
        if not self.path.exists():
            raise InvalidRequest(
                f"There is no store {self.path}. INVENTORY_DATA_DIR or INVENTORY_STORE_URL names another one."
            )
        beside.check(str(self.path))
        with opened(self.path) as source, closing(sqlite3.connect(target, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = OFF")  # a copy that is not finished is thrown away
            copy.execute("PRAGMA synchronous = OFF")
            source.execute("BEGIN")
            size = int(source.execute("PRAGMA page_size").fetchone()[0])
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # here the transaction begins to see an instant
            source.backup(copy, pages=PAGES, progress=lambda _, left, all_: progress((all_ - left) * size, all_ * size))
            source.execute("COMMIT")

    def checked_schema(self, copy: Path) -> int:
        """See `StoreFile`."""
        with opened(copy) as connection:
            if (found := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise UnusableStore(f"A part of the store is damaged: {found}. Ask `inventory doctor`.")
            version = schema.version(connection)
            schema.check_is_ours(connection, version, str(copy))
            return version

    def is_open(self) -> bool:
        """See `StoreFile`."""
        return beside.is_open(str(self.path))

    def is_empty(self) -> bool:
        """See `StoreFile`."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return not _log(self.path).exists()
        try:
            with opened(self.path) as connection:
                return not any(connection.execute(_any_row(table)).fetchone() for table in _kept(connection))
        except StorageUnavailable:
            return False

    def replace(self, copy: Path, aside: Path) -> None:
        """See `StoreFile`. A log must not lie beside a file that is not its own: it would be written into that."""
        if self.path.exists():
            self._write_log_back()
        for path in (self.path, _log(self.path)):
            if path.exists():
                aside.mkdir(mode=0o700, parents=True, exist_ok=True)
                keep_also(path, aside / path.name)
                sync(aside)
        for name in ("-wal", "-shm"):
            Path(f"{self.path}{name}").unlink(missing_ok=True)
        copy.replace(self.path)
        sync(self.path.parent)

    def _write_log_back(self) -> None:
        """Have the log written into the file, which removes it; that of a damaged store is kept beside it."""
        try:
            with opened(self.path) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except UnusableStore:
            return


def _kept(connection: sqlite3.Connection) -> list[str]:
    """The tables whose rows would be missed."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [row[0] for row in found if row[0] not in NOT_MISSED]


def _any_row(table: str) -> str:
    quoted = table.replace('"', '""')
    return f'SELECT 1 FROM "{quoted}" LIMIT 1'  # noqa: S608 - the name is quoted


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes no schema, and whose errors are ours."""
    uri = f"file:{quote(os.fsencode(path))}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=TIMEOUT, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise_ours(error, str(path))
        raise


def _log(path: Path) -> Path:
    return Path(f"{path}-wal")
