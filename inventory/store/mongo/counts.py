"""The counts of batches and jobs, and how a job ends.

Without transactions, this is how counts stay those of the rows that are written, wherever a worker dies:

    advancing   1. see that the claim holds   2. write outcomes, each once   3. count those of the batch's rows
                4. keep the counts, where the claim still holds
    ending      a. finish the job   b. take all leases away   c. count the rows of the batches that were not done
                d. keep the sums with the job

The next owner of a batch counts again, so nothing that was written between (2) and a death stays uncounted. A worker that
cannot do (4), because the job has ended since (1), repeats (b) to (d): its rows may have come too late for them. Counts only
rise, so of two that count at once the higher one prevails. A death between (a) and (d) is repaired by the next claim of
one of the batches, and by `complete`, which finds jobs that ended without sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pymongo.database import Database

from inventory.jobs.model import Counts, Job, RowOutcome
from inventory.store.mongo import job_documents
from inventory.store.mongo.connection import Document

RELEASED: Document = {"queued": False, "due_at": None, "lease": None}
NOT_DONE: Document = {"due_at": {"$ne": None}}
MAX_BATCHES = 10_000
"""Batches that are read with one command: about a megabyte."""
OUTCOMES = tuple(each.value for each in RowOutcome)


def end(database: Database[Document], job_id: str) -> None:
    """Steps b to d for a job that has ended; harmless when repeated."""
    release_all(database, job_id)
    recount(database, job_id)
    keep_sums(database, job_id)


def release_all(database: Database[Document], job_id: str) -> None:
    """Step b."""
    database["batches"].update_many({"job_id": job_id, **NOT_DONE}, {"$set": RELEASED})


def recount(database: Database[Document], job_id: str) -> None:
    """Step c."""
    for batch in database["batches"].find({"job_id": job_id, "done": False, "fence": {"$gt": 0}}):
        counted = count(database, job_id, batch["first_row"], batch["last_row"], batch[job_documents.IMPLICIT_SUCCESSES])
        database["batches"].update_one({"_id": batch["_id"]}, {"$max": counted})


def keep_sums(database: Database[Document], job_id: str) -> None:
    """Step d."""
    final = sums(database, [job_id])[job_id]
    counts = {name: getattr(final, name) for name in job_documents.COUNTERS}
    database["jobs"].update_one({"_id": job_id}, {"$max": counts, "$set": {"counted": True}})


def count(database: Database[Document], job_id: str, first: int, last: int, implicit_successes: int) -> Document:
    """Step 3: the counts of a batch, by its rows' outcomes as they are written now."""
    # Every outcome is named, so that an index by outcome and row has all that is asked for.
    chosen = {"job_id": job_id, "outcome": {"$in": list(OUTCOMES)}, "row": {"$gte": first, "$lte": last}}
    by_outcome = {"$group": {"_id": "$outcome", "rows": {"$sum": 1}}}
    found = database["outcomes"].aggregate([{"$match": chosen}, by_outcome])
    counts = dict.fromkeys(OUTCOMES, 0) | {each["_id"]: each["rows"] for each in found}
    return counts | {"succeeded": counts["succeeded"] + implicit_successes}


def sums(database: Database[Document], job_ids: Sequence[str]) -> dict[str, Counts]:
    """The counts of jobs, summed over their batches.

    They are summed here, because that is one command, and a server may take seconds for each. A batch has 1,000 rows.
    """
    found = {job_id: dict.fromkeys(job_documents.COUNTERS, 0) for job_id in job_ids}
    if found:
        fields = {"_id": 0, "job_id": 1} | dict.fromkeys(job_documents.COUNTERS, 1)
        for each in database["batches"].find({"job_id": {"$in": list(found)}}, fields, batch_size=MAX_BATCHES):
            for name in job_documents.COUNTERS:
                found[each["job_id"]][name] += each[name]
    return {job_id: Counts(**counts) for job_id, counts in found.items()}


def read(database: Database[Document], found: Iterable[Document]) -> list[Job]:
    """Jobs with their counts."""
    kept = list(found)
    summed = sums(database, [each["_id"] for each in kept if not each["counted"]])
    return [job_documents.job(each, summed.get(each["_id"])) for each in kept]
