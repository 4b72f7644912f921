"""The stores that the contract is held against: SQLite and mongomock always, a real server where one is named.

`backend` is every one of them. `shared` leaves out mongomock, whose updates are no single steps for other threads and which
no other process can reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from inventory.store import Store
from inventory.store.mongo import schema
from tests.contract.backends import Backend, MockBackend, MongoBackend, SqliteBackend
from tests.contract.backends import database as database_of
from tests.contract.one_at_a_time import OneAtATime
from tests.contract.orders import Documents
from tests.real_mongo import SERVER, STORES, is_ferretdb, new_database

REAL = STORES[1:]

BEGINNING = frozenset({"test_starting", "test_migrating", "test_meeting"})
CURRENT = {"version": schema.VERSION}

collect_ignore = [] if SERVER else ["test_real_server.py"]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of the real server, without a database; FerretDB is made to answer one at a time."""
    if not is_ferretdb(SERVER):
        yield SERVER.rstrip("/")
        return
    with OneAtATime(SERVER) as between:
        yield between.url


@pytest.fixture(scope="module")
def database(server: str) -> Iterator[MongoBackend]:
    """A database of the module's own on the real server, dropped afterwards."""
    with new_database(server) as url:
        yield MongoBackend(url)


@pytest.fixture
def mongodb(database: MongoBackend, request: pytest.FixtureRequest) -> Iterator[MongoBackend]:
    """An empty database: a new one for tests of how one begins, else with its collections, which take longest to make."""
    yield database
    with database.client() as client:
        kept = client.get_default_database()
        if request.module.__name__.rpartition(".")[2] in BEGINNING or kept["meta"].find_one({}, {"_id": 0}) != CURRENT:
            client.drop_database(kept)
        for name in kept.list_collection_names():
            if name != "meta":
                kept[name].delete_many({})
        kept["meta"].delete_many({"_id": {"$ne": "schema"}})


@pytest.fixture
def sqlite(tmp_path: Path) -> SqliteBackend:
    """A file in a folder that does not exist yet."""
    return SqliteBackend(tmp_path / "var" / "inventory.sqlite3")


@pytest.fixture
def mongomock() -> MockBackend:
    """A database in memory."""
    return MockBackend()


@pytest.fixture(params=["sqlite", "mongomock", *REAL])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Where this test's store keeps its records."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["sqlite", *REAL])
def shared(request: pytest.FixtureRequest) -> Backend:
    """The same, where threads and processes may meet."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["mongomock", *REAL])
def mongo(request: pytest.FixtureRequest) -> MongoBackend:
    """The same, where there are collections."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def documents(mongo: MongoBackend) -> Iterator[Documents]:
    """The collections themselves."""
    with mongo.client() as client:
        yield database_of(client)


@pytest.fixture
def shared_store(shared: Backend) -> Iterator[Store]:
    """A store that threads share."""
    with closing(shared.open()) as store:
        yield store


@pytest.fixture
def store(backend: Backend) -> Iterator[Store]:
    """A store on `backend`."""
    with closing(backend.open()) as store:
        yield store
