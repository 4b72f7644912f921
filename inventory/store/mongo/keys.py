"""Keys, and the secret that signs cookies.

name_key    stands for the name; for a revoked key, whose name is free again, it is the key's id
expires_at  None for a key that never expires
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from inventory import listing
from inventory.access.model import Key
from inventory.store.access_codecs import key_values, read_key_content
from inventory.store.codecs import from_millis, read_text, text_bytes, to_millis
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.documents import after_key, newest_first
from inventory.store.watch_codecs import key_of

SIGNING = {"_id": "signing_secret"}


class MongoKeys(Adapter):
    def add(self, key: Key) -> bool:
        same = {"name_key": key_of(key.name) if key.revoked_at is None else key.id}
        with self._connection.database() as database:
            found = database["keys"].find_one(same, {"_id": 1})
            if found is None:
                try:
                    database["keys"].insert_one(_document(key) | same)
                except DuplicateKeyError:  # another one got the name in this moment
                    found = database["keys"].find_one(same, {"_id": 1})
        return found is None or found["_id"] == key.id

    def find(self, digest: str) -> Key | None:
        with self._connection.database() as database:
            found = database["keys"].find_one({"digest": bytes.fromhex(digest)})
        return None if found is None else _read(found)

    def of_id(self, key_id: str) -> Key | None:
        with self._connection.database() as database:
            found = database["keys"].find_one({"_id": key_id})
        return None if found is None else _read(found)

    def listing(self, *, limit: int, after: listing.Key | None) -> Sequence[Key]:
        chosen = after_key("created_at", after, as_millis=True)
        with self._connection.database() as database:
            found = database["keys"].find(chosen).sort(newest_first("created_at")).limit(limit)
            return [_read(each) for each in found]

    def revoke(self, key_id: str, *, now: datetime) -> Key | None:
        usable = {"_id": key_id, "revoked_at": None}
        with self._connection.database() as database:
            database["keys"].update_one(usable, {"$set": {"revoked_at": to_millis(now), "name_key": key_id}})
            found = database["keys"].find_one({"_id": key_id})
        return None if found is None else _read(found)

    def note_use(self, key_id: str, *, at: datetime, address: str) -> None:
        millis = to_millis(at)
        earlier = {"_id": key_id, "$or": [{"last_used_at": None}, {"last_used_at": {"$lt": millis}}]}
        noted = {"last_used_at": millis, "last_used_address": text_bytes(address)}
        with self._connection.database() as database:
            database["keys"].update_one(earlier, {"$set": noted})

    def any_usable(self, *, now: datetime) -> bool:
        with self._connection.database() as database:
            return any(
                database["keys"].find_one({"revoked_at": None, "expires_at": expires_at}, {"_id": 1}) is not None
                for expires_at in (None, {"$gt": to_millis(now)})
            )

    def signing_secret(self, proposed: bytes) -> bytes:
        with self._connection.database() as database:
            found = database["meta"].find_one(SIGNING)
            if found is None:
                with suppress(DuplicateKeyError):  # another process proposed one in this moment
                    database["meta"].update_one(SIGNING, {"$setOnInsert": {"value": proposed}}, upsert=True)
                found = database["meta"].find_one(SIGNING)
        return bytes((found or {"value": proposed})["value"])


def _document(key: Key) -> Document:
    values = key_values(key)
    return {"_id": values.pop("id")} | values


def _read(document: Mapping[str, Any]) -> Key:
    expires_at, revoked_at, used_at = (document[name] for name in ("expires_at", "revoked_at", "last_used_at"))
    return Key(
        id=document["_id"],
        name=read_text(document["name"]) or "",
        digest=bytes(document["digest"]).hex(),
        created_at=from_millis(document["created_at"]),
        expires_at=None if expires_at is None else from_millis(expires_at),
        revoked_at=None if revoked_at is None else from_millis(revoked_at),
        last_used_at=None if used_at is None else from_millis(used_at),
        last_used_address=read_text(document["last_used_address"]),
        **read_key_content(document["content"]),
    )
