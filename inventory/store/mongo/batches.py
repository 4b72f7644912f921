"""Batches: the queue that workers take them from (as in `sqlite.batches`), the right to change them, and the recounts.

A claim holds while its lease and fence are the batch's and its job is running. `counts` explains the steps.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.database import Database

from inventory.clock import truncated
from inventory.jobs.model import SPLITTING, Batch, Job, JobStatus, NewBatch, Row
from inventory.store.codecs import text_bytes
from inventory.store.mongo import documents, job_documents, turns
from inventory.store.mongo.at_once import each_of, up_to
from inventory.store.mongo.connection import Adapter, Connection, Document
from inventory.store.mongo.counts import RELEASED, count, end, read
from inventory.store.mongo.upserts import insert_new
from inventory.store.turns import Served

QUEUED: Document = {"queued": True}


class Batches(Adapter):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._served = Served()

    def claim(self, *, now: datetime, lease_for: timedelta) -> tuple[Job, Batch] | None:
        until = truncated(now + lease_for)
        with self._connection.database() as database:
            _queue_all_due(database, now)
            while claimed := self._claim_in_turn(database, now, until):
                if claimed["number"] == SPLITTING:
                    return read(database, [claimed])[0], job_documents.batch(claimed)
                found = database["jobs"].find_one({"_id": claimed["job_id"]})
                if found is None:
                    database["batches"].delete_one({"_id": claimed["_id"]})
                elif found["status"] != JobStatus.RUNNING.value:
                    end(database, found["_id"])
                else:
                    return read(database, [found])[0], job_documents.batch(claimed)
        return None

    def _claim_in_turn(self, database: Database[Document], now: datetime, until: datetime) -> Document | None:
        """Lease the first batch of the owner whose turn it is."""
        while (owner := _next_owner(database, now, self._served.last)) is not None:
            self._served.last = owner
            claimed = _claim_splitting(database, now, until, owner) or _claim_queued(database, now, until, owner)
            if claimed is not None:
                return claimed
        return None

    def add_batches(
        self, claim: Batch, batches: Sequence[NewBatch], *, checkpoint: str | None, until: datetime
    ) -> Batch | None:
        """The batches come first, so that the checkpoint never counts one that is not there."""
        with self._connection.database() as database:
            job = database["jobs"].find_one(_claimed(claim), {"created_at": 1, "owner": 1})
            if job is None:
                return None
            created_at, owner = job["created_at"], turns.owner_of(job)
            new = [job_documents.new_batch(claim.job_id, each, created_at, owner) for each in batches]
            insert_new(database["batches"], new)
            return renew(database, claim, {"checkpoint": text_bytes(checkpoint)}, until)

    def advance(
        self, claim: Batch, rows: Sequence[Row], *, implicit_successes: int, checkpoint: str | None, until: datetime
    ) -> Batch | None:
        with self._connection.database() as database:
            if not holds(database, claim):
                return None
            insert_new(database["outcomes"], [job_documents.new_outcome(claim.job_id, row) for row in rows])
            changed = count(database, claim.job_id, claim.first_row, claim.last_row, implicit_successes)
            changed |= {job_documents.IMPLICIT_SUCCESSES: implicit_successes, "checkpoint": text_bytes(checkpoint)}
            return renew(database, claim, changed, until)

    def release(self, claim: Batch, *, due_at: datetime) -> bool:
        return self._change(claim, {"queued": False, "due_at": truncated(due_at), "lease": None, "attempt": 0})

    def finish(self, claim: Batch, *, total: int | None = None, error: str | None = None) -> bool:
        if claim.number == SPLITTING:
            return self._change(claim, RELEASED | {"total": total, "error": text_bytes(error)})
        return self._change(claim, RELEASED | {"done": True, "bytes_read": claim.bytes})

    def finished_rows(self, claim: Batch) -> frozenset[int]:
        first, last = (job_documents.outcome_id(claim.job_id, row) for row in (claim.first_row, claim.last_row))
        with self._connection.database() as database:
            return frozenset(
                each["row"] for each in database["outcomes"].find({"_id": {"$gte": first, "$lte": last}}, {"row": 1})
            )

    def _change(self, claim: Batch, changed: Document) -> bool:
        with self._connection.database() as database:
            if not holds(database, claim):
                return False
            return _of(database, claim).update_one(_claimed(claim), {"$set": changed}).matched_count == 1


def _queue_all_due(database: Database[Document], now: datetime) -> None:
    """Let those come to the queue that waited, and make due now what a clock that was ahead wrote."""
    over, ahead = documents.due(now)
    put_right = {"queued": True, "due_at": truncated(now)}
    each_of(
        [
            partial(database["batches"].update_many, {"queued": False} | over, {"$set": {"queued": True}}),
            partial(database["batches"].update_many, {"queued": {"$in": [True, False]}} | ahead, {"$set": put_right}),
        ]
    )


def _next_owner(database: Database[Document], now: datetime, last: str) -> str | None:
    """The owner after `last` that has a file to be read, or a batch in the queue; None if nobody has."""
    due = [("jobs", over) for over in documents.due(now)] + [("batches", QUEUED | documents.due(now)[0])]

    def owners(within: Document) -> list[str]:
        """The first owners within these bounds."""
        finds = [
            partial(database[name].find_one, over | {"owner": within}, {"owner": 1}, sort=[("owner", 1)])
            for name, over in due
        ]
        return [turns.owner_of(each) for each in each_of(finds) if each is not None]

    *_, found = up_to(bool, [partial(owners, {"$gt": last}), partial(owners, {"$not": {"$gt": last}})])
    return min(found, default=None)


def _claim_splitting(database: Database[Document], now: datetime, until: datetime, owner: str) -> Document | None:
    """Lease the batch that reads a job's file; with it the job runs."""
    due, members = documents.due(now), {"fence": 1, "status": 1}
    find = partial(database["jobs"].find_one, sort=[("due_at", 1)])
    while True:
        found = each_of([partial(find, over | {"owner": owner or None}, members) for over in due])
        candidates = [each | over for over, each in zip(due, found, strict=True) if each is not None]
        if not candidates:
            return None
        started = {"started_at": truncated(now)} if candidates[0]["status"] == JobStatus.QUEUED.value else {}
        leased = _lease(database["jobs"], candidates[0], started | {"status": JobStatus.RUNNING.value}, until)
        if leased is not None:
            return leased


