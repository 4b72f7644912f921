"""What is wrong with a MongoDB store, in words. Nothing of it is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, timedelta
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from inventory.clock import Clock
from inventory.doctor.model import Finding, ok, problem, warning
from inventory.masking import MASK
from inventory.store.mongo import schema
from inventory.store.mongo.connection import Client, MakeClient, connect

TIMEOUT = 5.0
"""Seconds for all that is asked."""
AHEAD = timedelta(seconds=5)


class MongoCheck:
    """Checks the database that a URL names."""

    def __init__(self, url: str, clock: Clock, make_client: MakeClient = connect) -> None:
        self._url = url
        self._clock = clock
        self._make_client = make_client

    def is_current(self) -> bool:
        """See `StoreCheck`."""
        try:
            with closing(self._make_client(self._url)) as client, pymongo.timeout(TIMEOUT):
                return _version(client) == schema.VERSION
        except PyMongoError:
            return False

    def findings(self) -> Iterator[Finding]:
        """See `StoreCheck`."""
        try:
            with closing(self._make_client(self._url)) as client, pymongo.timeout(TIMEOUT):
                yield from self._about(client)
        except PyMongoError as error:
            login, at, rest = self._url.partition("://")[2].rpartition("@")
            address = f"{login.partition(':')[0]}:{MASK}@{rest}" if at else rest
            said = str(error).partition(" (configured timeouts:")[0].partition(", Timeout:")[0][:200]
            text = f"MongoDB at {address} does not answer: {type(error).__name__}: {said}."
            yield problem("store", text, "Start it, or correct INVENTORY_STORE_URL.")

    def _about(self, client: Client) -> Iterator[Finding]:
        hello: Mapping[str, Any] = client.admin.command("isMaster")  # older servers know no `hello`
        version = client.server_info()["version"]
        if not hello.get("isWritablePrimary", hello.get("ismaster")):
            yield problem(
                "store", f"MongoDB {version} answers, and none of its members takes writes.", "Look at rs.status()."
            )
        elif "setName" not in hello:
            advice = "Start it with --replSet: only then is a write on more than one disk, and backed up as of an instant."
            yield warning("store", f"MongoDB {version} is no replica set.", advice)
        else:
            hosts = len(hello.get("hosts", ()))
            yield ok("store", f"MongoDB {version} takes writes; the replica set {hello['setName']} has {hosts} members.")
        yield from _about_schema(_version(client))
        if (at := hello.get("localTime")) is not None:
            differs = abs((at if at.tzinfo else at.replace(tzinfo=UTC)) - self._clock())
            text = f"The clock of MongoDB's machine and this one differ by {differs.total_seconds():.1f} s."
            yield ok("clock", text) if differs <= AHEAD else warning("clock", text, "Have both set by NTP.")


def _version(client: Client) -> int:
    kept = client.get_default_database(default="inventory")["meta"].find_one({"_id": "schema"})
    return int(kept["version"]) if kept else 0


def _about_schema(found: int) -> Iterator[Finding]:
    text = f"The database is of schema version {found}, and this program's is {schema.VERSION}."
    if found > schema.VERSION:
        yield problem("schema", text, "Run the newer inventory that wrote it: this one cannot.")
    elif not found:
        yield ok("schema", "The database is empty; the first start makes its indexes.")
    elif found < schema.VERSION:
        yield warning(
            "schema", text, "The next start brings it forward. Make a backup before: `inventory backup FILE` says how."
        )
    else:
        yield ok("schema", text)
