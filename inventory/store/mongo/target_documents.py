"""The documents of targets: changed only where they still are as they were read."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pymongo import UpdateOne
from pymongo.database import Database

from inventory.store.codecs import to_millis
from inventory.store.mongo import documents
from inventory.store.mongo.connection import Document
from inventory.store.mongo.latest import without
from inventory.store.mongo.upserts import insert_new, update_all


@dataclass(frozen=True, slots=True)
class Write:
    """A change of the document of a record; `version` is that of the document that was read, None if there was none."""

    record_id: str
    version: int | None
    changed: Document


def read_all(database: Database[Document], record_ids: Sequence[str]) -> dict[str, Document]:
    """Those that there are, by the ids of their records."""
    return {each["_id"]: each for each in database["observed_targets"].find({"_id": {"$in": list(record_ids)}})}


def records_of(database: Database[Document], record_ids: Sequence[str]) -> dict[str, Document]:
    """The records that exist, by id, without their latest snapshots."""
    return {each["_id"]: each for each in database["records"].find({"_id": {"$in": list(record_ids)}}, without())}


def write_all(database: Database[Document], writes: Sequence[Write]) -> set[str]:
    """Make changes of documents that still have the versions that were read; the ids of those that took effect."""
    versions = {each.record_id: secrets.randbits(53) for each in writes}
    changed = {each.record_id: each.changed | {"version": versions[each.record_id]} for each in writes}
    new = [{"_id": each.record_id} | changed[each.record_id] for each in writes if each.version is None]
    refused = insert_new(database["observed_targets"], new)
    again = [each for each in writes if each.version is not None]
    updates = [
        UpdateOne({"_id": each.record_id, "version": each.version}, {"$set": changed[each.record_id]}) for each in again
    ]
    if update_all(database["observed_targets"], updates) < len(updates):
        found = database["observed_targets"].find({"_id": {"$in": [each.record_id for each in again]}}, {"version": 1})
        ours = {each["_id"] for each in found if each["version"] == versions[each["_id"]]}
        refused |= {each.record_id for each in again} - ours
    return versions.keys() - refused


def remove(database: Database[Document], record_id: str, accepted_at: int) -> None:
    """Remove what was observed of a record that is gone; nothing of a new one of the same id."""
    database["observed_targets"].delete_one({"_id": record_id, "accepted_at": accepted_at})


def remove_orphans(database: Database[Document], accepted_at: Mapping[str, int]) -> None:
    """Remove what was observed of those of these records that are gone; they were accepted at these instants."""
    records = records_of(database, list(accepted_at)) if accepted_at else {}
    for record_id, instant in accepted_at.items():
        record = records.get(record_id)
        if record is None or to_millis(documents.aware(record["accepted_at"])) != instant:
            remove(database, record_id, instant)


def remove_version(database: Database[Document], record_id: str, version: int | None) -> None:
    """Remove what was observed of a record, where it still is as it was read."""
    if version is not None:
        database["observed_targets"].delete_one({"_id": record_id, "version": version})
