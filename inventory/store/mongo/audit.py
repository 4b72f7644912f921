"""The audit. `noun` is what an action begins with, up to its first dot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inventory import listing
from inventory.access.model import AuditEntry
from inventory.store.access_entries import entry_values, read_entry
from inventory.store.codecs import to_millis_up
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.documents import after_key, newest_first
from inventory.store.mongo.upserts import insert_new


class MongoAudit(Adapter):
    def add(self, entries: Sequence[AuditEntry]) -> None:
        values = [entry_values(entry) for entry in entries]
        with self._connection.database() as database:
            insert_new(database["audit"], [{"_id": each.pop("id")} | each for each in values])

    def listing(
        self,
        *,
        key_id: str | None,
        address: str | None,
        action: str | None,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        after: listing.Key | None,
    ) -> Sequence[AuditEntry]:
        named = {"key_id": key_id, "address": address}
        named["noun" if action is not None and action.endswith(".") else "action"] = action and action.removesuffix(".")
        chosen: Document = {name: value for name, value in named.items() if value is not None}
        if times := _times(since, until):
            chosen["$and"] = [{"at": times}]  # beside the `at` of the page
        chosen |= after_key("at", after, as_millis=True)
        with self._connection.database() as database:
            found = database["audit"].find(chosen).sort(newest_first("at")).limit(limit)
            return [read_entry(each | {"id": each["_id"]}) for each in found]

    def prune(self, *, before: datetime, limit: int) -> int:
        with self._connection.database() as database:
            audit = database["audit"]
            old = audit.find({"at": {"$lt": to_millis_up(before)}}, {"_id": 1}).sort([("at", 1)]).limit(limit)
            ids = [each["_id"] for each in old]
            return audit.delete_many({"_id": {"$in": ids}}).deleted_count if ids else 0


def _times(since: datetime | None, until: datetime | None) -> Document:
    bounds = {"$gte": since, "$lt": until}
    return {sign: to_millis_up(instant) for sign, instant in bounds.items() if instant is not None}
