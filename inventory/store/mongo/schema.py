"""The collections and indexes of the MongoDB store, and how an older database becomes a current one.

    records    _id: the target's id; the fields of `model.Record`, the target's beside them; see `latest` and `captures`
    snapshots  _id: the lease under which it was collected; see `snapshots` for `accepted_at` and `settled`;
               `attached`: the SHA-256 of what it names besides its body
    bodies     _id: the SHA-256 of `bytes`, which may be attached to snapshots; see `bodies` for `condemned`
    jobs       _id: its own; `key` and `DEDUP_KEY` are unique, for which a job that has none uses its id; see `job_documents`
    batches    _id: the job's id and the number; see `batches` for `queued`
    outcomes   _id: the job's id and the row
    events     _id: the job's id and the line; see `events`
    event_imports  _id: the id of a job; `noted_at`, when its events were first seen: they are kept from then on
    history    _id: its own
    products   _id: the record's id; `shelf` is category and currency together, which is grouped by
    watches    _id: its own; `name_key` is unique; see `messages` for what it owes
    schedules  _id: the ids of watch and record; see `schedules`
    findings   _id: follows from what it says; see `messages`
    messages   _id: its own; the `webhook-id` of its deliveries
    webhooks   _id: its own; `url_key` is unique
    deliveries _id: its own; see `deliveries`
    keys       _id: its own; `digest` and `name_key` are unique; see `keys`
    audit      _id: its own; `noun` is what `action` begins with, up to its first dot
    policies   _id: its own, which people choose; `document` is JSON
    activity   _id: the hour, the source and the code together, which are `at`, `source` and `code`, too
    observed_targets, fields, field_values, counters   see `observed` and `numbers`; `indexed` of records see `observing`
    meta       _id: "schema"; `version`, the number of migrations that this database has had; "watching": see `watching`;
               "signing_secret": its `value` signs the cookies of browsers

`content` and `failure` are JSON bytes (`store.codecs`): exact, and safe from BSON's limits on names and strings. Those of
snapshots, and bodies, are in frames (`store.frames`).
A migration must be harmless when it runs twice, and while older code is still writing: nothing here is in a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

from inventory.clock import utc_now
from inventory.errors import StartError
from inventory.store.codecs import to_millis
from inventory.store.mongo.job_documents import DEDUP_KEY

Indexes = Mapping[str, Sequence[str]]
"""The indexes of each collection: the fields in order, `-` where descending, `!` first if unique."""

MIGRATIONS: tuple[Indexes, ...] = (
    # The ledger asks by state and time; a listing has one index for each of its filters, in its order.
    {
        "records": (
            "state due_at",
            "-accepted_at -_id",
            "source -accepted_at -_id",
            "host -accepted_at -_id",
            "state -accepted_at -_id",
        ),
        "snapshots": ("record_id -collected_at -_id", "body_sha256"),
    },
    # Retention asks who has many snapshots.
    {"records": ("snapshots",)},
    # Jobs and log events; and what lookups wait for comes before what only jobs wait for, which is marked `bulk`.
    # A record that older code wrote has no mark, which counts as none.
    {
        "jobs": (
            "!key",
            f"!{DEDUP_KEY}",
            "-created_at -_id",
            "status -created_at -_id",
            "counted status",
            "due_at",
            "finished_at",
        ),
        "batches": ("queued due_at", "job_id due_at"),
        "outcomes": ("job_id outcome row",),
        "events": ("-timestamp -_id", *(f"{name} -timestamp -_id" for name in ("job_id", "level", "service", "hour"))),
    },
    {"history": ("-at -_id", "source -at -_id")},
    {
        "jobs": ("kind -created_at -_id",),
        "products": (
            "-added_at -_id",
            "feed -added_at -_id",
            "category -added_at -_id",
            "feed category -added_at -_id",
            "shelf price",
            "-changed_at -_id",
        ),
    },
    {"events": ("trace_id -timestamp -_id",), "event_imports": ("noted_at",)},
    # Observations. A record that older code wrote has no mark `indexed`, which counts as none.
    {
        "records": ("indexed _id",),
        "observed_targets": ("values", "past.v", "changed _id", "-position -_id", "since"),
        "fields": ("!no", "folded"),
        "field_values": ("!no", "field folded", "field number"),
    },
    # Contents and bodies are compressed from now on (`store.frames`); older ones stay as they are.
    {},
    # Watches. `watched` and `unseen_since` of records: see `unseen`.
    {
        "records": ("watched unseen_since",),
        "watches": ("!name_key", "-created_at -_id", "due_at"),
        "schedules": ("due_at", "watch_id version"),
        "findings": ("watch_id told at _id", "message_id -at -_id"),
        "messages": ("watch_id -created_at -_id", "created_at"),
        "webhooks": ("!url_key", "-created_at -_id", "not_before"),
        "deliveries": (
            "due_at",
            "-created_at -_id",
            *(f"{name} -created_at -_id" for name in ("address", "message_id", "state")),
        ),
    },
    # Keys.
    {"keys": ("!digest", "!name_key", "-created_at -_id", "revoked_at expires_at")},
    # Whose work it is: owners take turns. What older code wrote has no `owner`, which counts as that of nobody.
    {
        "records": ("state owner bulk due_at",),
        "jobs": ("owner due_at",),
        "batches": ("queued owner number due_at",),
    },
    {"audit": ("-at -_id", *(f"{name} -at -_id" for name in ("key_id", "address", "noun", "action")))},
    {"activity": ("at source code",)},
    {"policies": ("-created_at -_id",)},
    # The index of captures; see `captures`.
    {"records": ("urlkey _id",)},
    # What snapshots name besides their bodies. Older code that still runs takes it for unnamed: collections bring it again.
    {"snapshots": ("attached",)},
    # What policies say is indexed from now on.
    {},
)

REPLACED: Indexes = {"records": ("state bulk due_at",), "batches": ("queued number due_at",)}
"""Indexes of older versions that nothing asks any more. Older code that is still running is slower without them."""

VERSION = len(MIGRATIONS)
VERDICTS_INDEXED = 17
"""The version from which on what policies say is indexed: all records of an older store are to be indexed again."""

INDEX_NOT_FOUND = 27
"""The server's code for an index that is gone already."""


