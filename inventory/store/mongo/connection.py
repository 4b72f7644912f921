"""The connection to MongoDB: made on first use and again after a fork, bounded in time, its errors translated.

A server is waited for, and a whole call lasts, however many commands it takes, for so long as the program has `Patience`.
PyMongo repeats reads by itself, and on a replica set also every single write, which the server does once. Nothing else is
repeated here, because each call of the store may be sent again as a whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any

import pymongo
from bson.errors import InvalidDocument, InvalidStringData
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import BulkWriteError, ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError

from inventory.errors import StartError, StorageFull, StorageUnavailable, Unstorable
from inventory.store.mongo import schema
from inventory.store.mongo.at_once import MAX_AT_ONCE

Document = dict[str, Any]
Client = MongoClient[Document]
MakeClient = Callable[[str], Client]

CONNECT_TIMEOUT = 10.0
"""Seconds in which a server answers a new connection. Some take seconds for each answer, and are not lost."""
INDEXING_TIMEOUT = 600.0
"""Seconds for `prepare` alone, which may have to index what is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds that a program waits for a server that takes writes, and for the end of a call, however many its commands."""

    server: float
    call: float


WITH_CALLER = Patience(server=2.0, call=10.0)
"""Somebody waits for the answer. The call of a lookup is one command, and one more on a new connection."""
IN_BACKGROUND = Patience(server=10.0, call=60.0)
"""Nobody does. The call that claims a batch of a job takes some ten commands, one after the other."""

AWAY = frozenset(
    {6, 7, 24, 50, 64, 79, 89, 91, 100, 112, 133, 134, 189, 202, 246, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031}
    | {13, 18, 8000}
)
"""Codes of a server that cannot do it now: unreachable in its set, stepping down, shutting down, out of time, of disk space
or of acknowledgements. In the second line are those of one that rejects our password."""
REFUSED = frozenset({15, 10334, 17280, 17419, 17420})
"""Codes of a server that cannot keep a document, because it is too large, nested too deeply, or its key too long."""

NO_ROOM = {
    14031: "no room on its disk",
    64: "not enough of its members confirm a write",
    79: "no such set of members confirms a write",
    100: "not enough of its members can confirm a write",
}
"""Those of a server that answers, but cannot keep anything."""


def connect(url: str) -> Client:
    """A client whose writes are acknowledged when a majority has them in its journal, whatever the URL asks for.

    It reads what a majority has, too: else a lookup could promise what another one has accepted a moment ago, and what is
    lost if the server dies before that is acknowledged.
    """
    wait = int(CONNECT_TIMEOUT * 1000)
    try:
        return MongoClient(
            url,
            serverSelectionTimeoutMS=wait,
            connectTimeoutMS=wait,
            maxConnecting=MAX_AT_ONCE,  # PyMongo's 2 would have commands that are sent at once wait for their connections
            w="majority",
            journal=True,
            readConcernLevel="majority",
            tz_aware=True,
            appname="inventory",
        )
    except (ConfigurationError, ValueError) as error:
        raise StartError(f"INVENTORY_STORE_URL cannot be used: {error}") from error


class Connection:
    """Shared by the ports of one store, by threads, and across a fork."""

    def __init__(self, url: str, make_client: MakeClient, patience: Patience = WITH_CALLER) -> None:
        self.patience = patience
        self._url = url
        self._make_client = make_client
        self._lock = Lock()
        self._pid = os.getpid()
        self._client: Client | None = None
        self._left_to_parent: list[Client] = []
        self._prepared = False

    @contextmanager
    def database(self, timeout: float | None = None, server_wait: float | None = None) -> Iterator[Database[Document]]:
        """The database, for the commands of one call; how long that may take is a matter of `patience` where not given.

        Raises `StorageUnavailable` when they cannot be done in time, and `Unstorable` for what MongoDB does not keep.
        """
        timeout = self.patience.call if timeout is None else timeout
        server_wait = self.patience.server if server_wait is None else server_wait
        until = monotonic() + timeout
        try:
            client = self._connected()
            with pymongo.timeout(max(0.001, min(server_wait, timeout))):
                if not client.is_primary:  # waits for a server that takes writes: far less than a call may last
                    raise ConnectionFailure("No server there takes writes.")
            with pymongo.timeout(max(0.001, until - monotonic())):
                database = client.get_default_database(default="inventory")
                if not self._prepared:
                    schema.migrate(database)
                    self._prepared = True
                yield database
        except (InvalidDocument, InvalidStringData, OverflowError, UnicodeEncodeError) as error:
            raise Unstorable("MongoDB cannot keep a value of this type or size.") from error
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and any(code in REFUSED for code in _codes(error)):
                raise Unstorable("MongoDB cannot keep a document so large.") from error
            if not _is_away(error):
                raise
            if (reason := _no_room(error)) is not None:
                raise StorageFull(reason) from error
            raise StorageUnavailable(f"The store {self._address} cannot be used now. {_brief(error)}") from error

    def too_slow(self) -> StorageUnavailable:
        """The error of a call whose command does not end in time."""
        return StorageUnavailable(f"The store {self._address} did not answer within {self.patience.call:g} s.")

    def close(self) -> None:
        """Close the client; the next call makes a new one."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    @property
    def _address(self) -> str:
        """The URL without what is secret in it."""
        return self._url.partition("://")[2].rpartition("@")[2].partition("?")[0]

    def _connected(self) -> Client:
        if self._pid != os.getpid():
            # The parent's sockets are the parent's: to close them here would end its sessions.
            self._left_to_parent += [self._client] if self._client else []
            self._client, self._lock, self._pid = None, Lock(), os.getpid()
        with self._lock:
            if self._client is None:
                self._client = self._make_client(self._url)
            return self._client


class Adapter:
    """What implements a port: it shares the connection with the others."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection


def _is_away(error: PyMongoError) -> bool:
    """Whether the cause is the server or the way to it, and not our command."""
    if isinstance(error, ConnectionFailure) or error.timeout:
        return True
    return isinstance(error, OperationFailure) and all(code in AWAY for code in _codes(error))


def _brief(error: PyMongoError) -> str:
    """What happened, as PyMongo says it, without the timeouts that it had and its description of each server."""
    said = re.sub(r" \(configured timeouts:[^)]*\)|, Timeout: .*", "", str(error), flags=re.DOTALL)[:300]
    return f"{type(error).__name__}: {said.rstrip('.')}."


def _no_room(error: PyMongoError) -> str | None:
    """Why the server can keep nothing now, if that is what it says."""
    codes = _codes(error) if isinstance(error, OperationFailure) else []
    return next((NO_ROOM[code] for code in codes if code in NO_ROOM), None)


def _codes(error: OperationFailure) -> list[int | None]:
    """What the server says; of many writes, of each that failed."""
    if not isinstance(error, BulkWriteError):
        return [error.code]
    details = error.details
    return [each.get("code") for each in (*details.get("writeErrors", ()), *details.get("writeConcernErrors", ()))]
