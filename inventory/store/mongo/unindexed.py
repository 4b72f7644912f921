"""Records whose observations are to be made from their snapshots: which they are, and how far that has come.

The mark `indexed` of a record is missing or null where a settling has not marked it yet, false where it is to be indexed
again, `aside` where that was not possible, and true where its observations are those of its latest outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from inventory.observations.model import Reindexing
from inventory.records.model import Record
from inventory.store.codecs import from_millis, to_millis
from inventory.store.mongo.connection import Document

UNINDEXED: Document = {"indexed": {"$in": [None, False]}}
ASIDE: Document = {"indexed": "aside"}
RUN: Document = {"_id": "reindexing"}
"""The document of `meta` that says how far a rebuilding has come."""


def ids(database: Database[Document], limit: int, after: str) -> Sequence[str]:
    """Those after an id, in their order."""
    found = database["records"].find(UNINDEXED | {"_id": {"$gt": after}}, {"_id": 1}).sort("_id", 1).limit(limit)
    return [each["_id"] for each in found]


def count(database: Database[Document], up_to: int) -> int:
    """How many there are, at most `up_to`."""
    return database["records"].count_documents(UNINDEXED, limit=up_to) if up_to else 0


def mark(database: Database[Document], after: str, limit: int) -> str | None:
    """Mark the next `limit` records; the last id, None at the end.

    With another mark than a settling has, which would mark the record as indexed.
    """
    found = database["records"].find({"_id": {"$gt": after}}, {"_id": 1}).sort("_id", 1).limit(limit)
    marked = [each["_id"] for each in found]
    if marked:
        database["records"].update_many({"_id": {"$gt": after, "$lte": marked[-1]}}, {"$set": {"indexed": False}})
    return marked[-1] if marked else None


def mark_collected(database: Database[Document], record_ids: Sequence[str]) -> None:
    """Mark those of these records that have a snapshot."""
    chosen = {"_id": {"$in": list(record_ids)}, "snapshot_id": {"$ne": None}, "indexed": True}
    database["records"].update_many(chosen, {"$set": {"indexed": False}})


def as_seen(record: Record) -> Document:
    """The filter of an unindexed record: while it matches, the record has had no other outcome and no other past."""
    seen = {"_id": record.id, "accepted_at": record.accepted_at, "fence": record.fence, "state": record.state.value}
    return UNINDEXED | seen | {"snapshots": record.snapshots}


def set_aside(database: Database[Document], record_id: str, reason: str, seen: Record | None) -> None:
    """Set an unindexed record aside that is as it was seen."""
    chosen = UNINDEXED | {"_id": record_id} if seen is None else as_seen(seen)
    database["records"].update_one(chosen, {"$set": ASIDE | {"aside_because": reason}})


def unindexable(database: Database[Document], limit: int) -> Mapping[str, str]:
    """The reasons of those that are set aside."""
    found = database["records"].find(ASIDE, {"aside_because": 1}).sort("_id", 1).limit(limit)
    return {each["_id"]: each["aside_because"] for each in found}


def reindexing(database: Database[Document]) -> Reindexing | None:
    """The rebuilding that has begun."""
    found = database["meta"].find_one(RUN)
    if found is None:
        return None
    return Reindexing(begun_at=from_millis(found["begun_at"]), marked=found["marked"], marked_up_to=found["marked_up_to"])


def note_reindexing(database: Database[Document], run: Reindexing) -> Reindexing:
    """Keep it in place of one that is before it; what another process keeps meanwhile is compared with again."""
    noted = {"begun_at": to_millis(run.begun_at), "marked": run.marked, "marked_up_to": run.marked_up_to}
    while True:
        kept = reindexing(database)
        if kept is None:
            with suppress(DuplicateKeyError):
                database["meta"].insert_one(RUN | noted)
                return run
        elif not kept.is_before(run):
            return kept
        else:
            as_kept = RUN | {"begun_at": to_millis(kept.begun_at), "marked_up_to": kept.marked_up_to}
            if database["meta"].replace_one(as_kept, RUN | noted).matched_count:
                return run


def end_reindexing(database: Database[Document], run: Reindexing) -> None:
    """Forget it."""
    database["meta"].delete_one(RUN | {"begun_at": to_millis(run.begun_at)})
