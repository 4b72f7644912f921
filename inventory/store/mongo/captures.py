"""The index of captures: records by the keys of their URLs, and snapshots in both directions.

`urlkey` of a record is empty where it is no webpage, and missing where older code wrote the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne

from inventory.cdx.model import UrlRecord, urlkey_of
from inventory.cdx.ports import RecordKey
from inventory.listing import Key
from inventory.records.model import Record, Snapshot
from inventory.store.mongo import documents
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.latest import without
from inventory.store.mongo.upserts import update_all

NAMELESS: Document = {"urlkey": None}


class MongoCaptures(Adapter):
    def records(self, low: RecordKey, high: RecordKey, *, limit: int, backwards: bool) -> Sequence[UrlRecord]:
        with self._connection.database() as database:
            found = database["records"].find(_between("urlkey", low, high), without())
            in_order = found.sort(_order("urlkey", backwards=backwards)).limit(limit)
            return [UrlRecord(each["urlkey"], documents.record(each)) for each in in_order]

    def snapshots(self, record: Record, low: Key, high: Key, *, limit: int, backwards: bool) -> Sequence[Snapshot]:
        past = {"$or": [{"settled": True}, {"_id": record.snapshot_id}]}
        of_record = {"record_id": record.id, "accepted_at": record.accepted_at}
        chosen = {"$and": [of_record, past, _between("collected_at", low, high)]}
        with self._connection.database() as database:
            found = database["snapshots"].find(chosen).sort(_order("collected_at", backwards=backwards)).limit(limit)
            return [documents.snapshot(each) for each in found]

    def name_some(self, limit: int) -> int:
        with self._connection.database() as database:
            found = list(database["records"].find(NAMELESS, {"source": 1, "key": 1, "host": 1}).limit(limit))
            named = ((each["_id"], urlkey_of(documents.target(each))) for each in found)
            update_all(database["records"], [UpdateOne({"_id": name}, {"$set": {"urlkey": key}}) for name, key in named])
        return len(found)


def _between(field: str, low: tuple[Any, str], high: tuple[Any, str]) -> Document:
    """The filter for what lies between two positions; its first condition is what an index is entered with."""
    return {
        field: {"$gte": low[0], "$lte": high[0]},
        "$and": [
            {"$or": [{field: {"$gt": low[0]}}, {field: low[0], "_id": {"$gt": low[1]}}]},
            {"$or": [{field: {"$lt": high[0]}}, {field: high[0], "_id": {"$lt": high[1]}}]},
        ],
    }


def _order(field: str, *, backwards: bool) -> list[tuple[str, int]]:
    direction = -1 if backwards else 1
    return [(field, direction), ("_id", direction)]
