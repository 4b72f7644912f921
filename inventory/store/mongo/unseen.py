"""Outcomes that watches have not looked at, in fields of the record, as `sqlite.unseen` has them in columns.

Settling and tagging write them with the update that they make anyway, or right beside it:

    settling   with the end of the claim. What is remembered before is read first: only the claim's owner changes that.
    tagging    before the labels change, so that no death leaves a change unseen; and after it again, because somebody may
               have looked in between
    looking    1. see that the record still has the mark that was read   2. keep the findings, and let their watches owe
               3. make the schedules so   4. forget what was unseen, where the record still has the mark

Whoever dies in between leaves the outcome unseen. It is looked at again with the same result: ids of findings follow from
what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import DeleteOne, UpdateOne
from pymongo.database import Database

from inventory.records.model import Failed, Outcome, Postponed, Stored
from inventory.store.codecs import from_millis, to_millis, to_millis_or_none
from inventory.store.mongo import documents, messages, schedules, watches, watching
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.latest import without
from inventory.store.mongo.upserts import change_all
from inventory.store.remembered import at_of, collections, remembered
from inventory.watches.model import Looked, Unseen, Watch

KEPT: Document = {"collections": 1, "watched": 1}
UNSEEN: Document = {"$gte": 0}
NEVER = -1
NOT_YET: Document = {"unseen_since": ""}
"""What is unset of a record whose outcomes are to be looked at with the next one."""
NOTHING: Document = NOT_YET | {"unseen": "", "tagged": ""}


def remembering(database: Database[Document], outcomes: Sequence[Outcome], since: int | None) -> Mapping[str, Document]:
    """What the updates of records do besides that these outcomes settle, by id; nothing while there is no watch."""
    ended = [each for each in outcomes if not isinstance(each, Postponed)] if since is not None else []
    again = [each.claim.id for each in ended if each.claim.fence > 1]
    found = database["records"].find({"_id": {"$in": again}}, KEPT) if again else ()
    kept = {each["_id"]: each for each in found}
    return {each.claim.id: _remember(kept.get(each.claim.id, {}), each, since or 0) for each in ended}


def with_these(update: Document, besides: Document) -> Document:
    """An update that does both."""
    return update | {name: update.get(name, {}) | changed for name, changed in besides.items()}


def tag(database: Database[Document], record_ids: Sequence[str], at: int) -> None:
    """Remember that the labels of records change, or have just changed."""
    since = watching.since(database) if record_ids else None
    if since is not None:
        chosen: Document = {"_id": {"$in": list(record_ids)}}
        stale = chosen | {"watched": {"$ne": since}}
        begun = {"$set": {"watched": since}, "$unset": NOTHING | {"collections": ""}}
        database["records"].update_many(stale, begun)
        changed = {"$inc": {"mark": 1}, "$min": {"unseen_since": at, "tagged": at}}
        database["records"].update_many(chosen, changed)


class MongoOutcomes(Adapter):
    def unseen(self, *, limit: int) -> Sequence[Unseen]:
        with self._connection.database() as database:
            since = watching.since(database)
            if since is None:
                return []
            chosen = {"watched": since, "unseen_since": UNSEEN, "indexed": True}
            found = database["records"].find(chosen, without()).sort("unseen_since", 1).limit(limit)
            return [_unseen(each) for each in found]

    def seen(self, looked: Sequence[Looked], *, now: datetime) -> Sequence[bool]:
        with self._connection.database() as database:
            ours = as_read(database, [each.unseen for each in looked])
            true = [each for each in looked if each.unseen.record.id in ours]
            found = database["watches"].find(watching.ACTIVE) if true else ()
            known = {each["_id"]: watches.read(each) for each in found}
            messages.keep(database, [one for each in true for one in each.findings if one.watch_id in known], known, now)
            schedule(database, true, known)
            done = forget(database, [each.unseen for each in true if not each.broken])
            done |= forget(database, [each.unseen for each in true if each.broken], NOT_YET)
        return [each.unseen.record.id in done for each in looked]

    def forget(self, *, limit: int) -> int:
        with self._connection.database() as database:
            stale = stale_since(watching.since(database))
            ids = [each["_id"] for each in database["records"].find(stale, {"_id": 1}).limit(limit)]
            gone = database["records"].update_many({"_id": {"$in": ids}} | stale, {"$unset": NOTHING}) if ids else None
        return 0 if gone is None else gone.modified_count


def stale_since(since: int | None) -> Document:
    """Those that were unseen before; all while there is no watch. Each case names the first field of an index."""
    others: list[Document] = [{"watched": {"$lt": since}}, {"watched": {"$gt": since}}]
    return {"unseen_since": UNSEEN} | ({"watched": {"$gt": NEVER}} if since is None else {"$or": others})


def _remember(kept: Mapping[str, Any], outcome: Stored | Failed, since: int) -> Document:
    at = at_of(outcome)
    if kept.get("watched") != since:
        begun = {"collections": remembered(None, outcome), "watched": since, "unseen": 1, "unseen_since": at}
        return {"$set": begun, "$inc": {"mark": 1}} | ({"$unset": {"tagged": ""}} if kept else {})
    latest = {"collections": remembered(kept.get("collections"), outcome)}
    return {"$set": latest, "$inc": {"mark": 1, "unseen": 1}, "$min": {"unseen_since": at}}


def _unseen(document: Mapping[str, Any]) -> Unseen:
    record, new = documents.record(document), document.get("unseen", 0)
    latest = collections(document.get("collections"), record)
    tagged = document.get("tagged")
    tagged_at = None if tagged is None else from_millis(tagged)
    return Unseen(
        record=record, collections=latest, new=min(new, len(latest)), tagged_at=tagged_at, mark=str(document["mark"])
    )


def _as_seen(unseen: Unseen) -> Document:
    record = unseen.record
    return {"_id": record.id, "accepted_at": record.accepted_at, "mark": int(unseen.mark), "unseen_since": UNSEEN}


def as_read(database: Database[Document], unseen: Sequence[Unseen]) -> set[str]:
    """Step 1: the ids of the records that are as they were read."""
    wanted = {each.record.id: each for each in unseen}
    found = database["records"].find({"_id": {"$in": list(wanted)}}, {"accepted_at": 1, "mark": 1, "unseen_since": 1})
    return {
        each["_id"]
        for each in found
        if each.get("unseen_since") is not None
        and str(each["mark"]) == wanted[each["_id"]].mark
        and documents.aware(each["accepted_at"]) == wanted[each["_id"]].record.accepted_at
    }


def forget(database: Database[Document], unseen: Sequence[Unseen], what: Document = NOTHING) -> set[str]:
    """Step 4: the ids of the records of which nothing is unseen any more since they were read."""
    change_all(database["records"], [UpdateOne(_as_seen(each), {"$unset": what}) for each in unseen])
    marks = {each.record.id: int(each.mark) for each in unseen}
    over = {"_id": {"$in": list(marks)}, "unseen_since": None}
    found = database["records"].find(over, {"mark": 1}) if marks else ()
    return {each["_id"] for each in found if each.get("mark") == marks[each["_id"]]}


def schedule(database: Database[Document], looked: Iterable[Looked], known: Mapping[str, Watch]) -> None:
    """Step 3. One that is there stays, but for its being due sooner."""
    new: list[Document] = []
    changes: list[UpdateOne | DeleteOne] = []
    for each in looked:
        record_id, mark = each.unseen.record.id, int(each.unseen.mark)
        for one in each.memberships:
            watch = known.get(one.watch_id)
            if watch is None or watch.version != one.version:
                continue
            key = schedules.schedule_id(one.watch_id, record_id)
            if not one.matches:
                changes.append(DeleteOne({"_id": key, "as_of": {"$lte": mark}}))
            elif (due_at := to_millis_or_none(one.starts_at)) is not None:
                new.append(schedules.document(one.watch_id, record_id, due_at=due_at, version=one.version, as_of=mark))
                sooner = {} if one.sooner is None else {"$min": {"due_at": to_millis(one.sooner)}}
                changes.append(UpdateOne({"_id": key, "version": one.version}, {"$max": {"as_of": mark}} | sooner))
    schedules.write(database, new)
    change_all(database["schedules"], changes)
