"""Writing many documents, a limited number in one command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import DeleteOne, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from inventory.store.mongo.connection import Document

DUPLICATE = 11000
BATCH = 50
"""Updates in one command: as many records as are claimed at once, and few enough for a small server."""
MAX_INSERTED = 1_000
"""New documents in one command."""


def update_all(collection: Collection[Document], operations: Sequence[UpdateOne]) -> int:
    """Do updates in any order; how many documents they changed."""
    parts = [operations[start : start + BATCH] for start in range(0, len(operations), BATCH)]
    return sum(collection.bulk_write(part, ordered=False).modified_count for part in parts)


def change_all(collection: Collection[Document], operations: Sequence[UpdateOne | DeleteOne]) -> None:
    """Do updates and deletions in any order."""
    for start in range(0, len(operations), BATCH):
        collection.bulk_write(operations[start : start + BATCH], ordered=False)


def upsert(collection: Collection[Document], operations: Sequence[UpdateOne]) -> None:
    """Do upserts; of two who insert the same document at once, the second does its update again, and only that one."""
    for start in range(0, len(operations), BATCH):
        some = operations[start : start + BATCH]
        try:
            collection.bulk_write(some, ordered=False)
        except BulkWriteError as error:
            if {each["code"] for each in error.details["writeErrors"]} != {DUPLICATE}:
                raise
            again = [some[each["index"]] for each in error.details["writeErrors"]]
            collection.bulk_write(again, ordered=False)


def insert_new(collection: Collection[Document], documents: Sequence[Document]) -> set[Any]:
    """Insert those of the documents that are not there yet, by any unique index; the ids of those that were not inserted."""
    refused: set[Any] = set()
    for start in range(0, len(documents), MAX_INSERTED):
        some = documents[start : start + MAX_INSERTED]
        try:
            collection.insert_many(some, ordered=False)
        except BulkWriteError as error:
            if {each["code"] for each in error.details["writeErrors"]} != {DUPLICATE}:
                raise
            refused |= {some[each["index"]]["_id"] for each in error.details["writeErrors"]}
    return refused
