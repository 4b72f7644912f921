"""Removing what nothing names any more: documents of targets without a record, and values.

One pass goes over the targets by their ids, then over the values by their numbers; its position is one number for both.

A value that nothing names is marked, and removed when it has had its mark for `UNNAMED_FOR` and nothing names it still. Who
wants to name it takes the mark away first (`numbers`), or remembers its number from before, for a far shorter time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

from pymongo import UpdateOne
from pymongo.database import Database

from inventory.clock import truncated
from inventory.store.codecs import to_millis
from inventory.store.mongo import documents
from inventory.store.mongo.connection import Document
from inventory.store.mongo.upserts import update_all

UNNAMED_FOR = timedelta(days=1)
PRUNE_FOR = 1.0
"""Seconds after which the next call goes on."""
VALUES = 2**128
"""Where the positions of values begin, after those of all ids."""


def prune(database: Database[Document], after: int, limit: int, now: datetime) -> int:
    """Go over the `limit` next ones after a position; the position then, 0 at the end."""
    left = limit
    if after < VALUES:
        seen = _prune_targets(database, f"{after:032x}" if after else "", limit)
        if len(seen) == limit:
            return int(seen[-1], 16)
        after, left = VALUES, limit - len(seen)
    last = _prune_values(database, after - VALUES, left, truncated(now))
    return 0 if last is None else VALUES + last


def _prune_targets(database: Database[Document], after: str, limit: int) -> list[str]:
    """Remove those without a record; the ids that were looked at."""
    fields = {"accepted_at": 1, "version": 1}
    seen = list(database["observed_targets"].find({"_id": {"$gt": after}}, fields).sort("_id", 1).limit(limit))
    ids = [each["_id"] for each in seen]
    found = database["records"].find({"_id": {"$in": ids}}, {"accepted_at": 1}) if ids else ()
    records = {each["_id"]: to_millis(documents.aware(each["accepted_at"])) for each in found}
    for each in seen:
        if records.get(each["_id"]) != each["accepted_at"]:
            database["observed_targets"].delete_one({"_id": each["_id"], "version": each["version"]})
    return ids


def _prune_values(database: Database[Document], after: int, limit: int, now: datetime) -> int | None:
    """Mark, unmark or remove values; the number that the next call goes on after, None at the end."""
    until, seen = monotonic() + PRUNE_FOR, 0
    fields = {"no": 1, "unnamed_at": 1}
    position: int | None = None
    changes: list[UpdateOne] = []
    for value in list(database["field_values"].find({"no": {"$gt": after}}, fields).sort("no", 1).limit(limit)):
        seen, marked_at = seen + 1, value.get("unnamed_at")
        if _is_named(database, value["no"]):
            changes += [UpdateOne({"_id": value["_id"]}, {"$unset": {"unnamed_at": ""}})] if marked_at else []
        elif marked_at is None:
            changes.append(UpdateOne({"_id": value["_id"]}, {"$set": {"unnamed_at": now}}))
        elif documents.aware(marked_at) <= now - UNNAMED_FOR:
            database["field_values"].delete_one({"_id": value["_id"], "unnamed_at": marked_at})
        if seen == limit or monotonic() > until:
            position = int(value["no"])
            break
    update_all(database["field_values"], changes)
    return position


def _is_named(database: Database[Document], number: int) -> bool:
    named = {"$or": [{"values": number}, {"past.v": number}]}
    return database["observed_targets"].find_one(named, {"_id": 1}) is not None
