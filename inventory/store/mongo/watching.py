"""Since when there has been a watch that is not paused: a document of `meta`, none while there is none.

Outcomes are remembered while it is there. It is made again after each change of a watch, with a new token; and removed only
by who read its token before it saw that no watch is left. So it is there while a watch is, whoever meets whom.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from inventory.store.codecs import to_millis
from inventory.store.mongo.connection import Document

WATCHING: Document = {"_id": "watching"}
ACTIVE: Document = {"paused": False}


def since(database: Database[Document]) -> int | None:
    """Since when; None while there is none."""
    found = database["meta"].find_one(WATCHING)
    return None if found is None else int(found["since"])


def begin(database: Database[Document], now: datetime) -> None:
    """Watches look from now on, if they did not before."""
    made = {"$set": {"token": secrets.token_hex(16)}, "$setOnInsert": {"since": to_millis(now)}}
    try:
        database["meta"].update_one(WATCHING, made, upsert=True)
    except DuplicateKeyError:  # another one began in this moment
        database["meta"].update_one(WATCHING, made)


def end(database: Database[Document]) -> None:
    """No watch looks any more, if none is left."""
    found = database["meta"].find_one(WATCHING)
    if found is not None and database["watches"].find_one(ACTIVE, {"_id": 1}) is None:
        database["meta"].delete_one(WATCHING | {"token": found["token"]})
