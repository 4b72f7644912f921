"""Removing old messages with all of theirs, and what a watch left that is gone, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pymongo.database import Database

from inventory.store.codecs import to_millis
from inventory.store.mongo import deliveries, watches
from inventory.store.mongo.connection import Document


def remove(database: Database[Document], before: datetime, limit: int) -> int:
    """Remove some of what is old, or else of what was left; how many documents, about `limit`."""
    if ended := _ended(database, before):
        return _remove_old(database, ended, limit)
    return _remove_orphans(database, limit)


def _ended(database: Database[Document], before: datetime) -> list[Document]:
    """The oldest messages that were made before and have no delivery that goes on, some of them."""
    end = to_millis(before)
    old: Document = {"created_at": {"$lt": end}}
    names, order = {"created_at": 1, "findings": 1}, [("created_at", 1), ("_id", 1)]
    while found := list(database["messages"].find(old, names).sort(order).limit(watches.MAX_REMOVED)):
        of_these = {"message_id": {"$in": [each["_id"] for each in found]}} | deliveries.GOES_ON
        going_on = {each["message_id"] for each in database["deliveries"].find(of_these, {"message_id": 1})}
        if ended := [each for each in found if each["_id"] not in going_on]:
            return ended
        at, last = found[-1]["created_at"], found[-1]["_id"]
        old = {"$or": [{"created_at": at, "_id": {"$gt": last}}, {"created_at": {"$gt": at, "$lt": end}}]}
    return []


def _remove_old(database: Database[Document], ended: Sequence[Document], limit: int) -> int:
    """Remove messages, the findings of each first; how many documents, about `limit`."""
    removed, ids = 0, list[str]()
    for each in ended:
        if ids and removed + each["findings"] > limit:
            break
        ids.append(each["_id"])
        removed += each["findings"] + 1
    first = {"message_id": ids[0]}
    some = [each["_id"] for each in database["findings"].find(first, {"_id": 1}).limit(limit)]
    if len(some) == limit:
        return database["findings"].delete_many({"_id": {"$in": some}}).deleted_count
    of_these = {"message_id": {"$in": ids}}
    removed = sum(database[name].delete_many(of_these).deleted_count for name in ("findings", "deliveries"))
    return removed + database["messages"].delete_many({"_id": {"$in": ids}}).deleted_count


def _remove_orphans(database: Database[Document], limit: int) -> int:
    """Remove some of what a watch left that is gone: it was deleted, and that was cut short."""
    left = {each for name in ("findings", "messages") for each in _watches_in(database, name)}
    known = {each["_id"] for each in database["watches"].find({}, {"_id": 1})}  # read last: what lacks now is gone
    return next((removed for each in sorted(left - known) if (removed := watches.remove_told(database, each, limit))), 0)


def _watches_in(database: Database[Document], name: str) -> Iterator[str]:
    """The ids of the watches that a collection names. FerretDB 1 refuses `distinct` within a time."""
    last = ""
    while (
        found := database[name].find_one({"watch_id": {"$gt": last}}, {"watch_id": 1}, sort=[("watch_id", 1)])
    ) is not None:
        last = found["watch_id"]
        yield last
