"""What is wrong with a SQLite store, in words. Nothing of it is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic

from inventory.clock import Clock, rfc3339
from inventory.doctor.model import Finding, Status, ok, problem, warning
from inventory.errors import StorageUnavailable
from inventory.store.codecs import from_millis
from inventory.store.sqlite import beside, schema
from inventory.store.sqlite.failures import NO_STORE, primary
from inventory.store.sqlite.file import opened

OLDEST = (3, 35)
"""The version of SQLite that has all that the statements use."""
LOOK_FOR = 5.0
"""Seconds in which as much of a store is looked at as can be."""
STEPS = 50_000
"""Steps of SQLite's machine between two looks at the clock."""
LONG_LOG = 1_000_000_000
"""Bytes of a log from which on something keeps it from being written back."""
AHEAD = timedelta(minutes=1)


class SqliteCheck:
    """Checks the file at a path."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path.absolute()
        self._clock = clock

    def is_current(self) -> bool:
        """See `StoreCheck`."""
        if not self._path.exists():
            return False
        try:
            beside.check(str(self._path))
            with opened(self._path) as connection:
                return schema.version(connection) == schema.VERSION
        except StorageUnavailable:
            return False

    def findings(self) -> Iterator[Finding]:
        """See `StoreCheck`."""
        if sqlite3.sqlite_version_info < OLDEST:
            text = f"SQLite is {sqlite3.sqlite_version}, and {'.'.join(map(str, OLDEST))} is the oldest that works."
            yield problem("store", text, "Use a Python that comes with a newer one.")
        beside.check(str(self._path))
        if not self._path.exists():
            yield ok("store", f"There is no {self._path} yet; the first start makes it.")
            return
        with opened(self._path) as connection:
            yield (integrity := _integrity(connection, self._path))
            if integrity.status is Status.OK:
                yield from self._about_schema(connection)
                yield from self._about_clock(connection)
        yield from self._about_log()

    def _about_schema(self, connection: sqlite3.Connection) -> Iterator[Finding]:
        found = schema.version(connection)
        schema.check_is_ours(connection, found, str(self._path))
        text = f"The schema of {self._path} is version {found}, and this program's is {schema.VERSION}."
        if found > schema.VERSION:
            yield problem("schema", text, "Run the newer inventory that wrote it: this one cannot.")
        elif found < schema.VERSION:
            yield warning("schema", text, "The next start brings it forward. Make a backup before: `inventory backup FILE`.")
        else:
            yield ok("schema", text)

    def _about_clock(self, connection: sqlite3.Connection) -> Iterator[Finding]:
        latest = connection.execute("SELECT max(accepted_at) FROM records").fetchone()[0]
        now = self._clock()
        if latest is None or (at := from_millis(latest)) <= now + AHEAD:
            yield ok("clock", f"It is {rfc3339(now)}, and nothing in the store is from later.")
            return
        text = f"It is {rfc3339(now)} by this clock, and a record was accepted at {rfc3339(at)}."
        yield warning("clock", text, "Set the clock by NTP. Nothing waits for longer than 45 minutes because of it.")

    def _about_log(self) -> Iterator[Finding]:
        log = Path(f"{self._path}-wal")
        if log.exists() and (size := log.stat().st_size) > LONG_LOG:
            text = f"The log {log} has {size:,} bytes."
            yield warning(
                "store", text, "Something reads for very long, such as a backup; or restart what has the store open."
            )


def _integrity(connection: sqlite3.Connection, path: Path) -> Finding:
    until = monotonic() + LOOK_FOR
    with _limited(connection, until):
        try:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
        except sqlite3.DatabaseError as error:
            if primary(error) == sqlite3.SQLITE_INTERRUPT:
                text = f"Nothing is damaged in what could be looked at in {LOOK_FOR:g} s. A backup looks at all of it."
                return ok("integrity", text)
            if primary(error) not in NO_STORE:
                raise
            found = [str(error)]
    if found == ["ok"]:
        return ok("integrity", f"The store {path} is sound.")
    text = f"The store {path} is damaged: {'; '.join(found)[:300]}."
    return problem("integrity", text, "Stop the service, and restore a backup: `inventory restore FILE --force`.")


@contextmanager
def _limited(connection: sqlite3.Connection, until: float) -> Iterator[None]:
    connection.set_progress_handler(lambda: int(monotonic() > until), STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
