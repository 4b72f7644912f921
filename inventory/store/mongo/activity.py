"""How many collections ended in each hour: one document for each hour, source and code.

They are counted right after the records have changed, and without a transaction. Of what a worker had settled when it was
killed, or when the server went away, the counts may lack its last call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from pymongo import UpdateOne

from inventory.activity.model import HourCount
from inventory.errors import StorageUnavailable
from inventory.records.model import Failed, Stored
from inventory.store.codecs import from_millis, to_millis_up
from inventory.store.hour_counts import HourKey, hour_counts
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.upserts import upsert

log = structlog.get_logger(__name__)

IN_ORDER = [("at", 1), ("source", 1), ("code", 1)]


class Counting(Adapter):
    """Counts claims that have ended."""

    def ended(self, outcomes: Sequence[Stored | Failed]) -> None:
        """Count these, with one update for each hour, source and code.

        Where that cannot be done now, they stay uncounted: the outcomes themselves are kept.
        """
        if not outcomes:
            return
        try:
            with self._connection.database() as database:
                upsert(database["activity"], [_counted(*each) for each in hour_counts(outcomes).items()])
        except StorageUnavailable as error:
            log.warning("activity_not_counted", collections=len(outcomes), error=str(error))


class MongoActivity(Adapter):
    def counts(self, *, since: datetime, until: datetime, source: str | None) -> Sequence[HourCount]:
        chosen: Document = {"at": {"$gte": to_millis_up(since), "$lt": to_millis_up(until)}}
        chosen |= {} if source is None else {"source": source}
        with self._connection.database() as database:
            return [_count(each) for each in database["activity"].find(chosen).sort(IN_ORDER)]

    def retire(self, *, before: datetime, limit: int) -> int:
        with self._connection.database() as database:
            activity = database["activity"]
            old = activity.find({"at": {"$lt": to_millis_up(before)}}, {"_id": 1}).sort([("at", 1)]).limit(limit)
            ids = [each["_id"] for each in old]
            return activity.delete_many({"_id": {"$in": ids}}).deleted_count if ids else 0


def _counted(key: HourKey, number: int) -> UpdateOne:
    at, source, code = key
    new = {"at": at, "source": source, "code": code}
    return UpdateOne({"_id": f"{at} {source} {code}"}, {"$inc": {"count": number}, "$setOnInsert": new}, upsert=True)


def _count(document: Mapping[str, Any]) -> HourCount:
    at = from_millis(document["at"])
    return HourCount(at=at, source=document["source"], code=document["code"], count=document["count"])
