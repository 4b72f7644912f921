"""Log events, each a document under its own id.

Instants are whole milliseconds, as in SQLite: BSON's own come back as Python's only within its years. What is grouped by is
stored ready: `hour` is the instant at which the event's hour begins. Texts from outside are bytes (`store.codecs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from pymongo.database import Database

from inventory.events.model import MAX_SEARCHED, Event, EventFilter, EventSearch, EventStats, FoundEvents, PlainEvent, id_of
from inventory.listing import Key
from inventory.store.codecs import (
    content_bytes,
    instant_of,
    newest_hours,
    read_content,
    read_text,
    text_bytes,
    to_millis,
    to_millis_up,
)
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.documents import after_key, newest_first
from inventory.store.mongo.upserts import insert_new

HOUR = 3_600_000
"""Milliseconds."""
STATS_TIMEOUT = 20.0
"""Seconds: a statistic reads all that it counts."""
SEARCH_TIMEOUT, SEARCH_BATCH = 10.0, 500
"""Seconds of a search, and messages that are in memory at once."""


class MongoEvents(Adapter):
    def add(self, events: Sequence[Event]) -> None:
        self._add([_document(event) for event in events])

    def add_plain(self, job_id: str, events: Sequence[PlainEvent]) -> None:
        self._add([_plain(job_id, event) for event in events])

    def _add(self, new: Sequence[Document]) -> None:
        with self._connection.database() as database:
            insert_new(database["events"], new)

    def listing(self, chosen: EventFilter, *, limit: int, after: Key | None) -> Sequence[Event]:
        conditions = {"$and": [_conditions(chosen), after_key("timestamp", after, as_millis=True)]}
        with self._connection.database() as database:
            found = database["events"].find(conditions).sort(newest_first("timestamp")).limit(limit)
            return [_event(each) for each in found]

    def search(self, chosen: EventFilter, search: EventSearch, *, after: Key | None) -> FoundEvents:
        traced = {} if search.trace_id is None else {"trace_id": text_bytes(search.trace_id)}
        conditions = {"$and": [_conditions(chosen) | traced, after_key("timestamp", after, as_millis=True)]}
        ids: list[str] = []
        reached: Key | None = None
        with self._connection.database(SEARCH_TIMEOUT) as database:
            messages = database["events"].find(conditions, {"timestamp": 1, "message": 1}, batch_size=SEARCH_BATCH)
            for each in messages.sort(newest_first("timestamp")).limit(MAX_SEARCHED):
                if search.takes(read_text(each["message"]) or ""):
                    ids.append(each["_id"])
                if search.is_over:
                    reached = instant_of(each["timestamp"]), each["_id"]
                    break
            messages.close()
            found = {each["_id"]: _event(each) for each in database["events"].find({"_id": {"$in": ids}})} if ids else {}
        return FoundEvents([found[event_id] for event_id in ids if event_id in found], reached)

    def note_imports(self, *, after: str, limit: int, now: datetime) -> str:
        with self._connection.database() as database:
            for _ in range(limit):
                found = database["events"].find_one({"job_id": {"$gt": after}}, {"job_id": 1}, sort=[("job_id", 1)])
                if found is None:
                    return ""
                after = found["job_id"]
                if database["event_imports"].find_one({"_id": after}) is None:
                    insert_new(database["event_imports"], [{"_id": after, "noted_at": to_millis(now)}])
        return after

    def retire(self, *, before: datetime, limit: int) -> int:
        removed, old = 0, {"noted_at": {"$lt": to_millis(before)}}
        with self._connection.database() as database:
            while removed < limit and (oldest := database["event_imports"].find_one(old, sort=[("noted_at", 1)])):
                events, wanted = database["events"], limit - removed
                ids = [each["_id"] for each in events.find({"job_id": oldest["_id"]}, {"_id": 1}).limit(wanted)]
                removed += events.delete_many({"_id": {"$in": ids}}).deleted_count if ids else 0
                if len(ids) == wanted:
                    break
                database["event_imports"].delete_one({"_id": oldest["_id"]})
        return removed

    def stats(self, chosen: EventFilter, *, hours: int) -> EventStats:
        match = {"$match": _conditions(chosen)}
        with self._connection.database(STATS_TIMEOUT) as database:
            by_level = _counts(database, match, "level")
            by_service = _counts(database, match, "service")
            # The newest hours of all levels are among the newest ones of each.
            of_levels = [
                (hour, level, count)
                for level in by_level
                for hour, count in _newest_hours(
                    database, {"$match": {"$and": [_conditions(chosen), {"level": level}]}}, hours
                )
            ]
        return EventStats(
            total=sum(by_level.values()),
            by_level={read_text(level) or "": count for level, count in by_level.items()},
            by_service={read_text(service) or "": count for service, count in by_service.items()},
            by_hour=newest_hours(sorted(of_levels, key=itemgetter(0), reverse=True), hours),
        )


def _counts(database: Database[Document], match: Document, name: str, *stages: Document) -> dict[Any, int]:
    by_name: Document = {"$group": {"_id": f"${name}", "events": {"$sum": 1}}}
    return {each["_id"]: each["events"] for each in database["events"].aggregate([match, by_name, *stages])}


def _newest_hours(database: Database[Document], match: Document, hours: int) -> Iterable[tuple[int, int]]:
    return _counts(database, match, "hour", {"$sort": {"_id": -1}}, {"$limit": hours}).items()


def _conditions(chosen: EventFilter) -> Document:
    equal = {"job_id": chosen.job_id, "level": text_bytes(chosen.level), "service": text_bytes(chosen.service)}
    conditions: Document = {name: value for name, value in equal.items() if value is not None}
    since = {} if chosen.since is None else {"$gte": to_millis_up(chosen.since)}
    until = {} if chosen.until is None else {"$lt": to_millis_up(chosen.until)}
    return conditions | ({"timestamp": since | until} if since or until else {})


def _document(event: Event) -> Document:
    millis = to_millis(event.timestamp)
    return {
        "_id": event.id,
        "job_id": event.job_id,
        "line": event.line,
        "timestamp": millis,
        "hour": millis // HOUR * HOUR,
        "level": text_bytes(event.level),
        "service": text_bytes(event.service),
        "message": text_bytes(event.message),
        "attributes": content_bytes(event.attributes),
        "trace_id": text_bytes(event.trace_id),
    }


def _plain(job_id: str, event: PlainEvent) -> Document:
    return {
        "_id": id_of(job_id, event.line),
        "job_id": job_id,
        "line": event.line,
        "timestamp": event.timestamp,
        "hour": event.timestamp // HOUR * HOUR,
        "level": event.level.encode(),
        "service": event.service.encode(),
        "message": event.message.encode(),
        "attributes": event.attributes.encode(),
        "trace_id": event.trace_id and event.trace_id.encode(),
    }


def _event(document: Mapping[str, Any]) -> Event:
    return Event(
        job_id=document["job_id"],
        line=document["line"],
        timestamp=instant_of(document["timestamp"]),
        level=read_text(document["level"]) or "",
        service=read_text(document["service"]) or "",
        message=read_text(document["message"]) or "",
        attributes=read_content(document["attributes"]),
        trace_id=read_text(document["trace_id"]),
    )
