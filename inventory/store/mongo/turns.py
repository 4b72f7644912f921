"""What is due of several owners, found by an index in which the owner comes before the time: see `store.turns`.

A document without an owner has no `owner`, or null, which an index has before all names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.database import Database

from inventory.store.mongo.connection import Document
from inventory.store.mongo.latest import without
from inventory.store.turns import MIN_OWNERS, Served, take_turns

ORDER = [("owner", 1), ("bulk", 1), ("due_at", 1)]
"""Owner by owner; of each what lookups asked for first, and of that what a clock that was ahead wrote last."""
FIELDS: Document = {"state": 1, "fence": 1, "owner": 1, "bulk": 1, "due_at": 1}

Find = Callable[[Document | str | None], Sequence[Document]]
"""Gives the first due documents, owner by owner, of an owner or those within these bounds; no more than the limit."""


def in_turns(database: Database[Document], due: Sequence[Document], served: Served, *, limit: int) -> list[Document]:
    """Records that one of the filters `due` finds, evenly of each owner; those of lookups come first.

    If only the owner that was served last has any, the documents are whole, but for the latest snapshot.
    """
    if not _finding(database, due, FIELDS, 1)({"$ne": served.last or None}):
        return list(_finding(database, due, without(), limit)(served.last or None))
    turns = take_turns(queues(_finding(database, due, FIELDS, limit), last=served.last, limit=limit), limit)
    served.note(turns)
    return sorted((each for _, _, each in turns), key=is_bulk)


def all_due(database: Database[Document], due: Sequence[Document], *, limit: int) -> list[Document]:
    """Up to `limit` of them with their keys: in each round the oldest first, those of lookups before all others."""
    most = max(limit, MIN_OWNERS)
    find = _finding(database, due, FIELDS | {"key": 1}, most)
    turns = take_turns(queues(find, last="", limit=most), most)
    return [each for _, _, each in sorted(turns, key=_round_and_age)][:limit]


def _round_and_age(turn: tuple[int, str, Document]) -> tuple[int, bool, datetime]:
    number, _, document = turn
    return number, is_bulk(document), document["due_at"]


def _finding(database: Database[Document], due: Sequence[Document], fields: Document, limit: int) -> Find:
    def find(owner: Document | str | None) -> Sequence[Document]:
        chosen = {"$or": [each | {"owner": owner} for each in due]}
        return list(database["records"].find(chosen, dict(fields)).sort(ORDER).limit(limit))

    return find


def queues(find: Find, *, last: str, limit: int) -> dict[str, list[Document]]:
    """The first documents of up to `limit` owners, those after `last` first; of each up to `limit`."""
    found: dict[str, list[Document]] = {}
    for begin, upper in (({"$gt": last}, {}), ({"$not": {"$gt": last}}, {"$lte": last})):
        within: Document | None = begin
        while within is not None and len(found) < limit:
            some = find(within)
            for each in some:
                found.setdefault(owner_of(each), []).append(each)
            within = None
            if len(some) == limit:
                first, final = owner_of(some[0]), owner_of(some[-1])
                within = ({"$gt": final} if first == final else {"$gte": final}) | upper
                if first != final:  # there may be more of the last one
                    del found[final]
    return found


def owner_of(document: Mapping[str, Any]) -> str:
    """The owner of a record, job or batch; "" without one, and in what older code wrote."""
    return document.get("owner") or ""


def is_bulk(document: Mapping[str, Any]) -> bool:
    """Whether only jobs wait for a record."""
    return bool(document.get("bulk"))
