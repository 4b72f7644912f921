"""What is due of several owners, found by an index in which the owner comes before the time: see `store.turns`.

A document without an owner has no `owner`, or null, which an index has before all names.

Claims that meet choose the same records, and one wins. So a claim that lost takes another slice of what jobs wait for: the
first slice is what a claim would take, the next one what the claim after it would, and so on. Nothing is left by that: in
place of a slice that is not full, the first one is taken. What lookups wait for is in no slice, and always comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from secrets import randbelow
from typing import Any

from pymongo.database import Database

from inventory.store.mongo.at_once import up_to
from inventory.store.mongo.connection import Document
from inventory.store.mongo.latest import without
from inventory.store.turns import MIN_OWNERS, Served, queues_of, take_turns

ORDER = [("owner", 1), ("bulk", 1), ("due_at", 1)]
"""Owner by owner; of each what lookups asked for first, and of that what a clock that was ahead wrote last."""
FIELDS: Document = {"state": 1, "fence": 1, "owner": 1, "bulk": 1, "due_at": 1}

MAX_SLICES = 32
"""The server passes over all that is due before a slice, so there is an end to that."""
MORE_SLICES = 4
"""By how much there are more slices after a claim that lost; after each that did not there is one less."""

Find = Callable[[Document | str | None, int], Sequence[Document]]
"""Gives the first due documents, owner by owner, of an owner or those within these bounds, up to a limit."""


class Slices:
    """How many slices claims choose from: one, unless they meet others."""

    def __init__(self, below: Callable[[int], int] = randbelow) -> None:
        self._count, self._below = 1, below

    def choose(self) -> int:
        """The slice that a claim takes, at random; the first one is 0."""
        return self._below(self._count)

    def note(self, *, lost: bool) -> None:
        """Remember whether another claim was quicker to lease something of what this one chose."""
        self._count = min(MAX_SLICES, MORE_SLICES * self._count) if lost else max(1, self._count - 1)


def in_turns(
    database: Database[Document], due: Sequence[Document], served: Served, *, limit: int, part: int = 0
) -> list[Document]:
    """Records that one of the filters `due` finds, evenly of each owner; those of lookups come first, then the slice `part`.

    If only the owner that was served last has any, the documents are whole, but for the latest snapshot.
    """
    find, last = _finding(database, due, FIELDS), served.last or None
    whole = partial(_finding_slice(database, due, without(), part), last, limit)
    others, *only = up_to(len, [partial(find, {"$ne": last}, 1), whole])
    if only and not others:
        return list(only[0])
    find_slice = _finding_slice(database, due, FIELDS, part) if part else None
    turns = take_turns(queues(find, last=served.last, limit=limit, find_slice=find_slice), limit)
    served.note(turns)
    return sorted((each for _, _, each in turns), key=is_bulk)


def all_due(database: Database[Document], due: Sequence[Document], *, limit: int) -> list[Document]:
    """Up to `limit` of them with their keys and hosts: in each round the oldest first, those of lookups before all others.

    One alone is the oldest, whosever it is. Workers ask for one to know whether there is any.
    """
    fields = FIELDS | {"key": 1, "host": 1}
    if limit == 1:
        oldest = [database["records"].find_one(each, fields, sort=[("due_at", 1)]) for each in due]
        return [each for each in oldest if each is not None][:1]
    most = max(limit, MIN_OWNERS)
    turns = take_turns(queues(_finding(database, due, fields), last="", limit=most), most)
    return [each for _, _, each in sorted(turns, key=_round_and_age)][:limit]


def _round_and_age(turn: tuple[int, str, Document]) -> tuple[int, bool, datetime]:
    number, _, document = turn
    return number, is_bulk(document), document["due_at"]


def _finding(database: Database[Document], due: Sequence[Document], fields: Document, *, before: int = 0) -> Find:
    """Find the first ones after so many `limit`s before them."""

    def find(owner: Document | str | None, limit: int) -> Sequence[Document]:
        chosen = {"$or": [each | {"owner": owner} for each in due]}
        found = database["records"].find(chosen, dict(fields)).sort(ORDER)
        return list(found.skip(before * limit).limit(limit))

    return find


def _finding_slice(database: Database[Document], due: Sequence[Document], fields: Document, part: int) -> Find:
    """Find what lookups of one owner asked for, then a slice of what its jobs did; the first ones, if that is not full."""
    find_first = _finding(database, due, fields)
    if part == 0:
        return find_first
    find_for_lookups = _finding(database, [each | {"bulk": None} for each in due], fields)
    find_for_jobs = _finding(database, [each | {"bulk": True} for each in due], fields, before=part)

    def find(owner: Document | str | None, limit: int) -> Sequence[Document]:
        for_jobs = find_for_jobs(owner, limit)
        if len(for_jobs) < limit:
            return find_first(owner, limit)
        return [*find_for_lookups(owner, limit), *for_jobs][:limit]

    return find


def queues(find: Find, *, last: str, limit: int, find_slice: Find | None = None) -> dict[str, Sequence[Document]]:
    """The first documents of up to `limit` owners, those after `last` first; of each no less than its turns take.

    Once `limit` documents were read, each further owner is found by one. So a few times `limit` are read, whatever each has.
    `find_slice` is asked for owners that have several turns and more than was read; claims of many owners hardly meet.
    """
    found: dict[str, list[Document]] = {}
    cut: set[str] = set()  # there may be more of these
    left = limit
    for begin, upper in (({"$gt": last}, {}), ({"$not": {"$gt": last}}, {"$lte": last})):
        within: Document | None = begin
        while within is not None and len(found) < limit:
            some = find(within, max(1, left))
            for each in some:
                found.setdefault(owner_of(each), []).append(each)
            within = None
            if len(some) == max(1, left):
                final = owner_of(some[-1])
                cut.add(final)
                within = {"$gt": final} | upper
            left -= len(some)

    def first(owner: str, count: int) -> Sequence[Document]:
        known = found[owner]
        if owner in cut and count > 1 and find_slice is not None:
            return find_slice(owner or None, count)
        return find(owner or None, count) if owner in cut and len(known) < count else known[:count]

    return queues_of(first, list(found), limit)


def owner_of(document: Mapping[str, Any]) -> str:
    """The owner of a record, job or batch; "" without one, and in what older code wrote."""
    return document.get("owner") or ""


def is_bulk(document: Mapping[str, Any]) -> bool:
    """Whether only jobs wait for a record."""
    return bool(document.get("bulk"))
