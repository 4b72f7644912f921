"""Adding snapshots that were not collected here. Without transactions, this order loses none and counts none twice:

    1. keep the body   2. insert the snapshot, marked as settled: it is part of the past of its record at once   3. keep the
    body again, if it was removed meanwhile   4. count the snapshots of the record, and write what follows where the record
    still is as it was read; a record that is new is inserted whole, and then steps 2 and 3 are done again

Whoever dies in between is followed by another call for the same snapshot, which finds it and goes on with step 4.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from inventory.clock import truncated
from inventory.errors import StorageUnavailable
from inventory.records.model import Added, PastSnapshot, State
from inventory.store.frames import keep_content
from inventory.store.mongo import bodies, documents
from inventory.store.mongo.connection import Document
from inventory.store.mongo.latest import without
from inventory.store.mongo.upserts import insert_new, upsert

MAX_TRIES = 10
"""How often a record is read again that others change each time."""
AS_READ = ("_id", "accepted_at", "fence", "state", "snapshot_id", "snapshots")


def add(database: Database[Document], past: PastSnapshot, keep: int, now: datetime) -> Added:
    """Add one, unless it is there or as many later ones are as are kept."""
    at, kept_as = truncated(past.snapshot.collected_at), _document(past)
    for _ in range(MAX_TRIES):
        record = database["records"].find_one({"_id": past.target.id}, without())
        kept = database["snapshots"].find_one(
            {"_id": past.snapshot.id}, {"record_id": 1, "collected_at": 1, "accepted_at": 1}
        )
        if kept is not None and (kept["record_id"], documents.aware(kept["collected_at"])) != (past.target.id, at):
            return Added.TAKEN
        is_there = kept is not None and record is not None and kept["accepted_at"] == record["accepted_at"]
        if record is None:
            done = _insert_record(database, past, kept_as, now)
        elif is_there and _is_counted(database, record, at):
            return Added.KNOWN
        elif not is_there and _later(database, record, at) >= keep:
            return Added.SURPLUS
        else:
            _keep(database, past, kept_as | {"accepted_at": record["accepted_at"]})
            done = _follow(database, past, record, at)
        if done:
            return Added.KNOWN if is_there else Added.ADDED
    raise StorageUnavailable(f"The record {past.target.id} changed each time that a snapshot was to be added.")


def all_of(record: Document) -> Document:
    """The filter of the snapshots of a record."""
    past = {"$or": [{"settled": True}, {"_id": record["snapshot_id"]}]}
    return {"record_id": record["_id"], "accepted_at": record["accepted_at"], **past}


def _document(past: PastSnapshot) -> Document:
    return {
        "record_id": past.target.id,
        "collected_at": truncated(past.snapshot.collected_at),
        **documents.named(past.snapshot, past.attachments),
        "content": documents.fitting(keep_content(past.snapshot.content)),
        "settled": True,
    }


def _keep(database: Database[Document], past: PastSnapshot, kept_as: Document) -> None:
    """Steps 1 to 3. One that a record left which is gone becomes one of the new record."""
    named = {past.snapshot.body_sha256: past.body} if past.snapshot.body_sha256 is not None else {}
    attached = {each.sha256: each.content for each in past.attachments if each.content is not None}
    bodies.keep(database, named, attached)
    chosen = {"record_id": past.target.id, "_id": past.snapshot.id}
    upsert(database["snapshots"], [UpdateOne(chosen, {"$set": kept_as}, upsert=True)])
    bodies.keep(database, named, attached)


def _insert_record(database: Database[Document], past: PastSnapshot, kept_as: Document, now: datetime) -> bool:
    """The steps for a target that is new; False if another call was quicker."""
    at = truncated(past.snapshot.collected_at)
    new = documents.new_record(past.target, now) | {"state": State.STORED.value, "due_at": None, "indexed": False}
    new |= {"snapshot_id": past.snapshot.id, "collected_at": at, "first_collected_at": at, "snapshots": 1}
    kept_as = kept_as | {"accepted_at": new["accepted_at"]}
    _keep(database, past, kept_as)
    if insert_new(database["records"], [new]):
        return False
    _keep(database, past, kept_as)  # without a record it may have been swept
    return True


def _follow(database: Database[Document], past: PastSnapshot, record: Document, at: datetime) -> bool:
    """Step 4; False if the record is not as it was read any more."""
    first = documents.aware_or_none(record["first_collected_at"])
    change: Document = {"first_collected_at": at if first is None else min(first, at), "indexed": False}
    collected_at, unset = documents.aware_or_none(record["collected_at"]), dict[str, Any]()
    if collected_at is None or at > collected_at:
        if record["snapshot_id"] is not None:
            before = {"record_id": record["_id"], "_id": record["snapshot_id"]}
            database["snapshots"].update_one(before, {"$set": {"settled": True}})
        change |= {"snapshot_id": past.snapshot.id, "collected_at": at} | _after(record, at)
        unset = {"$unset": {"latest": ""}}
    change["snapshots"] = database["snapshots"].count_documents(all_of(record))
    as_read = {name: record[name] for name in AS_READ}
    return database["records"].update_one(as_read, {"$set": change} | unset).matched_count == 1


def _after(record: Document, at: datetime) -> Document:
    """The state and the failure of a record whose latest snapshot is now of this instant, if they change."""
    failure = documents.record(record).failure
    if failure is None or failure.at > at:
        return {}
    return {"failure": None} | ({"state": State.STORED.value} if record["state"] == State.FAILED.value else {})


def _is_counted(database: Database[Document], record: Document, at: datetime) -> bool:
    """Whether step 4 was done for a snapshot that is there."""
    first = documents.aware_or_none(record["first_collected_at"])
    if first is None or first > at:
        return False
    return bool(database["snapshots"].count_documents(all_of(record)) == record["snapshots"])


def _later(database: Database[Document], record: Document, at: datetime) -> int:
    return database["snapshots"].count_documents(all_of(record) | {"collected_at": {"$gt": at}})
