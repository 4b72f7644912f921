"""Many records at once, for jobs: read by their ids, and accepted."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.database import Database

from inventory.records.model import Acceptance, Record, State, Target
from inventory.store.mongo import documents
from inventory.store.mongo.connection import Document
from inventory.store.mongo.upserts import insert_new, update_all


def read_all(database: Database[Document], record_ids: Sequence[str]) -> dict[str, Document]:
    """The documents of those records that there are, by id."""
    return {each["_id"]: each for each in database["records"].find({"_id": {"$in": list(record_ids)}})}


def accept_all(
    database: Database[Document], wanted: Sequence[tuple[Target, Record | None]], now: datetime
) -> list[Acceptance]:
    """A token tells which records this call accepted, when all of them are read back."""
    accepted = {"bulk": True, "accepted_by": secrets.token_hex(16)}
    new = {target.id: documents.new_record(target, now) | accepted for target, _ in wanted}
    seen = {target.id: record for target, record in wanted if record is not None}
    update_all(database["records"], [_again(record, now, accepted) for record in seen.values()])
    insert_new(database["records"], [document for key, document in new.items() if key not in seen])
    found = read_all(database, list(new))
    while len(found) < len(new):
        # Deleted meanwhile.
        insert_new(database["records"], [document for key, document in new.items() if key not in found])
        found = read_all(database, list(new))
    ours = {key for key, document in found.items() if document.get("accepted_by") == accepted["accepted_by"]}
    acceptances = []
    for target, _ in wanted:
        acceptances.append(Acceptance(documents.record(found[target.id]), target.id in ours))
        ours.discard(target.id)
    return acceptances


def _again(seen: Record, now: datetime, accepted: Document) -> UpdateOne:
    at = documents.truncated(now)
    pending = {"state": State.PENDING.value, "requested_at": at, "due_at": at, "attempt": 0, "revalidate": True}
    settled = {"$in": [State.STORED.value, State.FAILED.value]}
    return UpdateOne({"_id": seen.id, "fence": seen.fence, "state": settled}, {"$set": pending | accepted})
