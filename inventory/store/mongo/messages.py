"""Messages, and the findings that they tell: the watch's document is where all meet.

    due_at, lease, fence   a message is owed from `due_at` on; of a watch that is claimed this is the end of its lease
    found                  one more whenever findings were kept: who saw that none is left sees whether that is still so
    outgoing               a message that was committed, with its deliveries, until all of it is written

    composing   1. claim the watch: a new lease, one more `fence`   2. put that fence on findings that are not `told` and
                have a lower one   3. commit: where lease and fence still match, the message becomes `outgoing`, and the
                lease ends
    finishing   a. write the message and its deliveries   b. let the findings with its fence be told   c. take `outgoing`
                away, and say when the next message is due, where `found` is as it was before it was seen whether any is

Who commits finishes, and whoever comes to claim the watch does it if that one died: each step is harmless when repeated. A
finding is told once, because its fence only rises until it is told, and only that of a committed message tells it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.database import Database

from inventory.listing import Key
from inventory.store.codecs import from_millis, to_millis
from inventory.store.mongo import deliveries, old_messages, watches
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.documents import after_key, newest_first
from inventory.store.mongo.upserts import insert_new
from inventory.store.watch_codecs import finding_content, kept_groups, message_values, read_finding, told_at_once
from inventory.watches.model import (
    MAX_TOLD_BYTES,
    MESSAGE_AHEAD,
    ComposingClaim,
    Finding,
    Message,
    On,
    Watch,
    is_owed_late,
    message_due_at,
)
from inventory.webhooks.model import Delivery

OLDEST = [("at", 1), ("_id", 1)]


class MongoMessages(Adapter):
    def claim(self, *, now: datetime, lease_for: timedelta) -> ComposingClaim | None:
        lease = secrets.token_hex(16)
        with self._connection.database() as database:
            while (found := _due(database, now)) is not None:
                if found["outgoing"] is not None:
                    finish(database, found["_id"], found["outgoing"])
                    continue
                as_found = {name: found[name] for name in ("_id", "due_at", "fence")} | {"outgoing": None}
                leased = {"$set": {"lease": lease, "due_at": to_millis(now + lease_for)}, "$inc": {"fence": 1}}
                claimed = database["watches"].find_one_and_update(as_found, leased, return_document=ReturnDocument.AFTER)
                if claimed is not None:
                    return ComposingClaim(watch=watches.read(claimed), lease=lease, fence=claimed["fence"])
        return None

    def owed(self, claim: ComposingClaim, *, limit: int, max_bytes: int = MAX_TOLD_BYTES) -> Sequence[Finding]:
        with self._connection.database() as database:
            while (held := database["watches"].find_one(_held(claim), {"found": 1})) is not None:
                if found := label(database, claim, limit, max_bytes):
                    return [_finding(each) for each in found]
                over = {"$set": {"lease": None, "due_at": None}}
                if database["watches"].update_one(_held(claim) | {"found": held["found"]}, over).matched_count == 1:
                    break
        return []

    def commit(self, claim: ComposingClaim, message: Message, deliveries: Sequence[Delivery], *, now: datetime) -> bool:
        with self._connection.database() as database:
            commit(database, claim, message, deliveries, now)
            watch = database["watches"].find_one({"_id": claim.watch.id}, {"outgoing": 1})
            outgoing = None if watch is None else watch["outgoing"]
            if outgoing is not None and outgoing["message"]["_id"] == message.id:
                finish(database, claim.watch.id, outgoing)
                return True
            return database["messages"].find_one({"_id": message.id}, {"_id": 1}) is not None

    def listing(self, watch_id: str, *, limit: int, after: Key | None) -> Sequence[Message]:
        chosen = {"watch_id": watch_id} | after_key("created_at", after, as_millis=True)
        with self._connection.database() as database:
            found = database["messages"].find(chosen, {"payload": 0}).sort(newest_first("created_at")).limit(limit)
            return [_message(each) for each in found]

    def find(self, message_id: str) -> Message | None:
        with self._connection.database() as database:
            found = database["messages"].find_one({"_id": message_id})
        return None if found is None else _message(found)

    def findings(self, message_id: str, *, limit: int, after: Key | None) -> Sequence[Finding]:
        chosen = {"message_id": message_id} | after_key("at", after, as_millis=True)
        with self._connection.database() as database:
            found = database["findings"].find(chosen).sort(newest_first("at")).limit(limit)
            return [_finding(each) for each in found]

    def retire(self, *, before: datetime, limit: int) -> int:
        with self._connection.database() as database:
            return old_messages.remove(database, before, limit)


def _due(database: Database[Document], now: datetime) -> Document | None:
    """The watch whose message has been due for the longest, or is due much too late."""
    due, ahead = {"due_at": {"$lte": to_millis(now)}}, {"due_at": {"$gt": to_millis(now + MESSAGE_AHEAD)}}
    if (found := database["watches"].find_one(due, sort=[("due_at", 1)])) is not None:
        return found
    owing = database["watches"].find(ahead)
    return next((each for each in owing if is_owed_late(watches.read(each), from_millis(each["due_at"]), now)), None)


def keep(database: Database[Document], findings: Sequence[Finding], known: Mapping[str, Watch], now: datetime) -> None:
    """Keep what is new of these, and let their watches owe a message."""
    if not findings:
        return
    refused = insert(database, findings)
    owed = {each.watch_id for each in findings if each.id not in refused}
    untold = {"_id": {"$in": list(refused)}, "told": False}  # who kept them may have died before the watch owed them
    owed |= {each["watch_id"] for each in database["findings"].find(untold, {"watch_id": 1})} if refused else set()
    for watch_id in sorted(owed):
        if database["watches"].update_one({"_id": watch_id}, {"$inc": {"found": 1}}).matched_count == 1:
            let_owe(database, known[watch_id], now)
        else:
            database["findings"].delete_many({"watch_id": watch_id})


def insert(database: Database[Document], findings: Sequence[Finding]) -> set[str]:
    """Insert what is new of these; the ids of the others."""
    return insert_new(database["findings"], [_document(each) for each in findings])


def let_owe(database: Database[Document], watch: Watch, now: datetime) -> None:
    """Let a watch owe a message, if it does not."""
    due_at = to_millis(message_due_at(watch, now))
    database["watches"].update_one({"_id": watch.id, "due_at": None}, {"$set": {"due_at": due_at}})


def label(database: Database[Document], claim: ComposingClaim, limit: int, max_bytes: int) -> list[Document]:
    """Step 2: the findings that belong to the message of a claim, the oldest first; as before, if some do already."""
    untold = {"watch_id": claim.watch.id, "told": False}
    ours = untold | {"fence": claim.fence}
    if found := list(database["findings"].find(ours).sort(OLDEST)):
        return found
    sizes = database["findings"].find(untold, {"content": 1}).sort(OLDEST).limit(limit)
    ids = list(told_at_once(((each["_id"], len(each["content"])) for each in sizes), max_bytes))
    if not ids:
        return []
    lower = {"_id": {"$in": ids}, "told": False, "fence": {"$lt": claim.fence}}
    database["findings"].update_many(lower, {"$set": {"fence": claim.fence}})
    return list(database["findings"].find(ours).sort(OLDEST))


def commit(
    database: Database[Document], claim: ComposingClaim, message: Message, deliveries: Sequence[Delivery], now: datetime
) -> None:
    """Step 3, if the claim still holds."""
    at = to_millis(now)
    committed = {"lease": None, "due_at": at, "messages": message.number, "last_message_at": at}
    outgoing = _outgoing(message, deliveries, fence=claim.fence)
    database["watches"].update_one(_held(claim), {"$set": committed | {"outgoing": outgoing}})


def finish(database: Database[Document], watch_id: str, outgoing: Document) -> None:
    """Steps a to c."""
    write(database, outgoing)
    tell(database, watch_id, outgoing)
    outgoing_still = {"_id": watch_id, "outgoing.message._id": outgoing["message"]["_id"]}
    while (found := database["watches"].find_one(outgoing_still, {"outgoing": 0})) is not None:
        watch, due_at = watches.read(found), None
        if database["findings"].find_one({"watch_id": watch_id, "told": False}, {"_id": 1}) is not None:
            due_at = to_millis(message_due_at(watch, watch.last_message_at or watch.created_at))
        over = {"$set": {"outgoing": None, "due_at": due_at}}
        if database["watches"].update_one(outgoing_still | {"found": found["found"]}, over).matched_count == 1:
            return
    if database["watches"].find_one({"_id": watch_id}, {"_id": 1}) is None:  # deleted meanwhile
        while watches.remove_told(database, watch_id, watches.MAX_REMOVED):
            continue


def write(database: Database[Document], outgoing: Document) -> None:
    """Step a. The message comes first, because what is delivered is looked up in it."""
    insert_new(database["messages"], [outgoing["message"]])
    insert_new(database["deliveries"], outgoing["deliveries"])


def tell(database: Database[Document], watch_id: str, outgoing: Document) -> None:
    """Step b."""
    ours = {"watch_id": watch_id, "told": False, "fence": outgoing["fence"]}
    database["findings"].update_many(ours, {"$set": {"told": True, "message_id": outgoing["message"]["_id"]}})


def _outgoing(message: Message, new: Sequence[Delivery], *, fence: int) -> Document:
    values = message_values(message)
    kept = {"_id": values.pop("id")} | values
    return {"message": kept, "deliveries": [deliveries.new(each) for each in new], "fence": fence}


def _held(claim: ComposingClaim) -> Document:
    """What a watch must still have for the owner of the claim to change it."""
    return {"_id": claim.watch.id, "lease": claim.lease, "fence": claim.fence}


def _document(finding: Finding) -> Document:
    return {
        "_id": finding.id,
        "watch_id": finding.watch_id,
        "record_id": finding.record_id,
        "on": finding.on.value,
        "at": to_millis(finding.at),
        "content": finding_content(finding),
        "fence": 0,
        "told": False,
        "message_id": None,
    }


def _finding(document: Mapping[str, Any]) -> Finding:
    return Finding(
        watch_id=document["watch_id"],
        record_id=document["record_id"],
        on=On(document["on"]),
        at=from_millis(document["at"]),
        **read_finding(document["content"]),
    )


def _message(document: Mapping[str, Any]) -> Message:
    message = Message(
        id=document["_id"],
        watch_id=document["watch_id"],
        number=document["number"],
        created_at=from_millis(document["created_at"]),
        findings=document["findings"],
        targets=document["targets"],
        **kept_groups(document["groups"]),
    )
    return replace(message, payload=document.get("payload", b""))
