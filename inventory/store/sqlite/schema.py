"""How an older SQLite file becomes a current one. Its version is the number of migrations that it has had."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from inventory.errors import StartError, UnusableStore
from inventory.store.sqlite import early_index
from inventory.store.sqlite.migrations import MIGRATIONS

VERSION = len(MIGRATIONS)

LATE_COLUMN = "revalidate"
LATE = f"ALTER TABLE records ADD COLUMN {LATE_COLUMN} INTEGER NOT NULL DEFAULT 0"
LATE_INDEXES = tuple(
    each.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS") for each in MIGRATIONS[0] if "of_source" in each
)
"""What was added to the first migration later: the first files may lack it, whatever their version."""


NOT_OURS = "Put a valid copy there, or move it away."


def version(connection: sqlite3.Connection) -> int:
    """How many migrations this file has had."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring a file forward, whole or not at all, in one process of several; `StartError` if it is newer than this code, and
    `UnusableStore` if it was written by another program."""
    if version(connection) == VERSION and not _missing(connection):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = version(connection)
        if found > VERSION:
            raise StartError(
                f"The store {path} was written by a newer inventory: its schema is version {found}, this one knows"
                f" {VERSION}. Run the newer one, or name another store in INVENTORY_STORE_URL."
            )
        check_is_ours(connection, found, path)
        try:
            _bring_forward(connection, found)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise
            raise UnusableStore(
                f"The store {path} is not of the version {found} that it says: {error}. {NOT_OURS}"
            ) from error
        if missing := _missing(connection):
            raise UnusableStore(f"The store {path} lacks {min(missing)} and {len(missing) - 1} more columns. {NOT_OURS}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _bring_forward(connection: sqlite3.Connection, found: int) -> None:
    early_index.bring_forward(connection, found)
    for statements in MIGRATIONS[found:]:
        for statement in statements:
            connection.execute(statement)
    late = () if LATE_COLUMN in _columns(connection) else (LATE,)
    for statement in (*late, *LATE_INDEXES):
        connection.execute(statement)


def _missing(connection: sqlite3.Connection) -> frozenset[str]:
    """The columns, as `table.column`, that a current file has and this one has not."""
    return _current() - _all_columns(connection)


@cache
def _current() -> frozenset[str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _bring_forward(connection, 0)
        return _all_columns(connection)


def _all_columns(connection: sqlite3.Connection) -> frozenset[str]:
    found = connection.execute(
        "SELECT tables.name || '.' || columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
        " WHERE tables.type = 'table'"
    )
    return frozenset(row[0] for row in found)


def _columns(connection: sqlite3.Connection) -> set[str]:
    """The columns of the table of records; none if there is no such table."""
    return {row[1] for row in connection.execute("PRAGMA table_info(records)")}


def check_is_ours(connection: sqlite3.Connection, found: int, path: str) -> None:
    """`UnusableStore` for tables of another program."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    ours = {"id", "source", "key", "state", "due_at", "fence", "lease"} <= _columns(connection)
    if found < 0 or (found == 0 and tables) or (found > 0 and not ours):
        raise UnusableStore(f"The store {path} is a database of another program. Name another file in INVENTORY_STORE_URL.")