def create_indexes(database: Database[dict[str, Any]], indexes: Indexes) -> None:
    """Create what is not there yet, one by one: FerretDB 1 breaks off at several of which it has one."""
    for name, wanted in indexes.items():
        for each in wanted:
            unique: dict[str, Any] = {"unique": True} if each.startswith("!") else {}
            database[name].create_index(_keys(each), **unique)


def drop_indexes(database: Database[dict[str, Any]], indexes: Indexes) -> None:
    """Drop what is still there. Another process may do so at the same time."""
    for name, unwanted in indexes.items():
        kept = {tuple(index["key"]): key for key, index in database[name].index_information().items()}
        for each in unwanted:
            if (index := kept.get(tuple(_keys(each)))) is not None:
                try:
                    database[name].drop_index(index)
                except OperationFailure as error:
                    if error.code != INDEX_NOT_FOUND:
                        raise


def _keys(index: str) -> list[tuple[str, int]]:
    fields = index.removeprefix("!").split()
    return [(field.removeprefix("-"), -1 if field.startswith("-") else 1) for field in fields]


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
        create_indexes(database, migration)
    drop_indexes(database, REPLACED)
    if 0 < found < VERDICTS_INDEXED:
        run = {"begun_at": to_millis(utc_now()), "marked": 0, "marked_up_to": ""}
        database["meta"].replace_one({"_id": "reindexing"}, run, upsert=True)
    try:
        database["meta"].update_one({"_id": "schema"}, {"$max": {"version": VERSION}}, upsert=True)
    except DuplicateKeyError:
        # Another process wrote the first version in this moment; the next call reads it again.
        migrate(database)
