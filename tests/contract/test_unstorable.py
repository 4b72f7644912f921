"""What a store can never keep is refused in the domain's words, changes nothing, and spoils nothing beside it."""

from __future__ import annotations

import random
from base64 import b64encode
from contextlib import closing

import mongomock
import pytest
from bson.errors import InvalidDocument, InvalidStringData
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure, WriteError

from inventory.errors import StorageFull, Unstorable
from inventory.records.model import State, Target
from inventory.store import Store
from inventory.store.mongo.connection import Connection
from inventory.store.sqlite import SqliteStore
from tests.contract.actions import CONTENT, NOW, accept, claim, failed, found, stored, target
from tests.contract.backends import Backend, MongoBackend, SqliteBackend

DOCUMENT = 16 * 1024 * 1024
"""Bytes of a document of MongoDB."""
NOISE = random.Random(7).randbytes(DOCUMENT + DOCUMENT // 16)
"""Bytes that no compression makes less."""
LARGE = {"body": {"body": NOISE}, "content": {"content": {"headers": b64encode(NOISE).decode()}}}


@pytest.mark.parametrize("large", LARGE)
def test_what_exceeds_a_document_of_mongodb_is_refused_and_the_claim_can_be_failed(mongo: MongoBackend, large: str) -> None:
    with closing(mongo.open()) as store:
        owned, beside = claim(store, accept(store)), claim(store, accept(store, 1))

        with pytest.raises(Unstorable):
            store.records.settle([stored(beside), stored(owned, **LARGE[large])])

        assert (found(store, owned).state, found(store, beside).state) == (State.RUNNING, State.RUNNING)
        assert store.snapshots.listing(owned.id, limit=9, after=None) == []
        assert store.records.settle([stored(beside), failed(owned)]) == [True, True]


def test_what_just_fits_into_a_document_of_mongodb_is_kept(mongo: MongoBackend) -> None:
    with closing(mongo.open()) as store:
        most = NOISE[: DOCUMENT - 16 * 1024]
        owned = claim(store, accept(store))

        assert store.records.settle([stored(owned, body=most, content=CONTENT)]) == [True]
        known = store.records.look_up(target().id)
        assert known is not None
        assert known.body == most


def unkeepable(store: Store) -> None:
    """A target whose host is not text in UTF-8."""
    store.records.accept(Target("webpage", "http://odd.test/", "\ud800"), now=NOW, seen=None)


def beyond_64_bits(store: Store) -> None:
    store.jobs.due(now=NOW, limit=2**64)


@pytest.mark.parametrize("call", [unkeepable, beyond_64_bits])
def test_a_value_that_a_store_does_not_know_is_refused(shared: Backend, call: object) -> None:
    with closing(shared.open()) as store:
        with pytest.raises(Unstorable):
            call(store)  # type: ignore[operator]

        accept(store)


def test_a_value_beyond_what_sqlite_holds_is_refused(sqlite: SqliteBackend) -> None:
    with closing(SqliteStore(sqlite.path)) as store:
        with pytest.raises(Unstorable):
            store.records._connections.rows("SELECT zeroblob(2000000000)")

        accept(store)


REFUSALS = [
    DocumentTooLarge("BSON document too large (17825918 bytes)"),
    InvalidDocument("Key names must not contain the NULL byte"),
    InvalidStringData("not UTF-8"),
    OverflowError("MongoDB can only handle up to 8-byte ints"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    WriteError("Resulting document after update is larger than 16777216", 17419),
    OperationFailure("BSONObj size is invalid", 10334),
    OperationFailure("Document exceeds maximum nested object depth", 15),
    BulkWriteError({"writeErrors": [{"index": 1, "code": 17280, "errmsg": "key too large to index"}]}),
]


@pytest.mark.parametrize("raised", REFUSALS, ids=lambda error: f"{type(error).__name__} {getattr(error, 'code', '')}")
def test_whatever_driver_or_server_says_of_such_a_value_is_translated(raised: Exception) -> None:
    """mongomock measures nothing and FerretDB little, so what MongoDB raises is raised here."""
    connection = Connection("mongodb://in-memory/inventory", mongomock.MongoClient)

    with closing(connection), pytest.raises(Unstorable) as caught, connection.database():
        raise raised

    assert caught.value.__cause__ is raised


@pytest.mark.parametrize(
    "raised",
    [
        WriteError("disk full", 14031),
        BulkWriteError({"writeErrors": [{"index": 0, "code": 14031, "errmsg": "disk full"}]}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_server_without_room_is_a_full_store_whether_it_refuses_one_write_or_many(raised: Exception) -> None:
    connection = Connection("mongodb://in-memory/inventory", mongomock.MongoClient)

    with closing(connection), pytest.raises(StorageFull, match="no room on its disk"), connection.database():
        raise raised
