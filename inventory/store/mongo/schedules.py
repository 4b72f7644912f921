"""Schedules: when targets are to be collected for watches.

The `_id` of one is the watch's id and then the record's. `as_of` is the `mark` of the record after which it was there last:
an older look does not remove it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pymongo import DeleteOne, UpdateOne
from pymongo.database import Database

from inventory.listing import Key
from inventory.store.codecs import from_millis, to_millis
from inventory.store.mongo import watches, watching
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.upserts import change_all, insert_new, update_all
from inventory.watches.model import Schedule, Watch, swept


class MongoSchedules(Adapter):
    def enrol(self, watch: Watch, schedules: Sequence[Schedule], *, up_to: Key | None) -> bool:
        """Schedules of a version that is another by now are void, whatever becomes of them."""
        noted = {"enrolled": up_to is None, "enrolled_up_to": None if up_to is None else [to_millis(up_to[0]), up_to[1]]}
        as_seen = {"_id": watch.id, "version": watch.version}
        with self._connection.database() as database:
            if database["watches"].find_one(as_seen, {"_id": 1}) is None:
                return False
            write(database, [_document(each, as_of=0) for each in schedules])
            return database["watches"].update_one(as_seen, {"$set": noted}).matched_count == 1

    def due(self, *, now: datetime, limit: int) -> Sequence[Schedule]:
        with self._connection.database() as database:
            found = database["schedules"].find({"due_at": {"$lte": to_millis(now)}}).sort("due_at", 1).limit(limit)
            return [_read(each) for each in found]

    def advance(self, schedules: Sequence[Schedule]) -> None:
        self._change(schedules, lambda each: UpdateOne(_as_seen(each), {"$set": {"due_at": to_millis(each.due_at)}}))

    def remove(self, schedules: Sequence[Schedule]) -> None:
        self._change(schedules, lambda each: DeleteOne(_as_seen(each)))

    def sweep(self, *, after: str, limit: int, now: datetime) -> str:
        with self._connection.database() as database:
            found = database["schedules"].find({"_id": {"$gt": after}}).sort("_id", 1).limit(limit)
            seen = [_read(each) for each in found]
            active = database["watches"].find(watching.ACTIVE) if seen else ()
            void, late = swept(seen, [watches.read(each) for each in active], now)
            earlier = [UpdateOne(_as_seen(each), {"$min": {"due_at": to_millis(each.due_at)}}) for each in late]
            change_all(database["schedules"], [*(DeleteOne(_as_seen(each)) for each in void), *earlier])
        return schedule_id(seen[-1].watch_id, seen[-1].record_id) if len(seen) == limit else ""

    def counts(self, watch_ids: Sequence[str]) -> Mapping[str, int]:
        with self._connection.database() as database:
            found = database["watches"].find({"_id": {"$in": list(watch_ids)}}, {"version": 1})
            versions = {each["_id"]: each["version"] for each in found}
            return {
                each: database["schedules"].count_documents({"watch_id": each, "version": versions[each]})
                if each in versions
                else 0
                for each in watch_ids
            }

    def _change(self, schedules: Sequence[Schedule], operation: Callable[[Schedule], UpdateOne | DeleteOne]) -> None:
        with self._connection.database() as database:
            change_all(database["schedules"], [operation(each) for each in schedules])


def write(database: Database[Document], wanted: Sequence[Document]) -> None:
    """Insert those that are not there, and let those of an older version be so; others stay."""
    there = database["schedules"].find({"_id": {"$in": [each["_id"] for each in wanted]}}, {"version": 1}) if wanted else ()
    versions = {each["_id"]: each["version"] for each in there}
    insert_new(database["schedules"], [each for each in wanted if each["_id"] not in versions])
    older = [
        UpdateOne({"_id": each["_id"], "version": {"$lt": each["version"]}}, {"$set": _but_id(each)})
        for each in wanted
        if versions.get(each["_id"], each["version"]) < each["version"]
    ]
    update_all(database["schedules"], older)


def document(watch_id: str, record_id: str, *, due_at: int, version: int, as_of: int) -> Document:
    """A schedule as it is kept."""
    return {
        "_id": schedule_id(watch_id, record_id),
        "watch_id": watch_id,
        "record_id": record_id,
        "due_at": due_at,
        "version": version,
        "as_of": as_of,
    }


def schedule_id(watch_id: str, record_id: str) -> str:
    return f"{watch_id}{record_id}"


def remove_of_record(database: Database[Document], record_id: str) -> None:
    """Remove the schedules of a record; those that are void go later."""
    ids = [schedule_id(each["_id"], record_id) for each in database["watches"].find({}, {"_id": 1})]
    if ids:
        database["schedules"].delete_many({"_id": {"$in": ids}})


def _document(schedule: Schedule, *, as_of: int) -> Document:
    due_at = to_millis(schedule.due_at)
    return document(schedule.watch_id, schedule.record_id, due_at=due_at, version=schedule.version, as_of=as_of)


def _but_id(kept: Document) -> Document:
    return {name: value for name, value in kept.items() if name != "_id"}


def _as_seen(schedule: Schedule) -> Document:
    return {"_id": schedule_id(schedule.watch_id, schedule.record_id), "version": schedule.version}


def _read(kept: Document) -> Schedule:
    return Schedule(kept["watch_id"], kept["record_id"], from_millis(kept["due_at"]), kept["version"])
