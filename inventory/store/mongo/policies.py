"""Policies besides the built-in ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pymongo import UpdateOne

from inventory.listing import Key
from inventory.policy.model import KeptPolicy
from inventory.store.codecs import from_millis, to_millis
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.documents import after_key, newest_first
from inventory.store.mongo.upserts import upsert


class MongoPolicies(Adapter):
    def put(self, policy: KeptPolicy, *, at_most: int) -> KeptPolicy | None:
        """Of several that are new at the same moment, all may find room for one more."""
        same = {"_id": policy.id}
        changed = {
            "$set": {"changed_at": to_millis(policy.changed_at), "document": policy.document},
            "$setOnInsert": {"created_at": to_millis(policy.created_at)},
        }
        with self._connection.database() as database:
            policies = database["policies"]
            is_new = policies.find_one(same, {"_id": 1}) is None
            if is_new and policies.count_documents({}, limit=at_most + 1) >= at_most:
                return None
            upsert(policies, [UpdateOne(same, changed, upsert=True)])
            found = policies.find_one(same)
        return policy if found is None else _read(found)

    def find(self, policy_id: str) -> KeptPolicy | None:
        with self._connection.database() as database:
            found = database["policies"].find_one({"_id": policy_id})
        return None if found is None else _read(found)

    def listing(self, *, limit: int, after: Key | None) -> Sequence[KeptPolicy]:
        chosen = after_key("created_at", after, as_millis=True)
        with self._connection.database() as database:
            found = database["policies"].find(chosen).sort(newest_first("created_at")).limit(limit)
            return [_read(each) for each in found]

    def changed_at(self) -> Mapping[str, datetime]:
        with self._connection.database() as database:
            found = database["policies"].find({}, {"changed_at": 1}).sort([("created_at", 1), ("_id", 1)])
            return {each["_id"]: from_millis(each["changed_at"]) for each in found}

    def delete(self, policy_id: str) -> bool:
        with self._connection.database() as database:
            return database["policies"].delete_one({"_id": policy_id}).deleted_count == 1


def _read(document: Document) -> KeptPolicy:
    return KeptPolicy(
        id=document["_id"],
        created_at=from_millis(document["created_at"]),
        changed_at=from_millis(document["changed_at"]),
        document=bytes(document["document"]),
    )
