"""Receivers of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from inventory.listing import Key
from inventory.store.codecs import from_millis, read_text, text_bytes, to_millis, to_millis_or_none
from inventory.store.mongo import deliveries
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.documents import after_key, newest_first
from inventory.store.watch_codecs import key_of, read_secrets, secrets_content
from inventory.webhooks.model import HOLD_AHEAD, Webhook


class MongoWebhooks(Adapter):
    def add(self, webhook: Webhook, *, at_most: int) -> Webhook | None:
        """Of several that are added at the same moment, all may find room for one more."""
        new = _set(webhook) | {
            "not_before": to_millis_or_none(webhook.not_before),
            "failing_since": to_millis_or_none(webhook.failing_since),
            "_id": webhook.id,
            "created_at": to_millis(webhook.created_at),
            "version": webhook.version,
        }
        same = {"url_key": new["url_key"]}
        with self._connection.database() as database:
            if (found := database["webhooks"].find_one(same)) is not None:
                return _read(found)
            if database["webhooks"].count_documents({}, limit=at_most + 1) >= at_most:
                return None
            try:
                database["webhooks"].insert_one(new)
            except DuplicateKeyError:
                found = database["webhooks"].find_one(same)
                return None if found is None else _read(found)
        return _read(new)

    def find(self, webhook_id: str) -> Webhook | None:
        with self._connection.database() as database:
            found = database["webhooks"].find_one({"_id": webhook_id})
        return None if found is None else _read(found)

    def listing(self, *, limit: int, after: Key | None) -> Sequence[Webhook]:
        chosen = after_key("created_at", after, as_millis=True)
        with self._connection.database() as database:
            found = database["webhooks"].find(chosen).sort(newest_first("created_at")).limit(limit)
            return [_read(each) for each in found]

    def replace(self, seen: Webhook, webhook: Webhook) -> bool:
        as_seen = {"_id": seen.id, "version": seen.version}
        told = {name for name in ("not_before", "failing_since") if getattr(seen, name) and not getattr(webhook, name)}
        changed = {"$set": _set(webhook) | dict.fromkeys(told), "$inc": {"version": 1}}
        other = {"url_key": key_of(webhook.url), "_id": {"$ne": seen.id}}
        with self._connection.database() as database:
            if database["webhooks"].find_one(other, {"_id": 1}):
                return False
            try:
                return database["webhooks"].update_one(as_seen, changed).matched_count == 1
            except DuplicateKeyError:  # it got the URL in this moment
                return False

    def note(
        self,
        webhook_id: str,
        *,
        failed_at: datetime | None,
        hold_until: datetime | None,
        disabled: str | None,
        now: datetime,
    ) -> None:
        this: Document = {"_id": webhook_id}
        began = this | ({"failing_since": None} if failed_at else {})
        with self._connection.database() as database:
            webhooks = database["webhooks"]
            if hold_until is not None:
                until, latest = to_millis(hold_until), to_millis(now + HOLD_AHEAD)
                others = ({"not_before": each} for each in (None, {"$lt": until}, {"$gt": latest}))
                webhooks.update_one(this | {"$or": list(others)}, {"$set": {"not_before": until}})
            webhooks.update_one(began, {"$set": {"failing_since": to_millis_or_none(failed_at)}})
            if disabled is not None:
                disabling = {"$set": {"disabled_because": text_bytes(disabled)}, "$inc": {"version": 1}}
                webhooks.update_one(this | {"disabled_because": None}, disabling)

    def delete(self, webhook_id: str, *, now: datetime) -> bool:
        with self._connection.database() as database:
            deleted = database["webhooks"].delete_one({"_id": webhook_id}).deleted_count == 1
            deliveries.cancel(database, webhook_id, now)
        return deleted


def _set(webhook: Webhook) -> Document:
    return {
        "url": text_bytes(webhook.url),
        "url_key": key_of(webhook.url),
        "secrets": secrets_content(webhook.secrets),
        "disabled_because": text_bytes(webhook.disabled_because),
    }


def _read(document: Mapping[str, Any]) -> Webhook:
    not_before, failing_since = document["not_before"], document["failing_since"]
    return Webhook(
        id=document["_id"],
        url=read_text(document["url"]) or "",
        created_at=from_millis(document["created_at"]),
        secrets=read_secrets(document["secrets"]),
        disabled_because=read_text(document["disabled_because"]),
        not_before=None if not_before is None else from_millis(not_before),
        failing_since=None if failing_since is None else from_millis(failing_since),
        version=document["version"],
    )
