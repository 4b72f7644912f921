"""Where a test's store keeps its records. `open()` gives one more store on the same data, as another program would."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import mongomock.collection
from mongomock.collection import BulkOperationBuilder
from mongomock.store import ServerStore
from pymongo import MongoClient
from pymongo.database import Database

from inventory.clock import Clock, utc_now
from inventory.store import Store
from inventory.store.mongo import MongoStore
from inventory.store.mongo.connection import IN_BACKGROUND
from inventory.store.mongo.query_bounds import Bounds
from inventory.store.sqlite import SqliteStore
from inventory.store.sqlite import query_bounds as sqlite_bounds

PATIENT = sqlite_bounds.Bounds(page_seconds=60, total_seconds=60, changes_seconds=60)
PATIENT_MONGO = Bounds(page_seconds=60, total_seconds=60)
"""On a machine that is busy with other tests, no query is too broad; and no server is away, see `IN_BACKGROUND`."""


class Backend(Protocol):
    """`url` is what a program is told; None where no other program can come."""

    @property
    def url(self) -> str: ...

    def open(self) -> Store: ...

    def mark(self, version: int) -> None:
        """Let the store there look as if its schema were of this version."""

    def damage_failures(self, damaged: bytes) -> None:
        """Let this be there instead of each failure."""

    def forget_urlkeys(self) -> None:
        """Let all records be as an older version wrote them: without the key of their URL."""


@dataclass(frozen=True)
class SqliteBackend:
    """A file."""

    path: Path

    @property
    def url(self) -> str:
        return f"sqlite://{self.path}"

    def open(self) -> SqliteStore:
        return SqliteStore(self.path, bounds=PATIENT)

    def mark(self, version: int) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute(f"PRAGMA user_version = {version}")

    def damage_failures(self, damaged: bytes) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("UPDATE records SET failure = ? WHERE failure IS NOT NULL", (damaged,))

    def forget_urlkeys(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("UPDATE records SET urlkey = NULL")


@dataclass(frozen=True)
class MongoBackend:
    """A database of a server; queries there have these bounds, and it is as late as `clock` says."""

    url: str
    bounds: Bounds = PATIENT_MONGO
    clock: Clock = utc_now

    def open(self) -> MongoStore:
        return MongoStore(self.url, patience=IN_BACKGROUND, bounds=self.bounds, clock=self.clock)

    def client(self) -> AbstractContextManager[Any]:
        return MongoClient(self.url, tz_aware=True)

    def mark(self, version: int) -> None:
        with self.client() as client:
            database(client)["meta"].update_one({"_id": "schema"}, {"$set": {"version": version}}, upsert=True)

    def damage_failures(self, damaged: bytes) -> None:
        with self.client() as client:
            database(client)["records"].update_many({"failure": {"$ne": None}}, {"$set": {"failure": damaged}})

    def forget_urlkeys(self) -> None:
        with self.client() as client:
            database(client)["records"].update_many({}, {"$unset": {"urlkey": ""}})


@dataclass(frozen=True)
class MockBackend(MongoBackend):
    """A database in the memory of this process, the same for each client."""

    url: str = "mongodb://in-memory/inventory"
    server: ServerStore = field(default_factory=ServerStore)

    def open(self) -> MongoStore:
        return MongoStore(
            self.url, client=lambda url: mongomock.MongoClient(url, _store=self.server), bounds=self.bounds, clock=self.clock
        )

    def client(self) -> AbstractContextManager[Any]:
        return mongomock.MongoClient(self.url, _store=self.server, tz_aware=True)


def database(client: Any) -> Database[dict[str, Any]]:
    """The database that the client's URL names."""
    return client.get_default_database()


class _BulkOperationBuilder(BulkOperationBuilder):
    """mongomock 4.3 does not know the `sort` that PyMongo has given to each update of a bulk since 4.11."""

    def add_update(self, *args: Any, sort: object = None, **options: Any) -> None:
        assert sort is None
        super().add_update(*args, **options)


mongomock.collection.BulkOperationBuilder = _BulkOperationBuilder
