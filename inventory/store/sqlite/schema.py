"""The tables and indexes of the SQLite store, and how an older file becomes a current one.

Instants are whole milliseconds since 1970; `content` and `failure` are JSON bytes (`store.forms`). The version is the
number of migrations that a file has had, kept in `PRAGMA user_version`.
"""

from __future__ import annotations

import sqlite3

from inventory.errors import StartError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE records (
            id TEXT PRIMARY KEY NOT NULL,
            source TEXT NOT NULL,
            key TEXT NOT NULL,
            host TEXT NOT NULL,
            state TEXT NOT NULL,
            accepted_at INTEGER NOT NULL,
            requested_at INTEGER NOT NULL,
            due_at INTEGER,
            attempt INTEGER NOT NULL,
            fence INTEGER NOT NULL,
            lease TEXT,
            first_collected_at INTEGER,
            collected_at INTEGER,
            snapshots INTEGER NOT NULL,
            snapshot_id TEXT,
            failure BLOB,
            revalidate INTEGER NOT NULL DEFAULT 0
        )""",
        """CREATE TABLE snapshots (
            id TEXT PRIMARY KEY NOT NULL,
            record_id TEXT NOT NULL,
            collected_at INTEGER NOT NULL,
            body_sha256 TEXT,
            content BLOB NOT NULL
        )""",
        "CREATE TABLE bodies (sha256 TEXT PRIMARY KEY NOT NULL, bytes BLOB NOT NULL)",
        # The ledger asks only for what is owed, and only that is in its index.
        "CREATE INDEX records_owed ON records (state, due_at) WHERE due_at IS NOT NULL",
        # One index for each filter of a listing, in its order. A status follows from two conditions; few failures among
        # a million records are found without reading the million, in all sources and in one.
        "CREATE INDEX records_listed ON records (accepted_at, id)",
        "CREATE INDEX records_of_source ON records (source, accepted_at, id)",
        "CREATE INDEX records_of_host ON records (host, accepted_at, id)",
        "CREATE INDEX records_stored ON records (accepted_at, id) WHERE snapshot_id IS NOT NULL",
        "CREATE INDEX records_unstored ON records ((state = 'failed'), accepted_at, id) WHERE snapshot_id IS NULL",
        "CREATE INDEX records_stored_of_source ON records (source, accepted_at, id) WHERE snapshot_id IS NOT NULL",
        """CREATE INDEX records_unstored_of_source ON records (source, (state = 'failed'), accepted_at, id)
            WHERE snapshot_id IS NULL""",
        # Retention asks who has many snapshots, every few seconds; most have one.
        "CREATE INDEX records_with_many ON records (snapshots) WHERE snapshots > 1",
        "CREATE INDEX snapshots_of_record ON snapshots (record_id, collected_at, id)",
        "CREATE INDEX snapshots_of_body ON snapshots (body_sha256) WHERE body_sha256 IS NOT NULL",
    ),
    # Retention asks who has many; most have one, and these are not in its index.
    ("CREATE INDEX records_of_many ON records (snapshots) WHERE snapshots > 1",),
)

VERSION = len(MIGRATIONS)


def version(connection: sqlite3.Connection) -> int:
    """How many migrations this file has had."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file forward, whole or not at all, in one process of several; `StartError` if it is newer than this code."""
    if version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = version(connection)
        if found > VERSION:
            raise StartError(
                f"The store was written by a newer inventory: its schema is version {found}, this one knows {VERSION}."
                " Run the newer one, or name another store in INVENTORY_STORE_URL."
            )
        for statements in MIGRATIONS[found:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
