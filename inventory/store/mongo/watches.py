"""Watches, each a document with what it owes; `messages` explains `due_at`, `lease`, `fence`, `found` and `outgoing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from inventory.clock import Clock
from inventory.listing import Key
from inventory.store.codecs import from_millis, to_millis
from inventory.store.mongo import watching
from inventory.store.mongo.connection import Adapter, Connection, Document
from inventory.store.mongo.documents import after_key, newest_first
from inventory.store.watch_codecs import key_of, read_watch, watch_content
from inventory.watches.model import Watch, message_due_at

MAX_REMOVED = 1_000
"""What is removed at once, so that no call takes too long."""


class MongoWatches(Adapter):
    def __init__(self, connection: Connection, clock: Clock) -> None:
        super().__init__(connection)
        self._clock = clock

    def add(self, watch: Watch, *, at_most: int) -> Watch | None:
        """Of several that are added at the same moment, all may find room for one more."""
        new = _set(watch) | {
            "_id": watch.id,
            "created_at": to_millis(watch.created_at),
            "enrolled": False,
            "enrolled_up_to": None,
            "messages": 0,
            "last_message_at": None,
            "due_at": None,
            "lease": None,
            "fence": 0,
            "found": 0,
            "outgoing": None,
        }
        with self._connection.database() as database:
            if (found := database["watches"].find_one({"name_key": new["name_key"]})) is not None:
                return read(found)
            if database["watches"].count_documents({}, limit=at_most + 1) >= at_most:
                return None
            if not watch.paused:
                watching.begin(database, watch.changed_at)
            try:
                database["watches"].insert_one(new)
            except DuplicateKeyError:
                found = database["watches"].find_one({"$or": [{"_id": watch.id}, {"name_key": new["name_key"]}]})
                return None if found is None else read(found)
            self._begin_or_end(database, watch)
        return read(new)

    def find(self, watch_id: str) -> Watch | None:
        return self._one({"_id": watch_id})

    def named(self, name: str) -> Watch | None:
        return self._one({"name_key": key_of(name)})

    def listing(self, *, limit: int, after: Key | None) -> Sequence[Watch]:
        chosen = after_key("created_at", after, as_millis=True)
        with self._connection.database() as database:
            return [read(each) for each in database["watches"].find(chosen).sort(newest_first("created_at")).limit(limit)]

    def active(self) -> Sequence[Watch]:
        """It is asked again and again, so it repairs what a death between two steps of `add` or `replace` left."""
        with self._connection.database() as database:
            found = list(database["watches"].find(watching.ACTIVE).sort([("created_at", 1), ("_id", 1)]))
            if found and watching.since(database) is None:
                watching.begin(database, self._clock())
        return [read(each) for each in found]

    def replace(self, seen: Watch, watch: Watch) -> bool:
        as_seen = {"_id": seen.id} | _set(seen)
        changed = _set(watch) | ({"enrolled": False, "enrolled_up_to": None} if watch.version != seen.version else {})
        with self._connection.database() as database:
            if database["watches"].find_one({"name_key": changed["name_key"], "_id": {"$ne": seen.id}}, {"_id": 1}):
                return False
            try:
                replaced = database["watches"].update_one(as_seen, {"$set": changed}).matched_count == 1
            except DuplicateKeyError:  # it got the name in this moment
                return False
            if replaced and watch.cooldown != seen.cooldown:
                _let_be_due(database, watch)
            self._begin_or_end(database, watch)
        return replaced

    def delete(self, watch_id: str) -> bool:
        """What it told and found goes afterwards, in parts; what a crash leaves of that goes with old messages."""
        with self._connection.database() as database:
            deleted = database["watches"].delete_one({"_id": watch_id}).deleted_count == 1
            watching.end(database)
        removed = 1
        while removed:
            with self._connection.database() as database:
                removed = remove_told(database, watch_id, MAX_REMOVED)
        return deleted

    def _begin_or_end(self, database: Database[Document], watch: Watch) -> None:
        if watch.paused:
            watching.end(database)
        else:
            watching.begin(database, watch.changed_at)

    def _one(self, chosen: Document) -> Watch | None:
        with self._connection.database() as database:
            found = database["watches"].find_one(chosen)
        return None if found is None else read(found)


def _let_be_due(database: Database[Document], watch: Watch) -> None:
    """Let the message that is owed be due by another cooldown, unless it is being made."""
    owing = {"_id": watch.id, "due_at": {"$gte": 0}, "lease": None, "outgoing": None}
    if (found := database["watches"].find_one(owing)) is not None:
        due_at = to_millis(message_due_at(read(found), watch.changed_at))
        database["watches"].update_one(owing | {"due_at": found["due_at"]}, {"$set": {"due_at": due_at}})


def remove_told(database: Database[Document], watch_id: str, limit: int) -> int:
    """Remove some of the messages of a watch with their deliveries, or else of its findings; how many, up to `limit`."""
    for name in ("messages", "findings"):
        ids = [each["_id"] for each in database[name].find({"watch_id": watch_id}, {"_id": 1}).limit(limit)]
        if ids and name == "messages":
            database["deliveries"].delete_many({"message_id": {"$in": ids}})
        if ids:
            database[name].delete_many({"_id": {"$in": ids}})
            return len(ids)
    return 0


def read(document: Mapping[str, Any]) -> Watch:
    up_to, last_message_at = document["enrolled_up_to"], document["last_message_at"]
    return Watch(
        id=document["_id"],
        created_at=from_millis(document["created_at"]),
        changed_at=from_millis(document["changed_at"]),
        paused=document["paused"],
        version=document["version"],
        enrolled=document["enrolled"],
        enrolled_up_to=None if up_to is None else (from_millis(up_to[0]), up_to[1]),
        messages=document["messages"],
        last_message_at=None if last_message_at is None else from_millis(last_message_at),
        **read_watch(document["content"]),
    )


def _set(watch: Watch) -> Document:
    """What people set."""
    return {
        "name_key": key_of(watch.name),
        "changed_at": to_millis(watch.changed_at),
        "paused": watch.paused,
        "version": watch.version,
        "content": watch_content(watch),
    }
