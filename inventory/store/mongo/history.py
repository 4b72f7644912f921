"""The lookups that were made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from inventory.history.model import Lookup, LookupOutcome
from inventory.listing import Key
from inventory.store.codecs import from_millis, read_text, text_bytes, to_millis
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.documents import after_key, newest_first


class MongoHistory(Adapter):
    def add(self, lookup: Lookup) -> None:
        document = {
            "_id": lookup.id,
            "source": lookup.source,
            "key": text_bytes(lookup.key),
            "outcome": lookup.outcome.value,
            "at": to_millis(lookup.at),
        }
        with self._connection.database() as database:
            try:
                database["history"].insert_one(document)
            except DuplicateKeyError:  # it is kept, and its reply was lost
                return

    def listing(self, source: str | None, *, limit: int, after: Key | None) -> Sequence[Lookup]:
        chosen = ({} if source is None else {"source": source}) | after_key("at", after, as_millis=True)
        with self._connection.database() as database:
            return [_lookup(each) for each in database["history"].find(chosen).sort(newest_first("at")).limit(limit)]

    def clear(self) -> None:
        with self._connection.database() as database:
            database["history"].delete_many({})

    def retire(self, *, before: datetime, limit: int) -> int:
        with self._connection.database() as database:
            history = database["history"]
            old = history.find({"at": {"$lt": to_millis(before)}}, {"_id": 1}).sort([("at", 1)]).limit(limit)
            ids = [each["_id"] for each in old]
            return history.delete_many({"_id": {"$in": ids}}).deleted_count if ids else 0


def _lookup(document: Document) -> Lookup:
    key = read_text(document["key"]) or ""
    return Lookup(document["_id"], document["source"], key, LookupOutcome(document["outcome"]), from_millis(document["at"]))
