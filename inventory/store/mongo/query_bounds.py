"""Queries within bounds: what takes more time than it may is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from pymongo.database import Database
from pymongo.errors import ExecutionTimeout, PyMongoError

from inventory.errors import QueryTooBroad, StorageUnavailable
from inventory.store.mongo.connection import Connection, Document

PING_TIMEOUT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a query goes. Seconds, for pages of targets and for what looks at all of them, and numbers of things.

    A condition lists up to so many `values` that satisfy it, for which it looks for so many seconds; if there are more, the
    values of each target are tested, in chunks of targets. Changes are read in spans with up to so many `changed` targets.
    """

    page_seconds: float = 0.9
    total_seconds: float = 3.0
    values_seconds: float = 0.4
    values: int = 5_000
    chunk: int = 500
    changed: int = 500


@dataclass(frozen=True, slots=True)
class TimedDatabase:
    """The database, for one query that is to end within its time."""

    database: Database[Document]
    until: float

    def check(self) -> None:
        """`QueryTooBroad` if the time is over, which not every server looks at."""
        if monotonic() > self.until:
            raise QueryTooBroad


@contextmanager
def time_limit(connection: Connection, seconds: float) -> Iterator[TimedDatabase]:
    """A query that may take so long. MongoDB stops it by itself; of another server it is seen whether it is there."""
    try:
        with connection.database(seconds) as database:
            yield TimedDatabase(database, monotonic() + seconds)
    except StorageUnavailable as error:
        cause = error.__cause__
        if not isinstance(cause, PyMongoError) or not cause.timeout:
            raise
        if not isinstance(cause, ExecutionTimeout):
            with connection.database(PING_TIMEOUT) as database:
                database.command("ping")
        raise QueryTooBroad from error
