"""Records: looking up, accepting, listing and deleting. Their collections are in `ledger`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial
from typing import Any

from pymongo import ReturnDocument, UpdateOne
from pymongo.database import Database

from inventory.clock import truncated
from inventory.errors import StorageUnavailable
from inventory.listing import Key
from inventory.records.model import Acceptance, Record, RecordFilter, RecordTotals, RecordWithSnapshot, State, Status, Target
from inventory.store.codecs import to_millis
from inventory.store.frames import body_or_text
from inventory.store.group_commit import GroupCommit, Take
from inventory.store.mongo import bodies, documents, latest, schedules, snapshots, target_documents
from inventory.store.mongo.connection import Connection, Document
from inventory.store.mongo.latest import without
from inventory.store.mongo.ledger import Ledger
from inventory.store.mongo.observing import Observing
from inventory.store.mongo.target_documents import records_of
from inventory.store.mongo.upserts import insert_new, update_all
from inventory.store.turns import each_owner

UNFINISHED = [State.PENDING.value, State.RUNNING.value]
STATUS: Mapping[Status, Document] = {
    Status.STORED: {"snapshot_id": {"$ne": None}},
    Status.PENDING: {"snapshot_id": None, "state": {"$in": UNFINISHED}},
    Status.FAILED: {"snapshot_id": None, "state": State.FAILED.value},
}


MAX_COMMANDS = 4
"""Commands at once that read records, because a server may be far away. With 8 there were no more records a second."""
MAX_READS = 5
"""How often a lookup reads a record whose contents are gone when it comes for them."""


class MongoRecords(Ledger):
    is_local = False

    def __init__(self, connection: Connection, observing: Observing) -> None:
        super().__init__(connection, observing)
        grouped = partial(GroupCommit, timeout=connection.patience.call, too_late=connection.too_slow)
        self._insertions: GroupCommit[Document, bool] = grouped(self._insert_group)
        self._whole: GroupCommit[str, Document | None] = grouped(partial(self._read, True), leaders=MAX_COMMANDS)
        self._records: GroupCommit[str, Document | None] = grouped(partial(self._read, False), leaders=MAX_COMMANDS)

    def look_up(self, record_id: str) -> RecordWithSnapshot | None:
        document = self._whole(record_id)
        if document is None:
            return None
        record = documents.record(document)
        return latest.find(document, record) or self._look_up_apart(record)

    def find(self, record_id: str) -> Record | None:
        document = self._records(record_id)
        return None if document is None else documents.record(document)

    def reading(self) -> AbstractContextManager[None]:
        return nullcontext()

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _read(self, whole: bool, take: Take[str], timeout: float) -> Sequence[Document | None]:
        """One command for what threads ask for at once: that takes half of the CPU time of a hit (docs/speed.md)."""
        with self._connection.database(timeout) as database:
            ids, fields = take(), None if whole else without()
            if len(ids) == 1:
                return [database["records"].find_one({"_id": ids[0]}, fields)]
            found = {each["_id"]: each for each in database["records"].find({"_id": {"$in": list(set(ids))}}, fields)}
            return [found.get(each) for each in ids]

    def _look_up_apart(self, record: Record) -> RecordWithSnapshot | None:
        """Read a snapshot that is not in the document of its record; again if the record was deleted in between."""
        with self._connection.database() as database:
            for _ in range(MAX_READS):
                known = _with_contents(database, record)
                if known is not None:
                    return known
                document = database["records"].find_one({"_id": record.id})
                if document is None:
                    return None
                record = documents.record(document)
                if (known := latest.find(document, record)) is not None:
                    return known
        raise StorageUnavailable(f"The record {record.id} changed each time it was read, or what it names is lost.")

    def accept(
        self, target: Target, *, now: datetime, seen: Record | None, revalidate: bool = False, owner: str = ""
    ) -> Acceptance:
        with self._connection.database() as database:
            while True:
                accepted = None if seen is None else _accept_again(database, target.id, now, seen.fence, revalidate, owner)
                accepted = accepted or self._inserted(documents.new_record(target, now, owner))
                if accepted is not None:
                    return Acceptance(documents.record(accepted), True)
                found = database["records"].find_one({"_id": target.id}, without())
                if found is not None and found["state"] in UNFINISHED:
                    found = _accept_sooner(database, found, revalidate)
                if found is not None and (found["state"] in UNFINISHED or seen is None or found["fence"] != seen.fence):
                    return Acceptance(documents.record(found), False)

    def _inserted(self, new: Document) -> Document | None:
        """The new record, or None if there is one already."""
        return new if self._insertions(new) else None

    def _insert_group(self, take: Take[Document], timeout: float) -> Sequence[bool]:
        with self._connection.database(timeout) as database:
            wanted = take()
            new = {document["_id"]: document for document in reversed(wanted)}  # of the same record the first one counts
            refused = insert_new(database["records"], list(new.values()))
        return [new[document["_id"]] is document and document["_id"] not in refused for document in wanted]

    def accept_each(
        self, wanted: Sequence[tuple[Target, Record | None]], *, now: datetime, owners: Sequence[str] | None = None
    ) -> Sequence[Acceptance]:
        return [
            self.accept(target, now=now, seen=seen, revalidate=True, owner=owner)
            for (target, seen), owner in zip(wanted, each_owner(owners, len(wanted)), strict=True)
        ]

    def find_all(self, record_ids: Sequence[str]) -> Mapping[str, Record]:
        with self._connection.database() as database:
            return {key: documents.record(each) for key, each in records_of(database, record_ids).items()}

    def unfinished(self, record_ids: Sequence[str], *, since: datetime) -> Mapping[str, datetime | None]:
        is_earlier = [{"collected_at": None}, {"collected_at": {"$lt": since}}]
        chosen = {"_id": {"$in": list(record_ids)}, "state": {"$in": UNFINISHED}, "$or": is_earlier}
        with self._connection.database() as database:
            found = list(database["records"].find(chosen, {"state": 1, "due_at": 1}))
        return {
            each["_id"]: documents.aware_or_none(each["due_at"]) if each["state"] == State.PENDING.value else None
            for each in found
        }

    def accept_all(
        self, wanted: Sequence[tuple[Target, Record | None]], *, now: datetime, owners: Sequence[str] | None = None
    ) -> Sequence[Acceptance]:
        """A token tells which records this call accepted, when all of them are read back."""
        with self._connection.database() as database:
            accepted = {"bulk": True, "accepted_by": secrets.token_hex(16)}
            new: dict[str, Document] = {}
            for (target, _), owner in zip(wanted, each_owner(owners, len(wanted)), strict=True):
                new.setdefault(target.id, documents.new_record(target, now, owner) | accepted)
            seen = {target.id: record for target, record in wanted if record is not None}
            update_all(
                database["records"],
                [_bulk_again(record, now, accepted | {"owner": new[key]["owner"]}) for key, record in seen.items()],
            )
            insert_new(database["records"], [document for key, document in new.items() if key not in seen])
            found = records_of(database, list(new))
            while len(found) < len(new):
                # Deleted meanwhile.
                insert_new(database["records"], [document for key, document in new.items() if key not in found])
                found = records_of(database, list(new))
            ours = {key for key, document in found.items() if document.get("accepted_by") == accepted["accepted_by"]}
            acceptances = []
            for target, _ in wanted:
                acceptances.append(Acceptance(documents.record(found[target.id]), target.id in ours))
                ours.discard(target.id)
            return acceptances

    def listing(self, chosen: RecordFilter, *, limit: int, after: Key | None) -> Sequence[Record]:
        equal = {"source": chosen.source, "host": chosen.host}
        conditions: dict[str, Any] = {name: value for name, value in equal.items() if value is not None}
        conditions |= STATUS[chosen.status] if chosen.status is not None else {}
        conditions |= documents.after_key("accepted_at", after)
        with self._connection.database() as database:
            found = database["records"].find(conditions, without()).sort(documents.newest_first("accepted_at")).limit(limit)
            return [documents.record(each) for each in found]

    def refreshed(self, source: str, *, limit: int) -> Sequence[RecordWithSnapshot]:
        with self._connection.database() as database:
            stored = {"source": source} | STATUS[Status.STORED]
            found = database["records"].find(stored, without()).sort([("collected_at", -1), ("_id", 1)]).limit(limit)
            records = [documents.record(each) for each in found]
            named = {
                "record_id": {"$in": [each.id for each in records]},
                "_id": {"$in": [each.snapshot_id for each in records]},
            }
            found_ones = {each["_id"]: documents.snapshot(each) for each in database["snapshots"].find(named)}
        return [
            RecordWithSnapshot(record, found_ones[record.snapshot_id])
            for record in records
            if record.snapshot_id in found_ones
        ]

    def tally(self, source: str) -> Mapping[Status, int]:
        with self._connection.database() as database:
            counts = {
                status: database["records"].count_documents({"source": source} | condition)
                for status, condition in STATUS.items()
            }
        return {status: count for status, count in counts.items() if count}

    def totals(self, *, up_to: int) -> RecordTotals:
        with self._connection.database() as database:
            records = database["records"]
            return RecordTotals(
                total=records.estimated_document_count(),
                waiting=records.count_documents({"state": {"$in": UNFINISHED}}, limit=up_to),
                failed=records.count_documents(STATUS[Status.FAILED], limit=up_to),
            )

    def delete(self, record_id: str) -> bool:
        """The snapshots that were there before the record went belong to it, or to an earlier one of its id; those that it
        got in between carry its `accepted_at`. A new record may be accepted meanwhile, and loses nothing. So it is with
        what was observed.
        """
        with self._connection.database() as database:
            of_record = {"record_id": record_id}
            observed = database["observed_targets"].find_one({"_id": record_id}, {"accepted_at": 1, "version": 1})
            doomed = list(database["snapshots"].find(of_record, bodies.names()))
            gone = database["records"].find_one_and_delete({"_id": record_id})
            if gone is not None:
                late = {"accepted_at": gone["accepted_at"]}
                doomed += database["snapshots"].find(of_record | late, bodies.names())
            snapshots.remove(database, record_id, doomed)
            schedules.remove_of_record(database, record_id)
            if gone is not None:
                target_documents.remove(database, record_id, to_millis(documents.aware(gone["accepted_at"])))
            elif observed is not None:
                target_documents.remove_version(database, record_id, observed["version"])
        return gone is not None


def _accept_again(
    database: Database[Document], record_id: str, now: datetime, fence: int, revalidate: bool, owner: str
) -> Document | None:
    at = truncated(now)
    pending = {"state": State.PENDING.value, "requested_at": at, "due_at": at, "attempt": 0, "bulk": None}
    return database["records"].find_one_and_update(
        {"_id": record_id, "fence": fence, "state": {"$in": [State.STORED.value, State.FAILED.value]}},
        {"$set": pending | {"revalidate": revalidate, "owner": owner or None}},
        return_document=ReturnDocument.AFTER,
    )


def _bulk_again(seen: Record, now: datetime, accepted: Document) -> UpdateOne:
    at = truncated(now)
    pending = {"state": State.PENDING.value, "requested_at": at, "due_at": at, "attempt": 0, "revalidate": True}
    settled = {"$in": [State.STORED.value, State.FAILED.value]}
    return UpdateOne({"_id": seen.id, "fence": seen.fence, "state": settled}, {"$set": pending | accepted})


def _accept_sooner(database: Database[Document], found: Document, revalidate: bool) -> Document | None:
    """Have an accepted collection done as a lookup wants it; the record then, or None if it has changed meanwhile."""
    wanted = {"bulk": None} | ({} if revalidate else {"revalidate": False})
    if all(found.get(name) == value for name, value in wanted.items()):
        return found
    return database["records"].find_one_and_update(
        {"_id": found["_id"], "state": {"$in": UNFINISHED}},
        {"$set": wanted},
        return_document=ReturnDocument.AFTER,
    )


def _with_contents(database: Database[Document], record: Record) -> RecordWithSnapshot | None:
    """The record with what it names; None if that is gone, and so the record has changed."""
    found = database["snapshots"].find_one({"record_id": record.id, "_id": record.snapshot_id})
    if found is None:
        return None
    snapshot = documents.snapshot(found)
    if snapshot.body_sha256 is None:
        return RecordWithSnapshot(record, snapshot)
    body = bodies.find(database, snapshot.body_sha256)
    return None if body is None else RecordWithSnapshot(record, snapshot, *body_or_text(body.get("form"), body["bytes"]))
