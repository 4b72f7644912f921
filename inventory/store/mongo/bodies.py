"""Bodies and attachments, once per distinct content: kept with the snapshot that names them, deleted when none does.

Without transactions these orders keep every body that a settled record's snapshot names:

    settling   1. insert the snapshot   2. keep the body, removing any mark   3. let the record name the snapshot
    deleting   a. mark the body with a new token   b. check whether a snapshot names it
               c. if none does, delete it where it still has this mark

Suppose (c) deletes. Then no step 2 fell between (a) and (c), for it would have removed the mark. If step 2 came before
(a), step 1 did too, so (b) saw the snapshot and there was no (c): unless that snapshot was removed by then, and then no
record names it. If step 2 came after (c), it wrote the body again. So after step 3 the body is there in any case.
A mark that was never used does no harm: only the call that made it deletes by it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from inventory.store.frames import keep_body, kept_body
from inventory.store.mongo import documents
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.upserts import upsert

NOTHING: Mapping[str, bytes] = {}


class MongoBodies(Adapter):
    def find(self, sha256: str) -> bytes | None:
        with self._connection.database() as database:
            found = find(database, sha256)
        return None if found is None else kept_body(found.get("form"), found["bytes"])

    def sweep(self, *, after: str, limit: int) -> str:
        """A worker that removed the last snapshot of a body and died before this left the body."""
        with self._connection.database() as database:
            found = database["bodies"].find({"_id": {"$gt": after}}, {"_id": 1}).sort("_id", 1).limit(limit)
            keys = [each["_id"] for each in found]
            discard(database, [key for key in keys if not is_named(database, key)])
        return keys[-1] if len(keys) == limit else ""


def find(database: Database[Document], sha256: str) -> Document | None:
    """The document of a body."""
    return database["bodies"].find_one({"_id": sha256})


def keep(
    database: Database[Document], bodies: Mapping[str, bytes], attached: Mapping[str, bytes] = NOTHING
) -> dict[str, Document]:
    """Step 2, for bodies and attachments by their SHA-256; the fields of the documents of the bodies.

    What is attached is coded or short, so that a frame would not make it smaller.
    """
    fields = {key: _fields(body) for key, body in bodies.items()}
    change = {"$unset": {"condemned": ""}}
    written = {key: {"bytes": documents.fitting(each)} for key, each in attached.items()} | fields
    updates = [UpdateOne({"_id": key}, change | {"$setOnInsert": each}, upsert=True) for key, each in written.items()]
    upsert(database["bodies"], updates)
    return fields


def _fields(body: bytes) -> Document:
    form, kept = keep_body(body)
    return {"bytes": documents.fitting(kept)} | ({} if form is None else {"form": form.value})


def discard(database: Database[Document], keys: Iterable[str | None]) -> None:
    """Steps a to c, for what removed snapshots named, as `named_by` tells."""
    for sha256 in {key for key in keys if key is not None}:
        token = condemn(database, sha256)
        if not is_named(database, sha256):
            delete_condemned(database, sha256, token)


def condemn(database: Database[Document], sha256: str) -> str:
    """Step a: the token of the mark."""
    token = secrets.token_hex(16)
    database["bodies"].update_one({"_id": sha256}, {"$set": {"condemned": token}})
    return token


def is_named(database: Database[Document], sha256: str) -> bool:
    """Step b: whether any snapshot names the body or attachment, settled or not."""
    return database["snapshots"].find_one(naming(sha256), {"_id": 1}) is not None


def naming(sha256: str) -> Document:
    """The filter for the snapshots that name a body or attachment."""
    return {"$or": [{"body_sha256": sha256}, {"attached": sha256}]}


def names() -> Document:
    """The projection of a snapshot to what it names; a new one each time, because mongomock changes what it is given."""
    return {"body_sha256": 1, "attached": 1}


def named_by(snapshots: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """The SHA-256 of all that these documents name, of which they have at least `names()`."""
    return [key for each in snapshots for key in (each.get("body_sha256"), *each.get("attached", ()))]


def delete_condemned(database: Database[Document], sha256: str, token: str) -> None:
    """Step c."""
    database["bodies"].delete_one({"_id": sha256, "condemned": token})
