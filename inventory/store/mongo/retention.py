"""What the scheduler removes: snapshots beyond those to be kept, and what workers that died left behind.

Nothing here stops other calls. What is removed can never be named again, whatever they do meanwhile:

    a settled snapshot that is not the latest    the next settling marks and names newer ones only
    a snapshot whose claim is over, unsettled    its record has another lease or state, and leases never come back; it is
                                                 removed only while it is unsettled, for the mark comes before the next name
    a snapshot of a record that is gone          a record that is accepted again has another `accepted_at`
    a body that nothing names                    by the steps of `bodies`
"""

from __future__ import annotations

from collections.abc import Mapping

from pymongo.database import Database

from inventory.records.model import State
from inventory.store.mongo import bodies, documents
from inventory.store.mongo.connection import Document


def retire(database: Database[Document], *, keep: int, limit: int) -> int:
    fields = {"accepted_at": 1, "snapshot_id": 1, "fence": 1, "snapshots": 1}
    many = list(database["records"].find({"snapshots": {"$gt": keep}}, fields).limit(limit))
    return sum(_retire(database, record, keep) for record in many)


def sweep_snapshots(database: Database[Document], *, after: str, limit: int) -> str:
    fields = {"record_id": 1, "accepted_at": 1, "settled": 1, "body_sha256": 1}
    seen = list(database["snapshots"].find({"_id": {"$gt": after}}, fields).sort("_id", 1).limit(limit))
    ids = sorted({each["record_id"] for each in seen})
    fields = {"accepted_at": 1, "snapshot_id": 1, "state": 1, "lease": 1}
    records = {each["_id"]: each for each in database["records"].find({"_id": {"$in": ids}}, fields)}
    for snapshot in seen:
        _sweep_snapshot(database, snapshot, records.get(snapshot["record_id"]))
    return seen[-1]["_id"] if len(seen) == limit else ""


def _retire(database: Database[Document], record: Document, keep: int) -> int:
    """The count is corrected last, and only if nothing was settled meanwhile; otherwise the next round does it."""
    of_record = {"record_id": record["_id"], "accepted_at": record["accepted_at"], "settled": True}
    past = of_record | {"_id": {"$ne": record["snapshot_id"]}}
    newest = documents.newest_first("collected_at")
    doomed = list(database["snapshots"].find(past, {"body_sha256": 1}).sort(newest).skip(keep - 1))
    if doomed:
        database["snapshots"].delete_many({"_id": {"$in": [each["_id"] for each in doomed]}})
        bodies.discard(database, [each.get("body_sha256") for each in doomed])
    unchanged = {name: record[name] for name in ("_id", "accepted_at", "fence", "snapshots")}
    left = 1 + database["snapshots"].count_documents(past)
    database["records"].update_one(unchanged, {"$set": {"snapshots": left}})
    return len(doomed)


def _sweep_snapshot(database: Database[Document], snapshot: Document, record: Mapping[str, object] | None) -> None:
    doomed = {"_id": snapshot["_id"]}
    if record is not None and record["accepted_at"] == snapshot["accepted_at"]:
        running = record["state"] == State.RUNNING.value and record["lease"] == snapshot["_id"]
        if snapshot.get("settled") or record["snapshot_id"] == snapshot["_id"] or running:
            return
        doomed["settled"] = {"$ne": True}
    if database["snapshots"].delete_one(doomed).deleted_count:
        bodies.discard(database, [snapshot.get("body_sha256")])
