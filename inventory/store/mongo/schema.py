"""The collections and indexes of the MongoDB store, and how an older database becomes a current one.

    records    _id: the target's id; the fields of `model.Record`, the target's beside them
    snapshots  _id: the lease under which it was collected; see `snapshots` for `accepted_at` and `settled`
    bodies     _id: the SHA-256 of `bytes`; see `bodies` for `condemned`
    jobs       _id: its own; `key` and `DEDUP_KEY` are unique, for which a job that has none uses its id; see `job_documents`
    batches    _id: the job's id and the number; see `batches` for `queued`
    outcomes   _id: the job's id and the row
    events     _id: the job's id and the line; see `events`
    history    _id: its own
    products   _id: the record's id; `shelf` is category and currency together, which is grouped by
    meta       _id: "schema"; `version`, the number of migrations that this database has had

`content` and `failure` are JSON bytes (`store.codecs`): exact, and safe from BSON's limits on names and strings.
A migration must be harmless when it runs twice, and while older code is still writing: nothing here is in a transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from inventory.errors import StartError
from inventory.store.mongo.job_documents import DEDUP_KEY


def _first(database: Database[dict[str, Any]]) -> None:
    """The ledger asks by state and time; a listing has one index for each of its filters, in its order."""
    newest = [("accepted_at", -1), ("_id", -1)]
    records: list[list[tuple[str, int]]] = [
        [("state", 1), ("due_at", 1)],
        newest,
        [("source", 1), *newest],
        [("host", 1), *newest],
        [("state", 1), *newest],
    ]
    # One by one: FerretDB 1 breaks off when several are asked for and there already.
    for keys in records:
        database["records"].create_index(keys)
    database["snapshots"].create_index([("record_id", 1), ("collected_at", -1), ("_id", -1)])
    database["snapshots"].create_index("body_sha256")


def _second(database: Database[dict[str, Any]]) -> None:
    """Retention asks who has many snapshots."""
    database["records"].create_index("snapshots")


def _third(database: Database[dict[str, Any]]) -> None:
    """Jobs and log events; and what lookups wait for comes before what only jobs wait for, which is marked `bulk`.

    A record that older code wrote has no mark, which counts as none. The listings have one index for each filter.
    """
    database["records"].create_index([("state", 1), ("bulk", 1), ("due_at", 1)])
    for name in ("key", DEDUP_KEY):
        database["jobs"].create_index(name, unique=True)
    newest = [("created_at", -1), ("_id", -1)]
    latest = [("timestamp", -1), ("_id", -1)]
    indexes: dict[str, list[list[tuple[str, int]]]] = {
        "jobs": [newest, [("status", 1), *newest], [("counted", 1), ("status", 1)], [("due_at", 1)], [("finished_at", 1)]],
        "batches": [
            [("queued", 1), ("number", 1), ("due_at", 1)],
            [("queued", 1), ("due_at", 1)],
            [("job_id", 1), ("due_at", 1)],
        ],
        "outcomes": [[("job_id", 1), ("outcome", 1), ("row", 1)]],
        "events": [latest, *([(name, 1), *latest] for name in ("job_id", "level", "service", "hour"))],
    }
    for name, wanted in indexes.items():
        for keys in wanted:
            database[name].create_index(keys)


def _fourth(database: Database[dict[str, Any]]) -> None:
    """The history of lookups."""
    latest = [("at", -1), ("_id", -1)]
    database["history"].create_index(latest)
    database["history"].create_index([("source", 1), *latest])


def _fifth(database: Database[dict[str, Any]]) -> None:
    """The catalogue of products; and jobs of a kind."""
    database["jobs"].create_index([("kind", 1), ("created_at", -1), ("_id", -1)])
    newest = [("added_at", -1), ("_id", -1)]
    for keys in (newest, [("feed", 1), *newest], [("category", 1), *newest], [("feed", 1), ("category", 1), *newest]):
        database["products"].create_index(keys)
    database["products"].create_index([("shelf", 1), ("price", 1)])
    database["products"].create_index([("changed_at", -1), ("_id", -1)])


MIGRATIONS: tuple[Callable[[Database[dict[str, Any]]], None], ...] = (_first, _second, _third, _fourth, _fifth)

VERSION = len(MIGRATIONS)


def migrate(database: Database[dict[str, Any]]) -> None:
    """Bring a database forward, also when several processes do it at once; `StartError` if it is newer than this code."""
    kept = database["meta"].find_one({"_id": "schema"})
    found = int(kept["version"]) if kept else 0
    if found > VERSION:
        raise StartError(
            f"The store was written by a newer inventory: its schema is version {found}, this one knows {VERSION}."
            " Run the newer one, or name another store in INVENTORY_STORE_URL."
        )
    if found == VERSION:
        return
    for migration in MIGRATIONS[found:]:
        migration(database)
    try:
        database["meta"].update_one({"_id": "schema"}, {"$max": {"version": VERSION}}, upsert=True)
    except DuplicateKeyError:
        # Another process wrote the first version in this moment; the next call reads it again.
        migrate(database)
