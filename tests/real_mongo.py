"""The server of MongoDB's protocol that tests use, where one is named: which it is, and a database on it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import MongoClient

SERVER = os.environ.get("INVENTORY_TEST_MONGO_URI", "")
STORES = ["sqlite", *(["mongodb"] if SERVER else [])]
ANY_STORE = STORES if os.environ.get("INVENTORY_TEST_ALL_STORES") else STORES[:1]
"""For a module whose way through the stores is no other than that of modules on `STORES`: SQLite, unless all is wanted."""


def is_ferretdb(server: str) -> bool:
    """Whether a server says that it is FerretDB 1, whose updates are no single steps."""
    with MongoClient[dict[str, object]](server, serverSelectionTimeoutMS=5000) as client:
        return any(name.startswith("ferretdb") for name in client.server_info())


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of a database there that does not exist yet; it is dropped when the block ends."""
    url = f"{server.rstrip('/')}/inventory_test_{secrets.token_hex(6)}"
    yield url
    with MongoClient[dict[str, object]](url) as client:
        client.drop_database(client.get_default_database())
