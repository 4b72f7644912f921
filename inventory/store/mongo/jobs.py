"""Jobs: created, listed, ended and removed. Their batches and rows are in `batches`, with the order of what ends a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from inventory.clock import truncated
from inventory.jobs.model import Job, JobStatus, Row, RowOutcome
from inventory.listing import Key
from inventory.store.codecs import LARGEST, read_text
from inventory.store.mongo import documents, job_documents
from inventory.store.mongo.batches import Batches
from inventory.store.mongo.connection import Document
from inventory.store.mongo.counts import NOT_DONE, RELEASED, end, read, sums

UNFINISHED = [each.value for each in JobStatus if not each.finished]


class MongoJobs(Batches):
    def create(self, job: Job) -> Job:
        new = job_documents.new_job(job)
        with self._connection.database() as database:
            jobs = database["jobs"]
            while True:
                try:
                    jobs.insert_one(new)
                except DuplicateKeyError:
                    for name in ("_id", "key", job_documents.DEDUP_KEY):
                        if (found := jobs.find_one({name: new[name]})) is not None:
                            return read(database, [found])[0]
                else:
                    return job_documents.job(new)

    def find(self, job_id: str) -> Job | None:
        with self._connection.database() as database:
            found = read(database, database["jobs"].find({"_id": job_id}))
        return found[0] if found else None

    def listing(self, status: JobStatus | None, *, limit: int, after: Key | None) -> Sequence[Job]:
        chosen = {} if status is None else {"status": status.value}
        chosen |= documents.after_key("created_at", after)
        with self._connection.database() as database:
            found = database["jobs"].find(chosen).sort(documents.newest_first("created_at")).limit(limit)
            return read(database, found)

    def of_kind(self, kind: str, *, limit: int) -> Sequence[Job]:
        with self._connection.database() as database:
            found = database["jobs"].find({"kind": kind}).sort(documents.newest_first("created_at")).limit(limit)
            return read(database, found)

    def checkpoints(self, job_id: str) -> Mapping[int, str]:
        chosen = {"job_id": job_id, "checkpoint": {"$ne": None}}
        with self._connection.database() as database:
            found = {each["number"]: read_text(each["checkpoint"]) or "" for each in database["batches"].find(chosen)}
        return dict(sorted(found.items()))

    def complete(self, *, now: datetime, limit: int) -> Sequence[str]:
        ended: list[str] = []
        with self._connection.database() as database:
            # Who cancelled these died on the way to the sums, or is on it now.
            cancelled = {"counted": False, "status": JobStatus.CANCELLED.value}
            for job in list(database["jobs"].find(cancelled, {"_id": 1}).limit(limit)):
                end(database, job["_id"])
            for job in _done(database):
                if len(ended) == limit:
                    break
                ended += [job["_id"]] if _complete(database, job, now) else []
        return ended

    def cancel(self, job_id: str, *, now: datetime) -> bool:
        unfinished = {"_id": job_id, "status": {"$in": UNFINISHED}}
        cancelled = _finished(JobStatus.CANCELLED, job_id, now) | RELEASED
        with self._connection.database() as database:
            found = database["jobs"].find_one_and_update(
                unfinished, {"$set": cancelled}, return_document=ReturnDocument.AFTER
            )
            if found is not None:
                end(database, job_id)
        return found is not None

    def due(self, *, now: datetime, limit: int) -> Sequence[str]:
        over = {"$or": documents.due(now)}
        chosen: Document = {"$match": {"queued": {"$in": [True, False]}, **over}}
        by_job: Document = {"$group": {"_id": "$job_id", "batches": {"$sum": 1}}}
        with self._connection.database() as database:
            ids = [each["_id"] for each in database["jobs"].find(over, {"_id": 1}).limit(limit)]
            if len(ids) < limit:
                ids += [each["_id"] for each in database["batches"].aggregate([chosen, by_job, {"$limit": limit}])]
            if len(ids) < limit:
                ids += [job["_id"] for job in _done(database)]
        return list(dict.fromkeys(ids))[:limit]

    def rows(self, job_id: str, outcome: RowOutcome | None, *, limit: int, after: int) -> Sequence[Row]:
        after = min(after, LARGEST)
        if outcome is None:
            chosen: Document = {"_id": {"$gt": job_documents.outcome_id(job_id, after), "$lt": f"{job_id}-~"}}
        else:
            chosen = {"job_id": job_id, "outcome": outcome.value, "row": {"$gt": after}}
        order = "_id" if outcome is None else "row"
        with self._connection.database() as database:
            return [job_documents.outcome(each) for each in database["outcomes"].find(chosen).sort(order, 1).limit(limit)]

    def existing(self, job_ids: Sequence[str]) -> frozenset[str]:
        with self._connection.database() as database:
            return frozenset(each["_id"] for each in database["jobs"].find({"_id": {"$in": list(job_ids)}}, {"_id": 1}))

    def retire(self, *, before: datetime, limit: int) -> Sequence[str]:
        gone: list[str] = []
        over = {"finished_at": {"$lt": before}}
        with self._connection.database() as database:
            while limit > 0 and (job := database["jobs"].find_one(over, sort=[("finished_at", 1)])) is not None:
                if not job["counted"]:
                    end(database, job["_id"])
                for name in ("outcomes", "batches"):
                    limit -= _remove(database, name, job["_id"], limit)
                if limit > 0:
                    limit -= database["jobs"].delete_one({"_id": job["_id"]}).deleted_count
                    gone.append(job["_id"])
        return gone


def _done(database: Database[Document]) -> Iterator[Document]:
    """Running jobs all of whose batches are done, one after the other."""
    chosen = {"counted": False, "status": JobStatus.RUNNING.value, "due_at": None}
    for job in database["jobs"].find(chosen):
        if database["batches"].find_one({"job_id": job["_id"], **NOT_DONE}, {"_id": 1}) is None:
            yield job


def _complete(database: Database[Document], job: Document, now: datetime) -> bool:
    """End a job all of whose batches are done: nothing of them changes any more, so the sums can be made before."""
    status = JobStatus.COMPLETED if job["error"] is None else JobStatus.FAILED
    counts = sums(database, [job["_id"]])[job["_id"]]
    final = {name: getattr(counts, name) for name in job_documents.COUNTERS}
    total = counts.processed if job["total"] is None else job["total"]
    ended = _finished(status, job["_id"], now) | final | {"counted": True, "total": total}
    running = {"_id": job["_id"], "status": JobStatus.RUNNING.value}
    return database["jobs"].update_one(running, {"$set": ended}).matched_count == 1


def _finished(status: JobStatus, job_id: str, now: datetime) -> Document:
    """What a job becomes at its end: unlike any other."""
    return {"status": status.value, "finished_at": truncated(now), job_documents.DEDUP_KEY: job_id}


def _remove(database: Database[Document], name: str, job_id: str, limit: int) -> int:
    """Remove up to `limit` of a job's documents; how many."""
    if limit <= 0:
        return 0
    of_job = {"_id": {"$gt": f"{job_id}-", "$lt": f"{job_id}-~"}}
    ids = [each["_id"] for each in database[name].find(of_job, {"_id": 1}).limit(limit)]
    return database[name].delete_many({"_id": {"$in": ids}}).deleted_count if ids else 0
