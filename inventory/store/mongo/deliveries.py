"""The ledger of deliveries. Pending and running ones have `due_at`, ended ones have none."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument, UpdateOne
from pymongo.database import Database

from inventory.listing import Key
from inventory.store.codecs import from_millis, read_text, text_bytes, to_millis, to_millis_or_none
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.documents import after_key, newest_first
from inventory.store.mongo.upserts import BATCH
from inventory.store.watch_codecs import attempts_content, delivery_values, read_attempts
from inventory.webhooks.model import DUE_AHEAD, HOLD_AHEAD, LEASE_AHEAD, Attempt, Delivery, DeliveryState

GOES_ON: Document = {"due_at": {"$gte": 0}}
OLDEST_DUE = [("due_at", 1)]
PENDING, RUNNING = DeliveryState.PENDING.value, DeliveryState.RUNNING.value


class MongoDeliveries(Adapter):
    def claim_due(self, *, now: datetime, lease_for: timedelta, limit: int, first: str | None = None) -> Sequence[Delivery]:
        due = {"due_at": {"$lte": to_millis(now)}}
        claims: list[Delivery] = []
        with self._connection.database() as database:
            _put_right(database, now)
            for chosen in (*([due | {"_id": first}] if first else []), due):
                while len(claims) < limit:
                    some = min(BATCH, limit - len(claims))
                    found = list(database["deliveries"].find(chosen, {"fence": 1, "due_at": 1}).sort(OLDEST_DUE).limit(some))
                    if not found:
                        break
                    claims += _lease(database, found, to_millis(now + lease_for))
        return claims

    def settle(
        self,
        claim: Delivery,
        attempt: Attempt | None,
        state: DeliveryState,
        *,
        due_at: datetime | None,
        counted: bool = True,
    ) -> bool:
        ours = {"_id": claim.id, "state": RUNNING, "lease": claim.lease, "fence": claim.fence}
        settled = {
            "state": state.value,
            "due_at": to_millis_or_none(due_at),
            "ended_at": to_millis(attempt.ended_at) if attempt is not None and due_at is None else None,
            "lease": None,
            "attempts": attempts_content([*claim.attempts, *([] if attempt is None else [attempt])]),
        }
        change: Document = {"$set": settled} if counted else {"$set": settled, "$inc": {"attempt": -1}}
        with self._connection.database() as database:
            return database["deliveries"].update_one(ours, change).matched_count == 1

    def again(self, delivery_id: str, *, address: str, now: datetime) -> Delivery | None:
        made_due = {"state": PENDING, "due_at": to_millis(now), "ended_at": None}
        ours = {"_id": delivery_id, "address": text_bytes(address)}
        ended, pending = ours | {"due_at": None}, ours | {"state": PENDING}
        with self._connection.database() as database:
            for chosen, change in ((ended, made_due | {"attempt": 0, "again_at": to_millis(now)}), (pending, made_due)):
                found = database["deliveries"].find_one_and_update(
                    chosen, {"$set": change}, return_document=ReturnDocument.AFTER
                )
                if found is not None:
                    return read(found)
            found = database["deliveries"].find_one(ours)
        return None if found is None else read(found)

    def cancel(self, *, webhook_id: str, now: datetime) -> int:
        with self._connection.database() as database:
            return cancel(database, webhook_id, now)

    def due(self, *, now: datetime, limit: int) -> Mapping[str, str]:
        due, fields = {"due_at": {"$lte": to_millis(now)}}, {"kind": 1, "address": 1}
        with self._connection.database() as database:
            _put_right(database, now)
            found = database["deliveries"].find(due, fields).sort(OLDEST_DUE).limit(limit)
            return {each["_id"]: f"{each['kind']}:{read_text(each['address'])}" for each in found}

    def listing(
        self, *, address: str | None, message_id: str | None, state: DeliveryState | None, limit: int, after: Key | None
    ) -> Sequence[Delivery]:
        named = {"address": text_bytes(address), "message_id": message_id, "state": None if state is None else state.value}
        chosen: Document = {name: value for name, value in named.items() if value is not None}
        chosen |= after_key("created_at", after, as_millis=True)
        with self._connection.database() as database:
            found = database["deliveries"].find(chosen).sort(newest_first("created_at")).limit(limit)
            return [read(each) for each in found]

    def tally(self) -> Mapping[DeliveryState, int]:
        with self._connection.database() as database:
            counts = {each: database["deliveries"].count_documents({"state": each.value}) for each in DeliveryState}
        return {state: count for state, count in counts.items() if count}


def new(delivery: Delivery) -> Document:
    """The document of a delivery."""
    values = delivery_values(delivery)
    return {"_id": values.pop("id")} | values


def read(document: Mapping[str, Any]) -> Delivery:
    due_at, ended_at, again_at = document["due_at"], document["ended_at"], document.get("again_at")
    return Delivery(
        id=document["_id"],
        message_id=document["message_id"],
        watch_id=document["watch_id"],
        kind=document["kind"],
        address=read_text(document["address"]) or "",
        created_at=from_millis(document["created_at"]),
        due_at=None if due_at is None else from_millis(due_at),
        state=DeliveryState(document["state"]),
        attempt=document["attempt"],
        lease=document["lease"],
        fence=document["fence"],
        ended_at=None if ended_at is None else from_millis(ended_at),
        attempts=read_attempts(document["attempts"]),
        again_at=None if again_at is None else from_millis(again_at),
    )


def cancel(database: Database[Document], webhook_id: str, now: datetime) -> int:
    """Cancel those to a webhook that go on; how many."""
    cancelled = {"state": DeliveryState.CANCELLED.value, "due_at": None, "lease": None, "ended_at": to_millis(now)}
    going_on = {"kind": "webhook", "address": text_bytes(webhook_id)} | GOES_ON
    return database["deliveries"].update_many(going_on, {"$set": cancelled}).modified_count


def _put_right(database: Database[Document], now: datetime) -> None:
    """Let what is due be what a claim may take.

    What is due too late was put off or leased by a clock that was ahead. And what waits for a receiver that is not to be
    called yet is due when it is, so that no claim looks at it each time.
    """
    at = to_millis(now)
    ahead = {"due_at": {"$gt": to_millis(now + DUE_AHEAD)}}
    leased = {"state": RUNNING, "due_at": {"$gt": to_millis(now + LEASE_AHEAD)}}
    for late in (ahead, leased):
        if database["deliveries"].find_one(late, {"_id": 1}) is not None:
            database["deliveries"].update_many(late, {"$set": {"due_at": at}})
    resting = {"not_before": {"$gt": at, "$lte": to_millis(now + HOLD_AHEAD)}}
    for each in list(database["webhooks"].find(resting, {"not_before": 1})):
        waiting = {"kind": "webhook", "address": text_bytes(each["_id"]), "state": PENDING, "due_at": {"$lte": at}}
        database["deliveries"].update_many(waiting, {"$set": {"due_at": each["not_before"]}})


def _lease(database: Database[Document], candidates: Sequence[Document], until: int) -> list[Delivery]:
    """Those of the candidates that no other caller was quicker to lease."""
    leases = {each["_id"]: secrets.token_hex(16) for each in candidates}
    leased, counted = {"state": RUNNING, "due_at": until}, {"attempt": 1, "fence": 1}
    operations = [UpdateOne(each, {"$set": leased | {"lease": leases[each["_id"]]}, "$inc": counted}) for each in candidates]
    database["deliveries"].bulk_write(operations, ordered=False)
    ours = {"_id": {"$in": list(leases)}, "lease": {"$in": list(leases.values())}}
    claimed = {each["_id"]: read(each) for each in database["deliveries"].find(ours)}
    return [claimed[key] for key in leases if key in claimed]