def _claim_queued(database: Database[Document], now: datetime, until: datetime, owner: str) -> Document | None:
    """Lease the first batch in the queue."""
    over = QUEUED | documents.due(now)[0]
    due, first = over | {"owner": owner or None}, [("number", 1), ("due_at", 1)]
    while (candidate := database["batches"].find_one(due, {"fence": 1}, sort=first)) is not None:
        if (leased := _lease(database["batches"], candidate | over, {}, until)) is not None:
            return leased
    return None


def _lease(collection: Collection[Document], expected: Document, changed: Document, until: datetime) -> Document | None:
    leased = {"queued": False, "due_at": until, "lease": secrets.token_hex(16)}
    return collection.find_one_and_update(
        expected,
        {"$set": changed | leased, "$inc": {"attempt": 1, "fence": 1}},
        return_document=ReturnDocument.AFTER,
    )


def holds(database: Database[Document], claim: Batch) -> bool:
    """Step 1."""
    found = partial(_of(database, claim).find_one, _claimed(claim), {"_id": 1})
    return all(each_of([partial(_is_running, database, claim.job_id), lambda: found() is not None]))


def renew(database: Database[Document], claim: Batch, changed: Document, until: datetime) -> Batch | None:
    """Step 4: keep what changed and renew the claim; None if it does not hold any more."""
    renewed = {"queued": False, "due_at": truncated(until), "attempt": 0}
    found = _of(database, claim).find_one_and_update(
        _claimed(claim), {"$set": changed | renewed}, return_document=ReturnDocument.AFTER
    )
    if found is None and not _is_running(database, claim.job_id):
        end(database, claim.job_id)
    return None if found is None else job_documents.batch(found)


def _of(database: Database[Document], claim: Batch) -> Collection[Document]:
    """Where the batch is kept."""
    return database["jobs" if claim.number == SPLITTING else "batches"]


def _claimed(claim: Batch) -> Document:
    """What a batch must still have for the owner of the claim to change it."""
    kept = claim.job_id if claim.number == SPLITTING else job_documents.batch_id(claim.job_id, claim.number)
    return {"_id": kept, "lease": claim.lease, "fence": claim.fence}


def _is_running(database: Database[Document], job_id: str) -> bool:
    return database["jobs"].find_one({"_id": job_id, "status": JobStatus.RUNNING.value}, {"_id": 1}) is not None
