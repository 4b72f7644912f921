"""Snapshots: inserted before the record that names them, and shown only if a record ever did.

Lifecycle of a snapshot: its claim's holder inserts it under the claim's lease. Then the record is settled and names it as
the latest. Before a newer one replaces it, it is marked `settled`. So a snapshot is part of the record's past only if it is
marked or named, and if its `accepted_at` is the record's: a record that was deleted and accepted again is another one. One
that is neither marked nor named was left by a worker that died or came too late. It is removed by that worker, by the next
one to settle the record, or with the record.

Retention stops no other call. What it removes can never be named again, whatever they do meanwhile:

    a settled snapshot that is not the latest    the next settling marks and names newer ones only
    a snapshot whose claim is over, unsettled    its record has another lease or state, and leases never come back; it is
                                                 removed only while it is unsettled, for the mark comes before the next name
    a snapshot of a record that is gone          a record that is accepted again has another `accepted_at`
    a body that nothing names                    by the steps of `bodies`

A command for certain snapshots names their record, too: it is the shard key (docs/scale.md).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.database import Database

from inventory.listing import Key
from inventory.records.model import Added, PastSnapshot, Snapshot, State, Stored, Target
from inventory.store.mongo import bodies, documents, past_snapshots
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.latest import without
from inventory.store.mongo.upserts import upsert

UNSETTLED = {"settled": {"$ne": True}}


class MongoSnapshots(Adapter):
    def find(self, snapshot_id: str) -> tuple[Target, Snapshot] | None:
        with self._connection.database() as database:
            found = database["snapshots"].find_one({"_id": snapshot_id})
            record = None if found is None else database["records"].find_one({"_id": found["record_id"]}, without())
        if found is None or record is None or found["accepted_at"] != record["accepted_at"]:
            return None
        if not found.get("settled") and record["snapshot_id"] != snapshot_id:
            return None
        return documents.target(record), documents.snapshot(found)

    def listing(self, record_id: str, *, limit: int, after: Key | None) -> Sequence[Snapshot]:
        with self._connection.database() as database:
            record = database["records"].find_one({"_id": record_id}, {"snapshot_id": 1, "accepted_at": 1})
            if record is None:
                return []
            past = {"$or": [{"settled": True}, {"_id": record["snapshot_id"]}]}
            earlier = documents.after_key("collected_at", after)
            of_record = {"record_id": record_id, "accepted_at": record["accepted_at"]}
            found = database["snapshots"].find({"$and": [of_record, past, earlier]})
            return [documents.snapshot(each) for each in found.sort(documents.newest_first("collected_at")).limit(limit)]

    def latest(self, record_ids: Sequence[str], *, before: datetime | None) -> Mapping[str, Snapshot]:
        newest: dict[str, tuple[datetime, str]] = {}
        with self._connection.database() as database:
            fields = {"snapshot_id": 1, "accepted_at": 1}
            records = list(database["records"].find({"_id": {"$in": list(record_ids)}}, fields))
            earlier = {} if before is None else {"collected_at": {"$lt": before}}
            past = [past_snapshots.all_of(each) | earlier for each in records]
            fields = {"record_id": 1, "collected_at": 1}
            for each in database["snapshots"].find({"$or": past}, fields) if past else ():
                key = each["collected_at"], each["_id"]
                newest[each["record_id"]] = max(key, newest.get(each["record_id"], key))
            named = {"record_id": {"$in": list(newest)}, "_id": {"$in": [name for _, name in newest.values()]}}
            found = [documents.snapshot(each) for each in database["snapshots"].find(named)]
        return {each.record_id: each for each in found}

    def collected_before(self, moments: Collection[tuple[str, datetime]]) -> Mapping[tuple[str, datetime], datetime]:
        """One question for all: FerretDB 1 knows no greatest of a group, and retention keeps few snapshots of a record."""
        last: dict[str, datetime] = {}
        for record_id, at in moments:
            last[record_id] = max(at, last.get(record_id, at))
        collected = self._collected(last, lambda record_id: {"collected_at": {"$lt": last[record_id]}})
        earlier = {(name, at): [each for each in collected.get(name, ()) if each < at] for name, at in moments}
        return {moment: max(some) for moment, some in earlier.items() if some}

    def collected_at(self, record_ids: Collection[str], *, limit: int) -> Mapping[str, Sequence[datetime]]:
        collected = self._collected(record_ids, lambda _: {})
        return {record_id: sorted(instants)[-limit:] for record_id, instants in collected.items()}

    def _collected(self, record_ids: Collection[str], chosen: Callable[[str], Document]) -> Mapping[str, Sequence[datetime]]:
        """When the snapshots of these records that are chosen were collected, by record."""
        collected: dict[str, list[datetime]] = {}
        with self._connection.database() as database:
            fields = {"snapshot_id": 1, "accepted_at": 1}
            records = list(database["records"].find({"_id": {"$in": list(record_ids)}}, fields))
            past = [past_snapshots.all_of(each) | chosen(each["_id"]) for each in records]
            fields = {"_id": 0, "record_id": 1, "collected_at": 1}
            for each in database["snapshots"].find({"$or": past}, fields) if past else ():
                collected.setdefault(each["record_id"], []).append(documents.aware(each["collected_at"]))
        return collected

    def targets_of_body(self, sha256: str, *, limit: int) -> Sequence[Target]:
        fields = {"record_id": 1, "accepted_at": 1}
        with self._connection.database() as database:
            seen = {
                each["record_id"]: each for each in database["snapshots"].find(bodies.naming(sha256), fields).limit(limit)
            }
            chosen = database["records"].find({"_id": {"$in": list(seen)}}, without())
            return [documents.target(each) for each in chosen if seen[each["_id"]]["accepted_at"] == each["accepted_at"]]

    def add_past(self, past: PastSnapshot, *, keep: int, now: datetime) -> Added:
        with self._connection.database() as database:
            return past_snapshots.add(database, past, keep, now)

    def retire(self, *, keep: int, limit: int) -> int:
        with self._connection.database() as database:
            fields = {"accepted_at": 1, "snapshot_id": 1, "fence": 1, "snapshots": 1}
            records = list(database["records"].find({"snapshots": {"$gt": keep}}, fields).limit(limit))
            return sum(_retire(database, record, keep) for record in records)

    def sweep(self, *, after: str, limit: int) -> str:
        with self._connection.database() as database:
            fields = {"record_id": 1, "accepted_at": 1, "settled": 1} | bodies.names()
            seen = list(database["snapshots"].find({"_id": {"$gt": after}}, fields).sort("_id", 1).limit(limit))
            ids = sorted({each["record_id"] for each in seen})
            fields = {"accepted_at": 1, "snapshot_id": 1, "state": 1, "lease": 1}
            records = {each["_id"]: each for each in database["records"].find({"_id": {"$in": ids}}, fields)}
            for snapshot in seen:
                _sweep(database, snapshot, records.get(snapshot["record_id"]))
        return seen[-1]["_id"] if len(seen) == limit else ""


def one(record_id: str, snapshot_id: str) -> Document:
    """The filter for a snapshot of a record."""
    return {"record_id": record_id, "_id": snapshot_id}


def insert(database: Database[Document], outcomes: Sequence[Stored]) -> dict[str, bytes]:
    """Insert the snapshots of these outcomes, and mark those that they are about to follow; harmless when repeated.

    Returns the contents as they are kept, by the ids of snapshots.
    """
    operations, contents = [], {}
    for outcome in outcomes:
        if outcome.claim.snapshot_id is not None:
            operations.append(UpdateOne(one(outcome.claim.id, outcome.claim.snapshot_id), {"$set": {"settled": True}}))
        new = documents.new_snapshot(outcome)
        contents[outcome.snapshot.id] = new["content"]
        operations.append(UpdateOne(one(outcome.claim.id, outcome.snapshot.id), {"$setOnInsert": new}, upsert=True))
    upsert(database["snapshots"], operations)
    return contents


def left_behind(database: Database[Document], outcome: Stored) -> list[Document]:
    """What earlier claims of the record inserted and can settle no more, provided that this outcome takes effect after this.

    Then the claim is the latest throughout, and whatever is unsettled and not its own is older. Only a claim that follows
    a failure or another attempt can find any, and others need not look.
    """
    claim = outcome.claim
    if claim.attempt == 1 and claim.failure is None:
        return []
    others = {"record_id": claim.id, "_id": {"$nin": [outcome.snapshot.id, claim.snapshot_id]}}
    return list(database["snapshots"].find(others | UNSETTLED, bodies.names()))


def remove(database: Database[Document], record_id: str, snapshots: Sequence[Document]) -> None:
    """Remove these snapshots of a record, and the bodies and attachments that nothing names any more."""
    if snapshots:
        database["snapshots"].delete_many({"record_id": record_id, "_id": {"$in": [each["_id"] for each in snapshots]}})
        bodies.discard(database, bodies.named_by(snapshots))


def took_effect_before(database: Database[Document], outcome: Stored) -> bool:
    """Whether an outcome whose record no longer matches took effect earlier; if not, its snapshot is removed.

    A record that once failed to match never will: a fence only rises, and a new record has new leases. The record is read
    before the mark, and the mark is made before the record names another, so neither is missed.
    """
    record = database["records"].find_one({"_id": outcome.claim.id}, {"snapshot_id": 1})
    if record is not None:
        if record["snapshot_id"] == outcome.snapshot.id:
            return True
        if database["snapshots"].find_one(one(outcome.claim.id, outcome.snapshot.id) | {"settled": True}, {"_id": 1}):
            return True
    named = documents.named(outcome.snapshot, outcome.attachments)
    remove(database, outcome.claim.id, [{"_id": outcome.snapshot.id, **named}])
    return False


def _retire(database: Database[Document], record: Document, keep: int) -> int:
    """The count is corrected last, and only if nothing was settled meanwhile; otherwise the next round does it."""
    of_record = {"record_id": record["_id"], "accepted_at": record["accepted_at"], "settled": True}
    past = of_record | {"_id": {"$ne": record["snapshot_id"]}}
    newest = documents.newest_first("collected_at")
    doomed = list(database["snapshots"].find(past, bodies.names()).sort(newest).skip(keep - 1))
    remove(database, record["_id"], doomed)
    unchanged = {name: record[name] for name in ("_id", "accepted_at", "fence", "snapshots")}
    left = 1 + database["snapshots"].count_documents(past)
    database["records"].update_one(unchanged, {"$set": {"snapshots": left}})
    return len(doomed)


def _sweep(database: Database[Document], snapshot: Document, record: Mapping[str, object] | None) -> None:
    doomed = one(snapshot["record_id"], snapshot["_id"])
    if record is not None and record["accepted_at"] == snapshot["accepted_at"]:
        running = record["state"] == State.RUNNING.value and record["lease"] == snapshot["_id"]
        if snapshot.get("settled") or record["snapshot_id"] == snapshot["_id"] or running:
            return
        doomed["settled"] = {"$ne": True}
    if database["snapshots"].delete_one(doomed).deleted_count:
        bodies.discard(database, bodies.named_by([snapshot]))
