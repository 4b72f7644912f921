"""The stores that the contract is held against: SQLite and mongomock always, a real server where one is named.

`place` is every one of them. `shared` leaves out mongomock, whose updates are no single steps for other threads and which
no other process can reach.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pymongo import MongoClient

from inventory.store import Store
from inventory.store.mongo import schema
from tests.contract.one_at_a_time import OneAtATime
from tests.contract.places import MockPlace, MongoPlace, Place, SqlitePlace

SERVER = os.environ.get("INVENTORY_TEST_MONGO_URI", "")
REAL = ["mongodb"] if SERVER else []

BEGINNING = frozenset({"test_starting", "test_migrating", "test_meeting"})
CURRENT = {"version": schema.VERSION}

collect_ignore = [] if SERVER else ["test_real_server.py"]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of the real server, without a database; one that is not MongoDB itself is made to answer one at a time."""
    with MongoClient(SERVER, serverSelectionTimeoutMS=5000) as client:
        ferret = any(name.startswith("ferretdb") for name in client.server_info())
    if not ferret:
        yield SERVER.rstrip("/")
        return
    with OneAtATime(SERVER) as between:
        yield between.url


@pytest.fixture(scope="module")
def database(server: str) -> Iterator[MongoPlace]:
    """A database of the module's own on the real server, dropped afterwards."""
    place = MongoPlace(f"{server}/inventory_test_{secrets.token_hex(6)}")
    yield place
    with place.client() as client:
        client.drop_database(client.get_default_database())


@pytest.fixture
def mongodb(database: MongoPlace, request: pytest.FixtureRequest) -> Iterator[MongoPlace]:
    """An empty database: made anew for tests of how one begins, else with its collections, which take longest to make."""
    yield database
    with database.client() as client:
        kept = client.get_default_database()
        if request.module.__name__.rpartition(".")[2] in BEGINNING or kept["meta"].find_one({}, {"_id": 0}) != CURRENT:
            client.drop_database(kept)
        for name in kept.list_collection_names():
            if name != "meta":
                kept[name].delete_many({})


@pytest.fixture
def sqlite(tmp_path: Path) -> SqlitePlace:
    """A file in a folder that does not exist yet."""
    return SqlitePlace(tmp_path / "var" / "inventory.sqlite3")


@pytest.fixture
def mongomock() -> MockPlace:
    """A database in memory."""
    return MockPlace()


@pytest.fixture(params=["sqlite", "mongomock", *REAL])
def place(request: pytest.FixtureRequest) -> Place:
    """Where this test's store keeps its records."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["sqlite", *REAL])
def shared(request: pytest.FixtureRequest) -> Place:
    """The same, where threads and processes may meet."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["mongomock", *REAL])
def mongo(request: pytest.FixtureRequest) -> MongoPlace:
    """The same, where there are collections."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """A store on `place`."""
    with closing(place.open()) as store:
        yield store
