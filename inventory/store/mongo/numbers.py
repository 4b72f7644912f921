"""The numbers of fields and values: each is kept once for the whole store.

    fields        _id: the name; `no`, its number; `folded`, the name without case
    field_values  _id: a digest of field, value and whether it is volatile; `no`; `field`, the number of its field; `folded`;
                  `value` where it is not the same as `folded`; `number` where it has an order; `volatile` where it is
    counters      _id: "observed"; `value`, the last number that was given

Numbers are never given twice. What nothing names is removed when nothing has named it for `UNNAMED_FOR` (`pruning`).
That is far longer than a number is remembered here, and whoever finds a value that is marked takes the mark away first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from time import monotonic
from typing import Any, NamedTuple

import orjson
from pymongo import ReturnDocument
from pymongo.collection import Collection as Documents
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from inventory.errors import StorageUnavailable
from inventory.observations.model import Statement, folded, ordinal_of
from inventory.store.mongo.connection import Document
from inventory.store.mongo.upserts import insert_new
from inventory.store.pairs import Pair

MAX_REMEMBERED = 20_000
REMEMBERED_FOR = 3_600.0
"""Seconds."""
MAX_TRIES = 5
"""How often numbers are given to what others give numbers to at the same time."""


class Text(NamedTuple):
    """What a number of a value stands for; ranges compare `number`."""

    field: int
    value: str
    volatile: bool
    number: float | None


class Numbers:
    """Finds numbers, gives them, and remembers for a while those of what several targets show."""

    def __init__(self) -> None:
        self._until = 0.0
        self._pairs: dict[Statement, Pair] = {}
        self._fields: dict[str, int] = {}
        self._texts: dict[int, Text] = {}

    def pairs(
        self, database: Database[Document], statements: Iterable[Statement], *, mostly_new: bool = False
    ) -> Mapping[Statement, Pair]:
        """The numbers of the field and of the value of each statement; those that are `mostly_new` are not looked for."""
        if monotonic() > self._until:
            self._forget()
        known = self._pairs
        wanted = dict.fromkeys(statements)
        pairs = {each: known[each] for each in wanted if each in known}
        missing = [each for each in wanted if each not in pairs]
        if not missing:
            return pairs
        fields = self.fields(database, {each.field for each in missing})
        ids = {each: _id(each) for each in missing}
        new = {ids[each]: _value(ids[each], fields[each.field], each) for each in missing}
        found, made = _numbered(database["field_values"], new, mostly_new=mostly_new)
        again = {each: (fields[each.field], found[key]) for each, key in ids.items() if key in found}
        self._pairs = again if len(known) + len(again) > MAX_REMEMBERED else known | again
        return pairs | again | {each: (fields[each.field], made[key]) for each, key in ids.items() if key in made}

    def field(self, database: Database[Document], name: str) -> int:
        """The number of a field."""
        return self.fields(database, [name])[name]

    def fields(self, database: Database[Document], names: Collection[str]) -> Mapping[str, int]:
        """The numbers of fields."""
        known = self._fields
        numbers = {name: known[name] for name in names if name in known}
        missing = {name: {"_id": name, "folded": folded(name)} for name in names if name not in known}
        if missing:
            found, made = _numbered(database["fields"], missing, mostly_new=False)
            numbers |= found | made
            self._fields = numbers if len(known) + len(missing) > MAX_REMEMBERED else known | numbers
        return numbers

    def names(self, database: Database[Document], numbers: Iterable[int]) -> Mapping[int, str]:
        """The names of fields."""
        names = {number: name for name, number in self._fields.items()}
        missing = sorted(set(numbers) - names.keys())
        if missing:
            found = {each["_id"]: each["no"] for each in database["fields"].find({"no": {"$in": missing}})}
            self._fields = (self._fields if len(self._fields) < MAX_REMEMBERED else {}) | found
            names |= {number: name for name, number in found.items()}
        return names

    def texts(self, database: Database[Document], numbers: Iterable[int]) -> Mapping[int, Text]:
        """What numbers of values stand for."""
        known, wanted = self._texts, set(numbers)
        missing = sorted(wanted - known.keys())
        if not missing:
            return known
        found = {each["no"]: text(each) for each in database["field_values"].find({"no": {"$in": missing}})}
        self._texts = found if len(known) + len(found) > MAX_REMEMBERED else known | found
        return {**{number: known[number] for number in wanted if number in known}, **found}

    def _forget(self) -> None:
        self._until = monotonic() + REMEMBERED_FOR
        self._pairs, self._fields, self._texts = {}, {}, {}


def text(document: Mapping[str, Any]) -> Text:
    value = document.get("value", document["folded"])
    return Text(document["field"], value, document.get("volatile", False), document.get("number"))


def _id(statement: Statement) -> bytes:
    return blake2b(orjson.dumps(tuple(statement)), digest_size=16).digest()


def _value(key: bytes, field: int, statement: Statement) -> Document:
    name, value, volatile = statement
    document: Document = {"_id": key, "field": field, "folded": folded(value)}
    document |= {"value": value} if document["folded"] != value else {}
    document |= {"number": number} if (number := ordinal_of(name, value)) is not None else {}
    return document | ({"volatile": True} if volatile else {})


def _numbered(
    collection: Documents[Document], wanted: Mapping[Any, Document], *, mostly_new: bool
) -> tuple[dict[Any, int], dict[Any, int]]:
    """The numbers of documents by id: of those that were there, and of those that were inserted."""
    found: dict[Any, int] = {} if mostly_new else _find(collection, wanted)
    made: dict[Any, int] = {}
    for _ in range(MAX_TRIES):
        missing = [document for key, document in wanted.items() if key not in found and key not in made]
        if not missing:
            return found, made
        numbers = _reserved(collection.database, len(missing))
        refused = insert_new(collection, [each | {"no": no} for each, no in zip(missing, numbers, strict=True)])
        made |= {each["_id"]: no for each, no in zip(missing, numbers, strict=True) if each["_id"] not in refused}
        found |= _find(collection, refused)
    raise StorageUnavailable(f"Of {len(wanted)} numbers in {collection.name}, others took some each time.")


def _find(collection: Documents[Document], wanted: Iterable[Any]) -> dict[Any, int]:
    """The numbers of those that are there; a mark is taken away, and then it is seen whether that was in time."""
    ids = list(wanted)
    if not ids:
        return {}
    documents = list(collection.find({"_id": {"$in": ids}}, {"no": 1, "unnamed_at": 1}))
    marked = {each["_id"] for each in documents if each.get("unnamed_at") is not None}
    if marked:
        again = {"_id": {"$in": list(marked)}}
        collection.update_many(again, {"$unset": {"unnamed_at": ""}})
        documents = [each for each in documents if each["_id"] not in marked]
        documents += collection.find(again | {"unnamed_at": None}, {"no": 1})
    return {each["_id"]: each["no"] for each in documents}


def _reserved(database: Database[Document], count: int) -> range:
    """Numbers that nobody else gets."""
    try:
        last = _count(database, count)
    except DuplicateKeyError:  # another process began to count in this moment
        last = _count(database, count)
    return range(last - count + 1, last + 1)


def _count(database: Database[Document], count: int) -> int:
    counter = database["counters"].find_one_and_update(
        {"_id": "observed"}, {"$inc": {"value": count}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    assert counter is not None
    return int(counter["value"])
