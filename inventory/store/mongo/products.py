"""The catalogue of products.

Without transactions, each product is kept by the steps of the ledger, wherever a worker dies:

    1. claim its record for the job, under the id of its future snapshot: `running`, but never due, so that no worker
       collects it, and the snapshot is not removed as one that a worker left; a new record begins so
    2. insert the snapshot, and mark the one before as settled
    3. let the record name the snapshot, where the claim still holds
    4. write the catalogue, unless it has something newer

A worker that repeats the page skips the steps that are done: the id of the snapshot follows from the job and the record. A
snapshot that is named or settled was kept before, and only step 4 is left. Two jobs that see a product at once each claim
its record: the later claim prevails, the other's snapshot is swept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from inventory.clock import truncated
from inventory.listing import Key
from inventory.products.model import CatalogueEntry, Category, Product, ProductFilter, ProductVersion
from inventory.records.model import AHEAD, Snapshot, State, Stored, Target
from inventory.store.codecs import content_bytes, from_millis, read_content, to_millis
from inventory.store.mongo import documents, snapshots
from inventory.store.mongo.connection import Adapter, Document
from inventory.store.mongo.ledger import settling
from inventory.store.mongo.target_documents import records_of
from inventory.store.mongo.upserts import insert_new, update_all

MAX_PRODUCTS = 10
"""Products that are kept in one call of the database: there are slow ones, which take 20 ms for each."""

Targets = Mapping[str, tuple[Target, Product]]


class MongoProducts(Adapter):
    def keep(self, version: ProductVersion) -> None:
        targets = list(version.targets().items())
        for start in range(0, len(targets), MAX_PRODUCTS):
            self._keep(version, dict(targets[start : start + MAX_PRODUCTS]))

    def _keep(self, version: ProductVersion, targets: Targets) -> None:
        with self._connection.database() as database:
            known = _kept_before(database, version, targets)
            new = {record_id: each for record_id, each in targets.items() if record_id not in known}
            outcomes = _claim(database, version, new)
            snapshots.insert(database, outcomes)
            update_all(database["records"], [settling(outcome) for outcome in outcomes])
            _catalogue(database, version, targets)

    def listing(self, chosen: ProductFilter, *, limit: int, after: Key | None) -> Sequence[CatalogueEntry]:
        equal = {"feed": chosen.feed, "category": chosen.category}
        conditions: Document = {name: value for name, value in equal.items() if value is not None}
        bounds = {"$gte": chosen.min_price, "$lte": chosen.max_price}
        prices = {name: value for name, value in bounds.items() if value is not None}
        conditions |= {"price": prices} if prices else {}
        conditions |= documents.after_key("added_at", after, as_millis=True)
        with self._connection.database() as database:
            found = database["products"].find(conditions).sort(documents.newest_first("added_at")).limit(limit)
            return [_entry(each) for each in found]

    def find(self, record_id: str) -> CatalogueEntry | None:
        with self._connection.database() as database:
            found = database["products"].find_one({"_id": record_id})
        return None if found is None else _entry(found)

    def changed(self, *, limit: int) -> Sequence[CatalogueEntry]:
        with self._connection.database() as database:
            found = database["products"].find({"changed_at": {"$gt": 0}})
            return [_entry(each) for each in found.sort(documents.newest_first("changed_at")).limit(limit)]

    def categories(self, *, limit: int) -> Sequence[Category]:
        """One sum at a time: FerretDB 1 gets a second one wrong, and knows no least nor highest."""
        with self._connection.database() as database:
            counts, sums = (_by_shelf(database, what) for what in (1, "$price"))
            shelves = sorted(counts, key=lambda shelf: (-counts[shelf], shelf))[:limit]
            return [_category(database, shelf, counts[shelf], sums.get(shelf, 0.0)) for shelf in shelves]


def _kept_before(database: Database[Document], version: ProductVersion, targets: Targets) -> set[str]:
    """Of which of these records the job's snapshot is named, or was."""
    ids = {version.snapshot_id(record_id): record_id for record_id in targets}
    named = database["records"].find({"_id": {"$in": list(targets)}, "snapshot_id": {"$in": list(ids)}}, {"_id": 1})
    of_targets = {"record_id": {"$in": list(targets)}, "_id": {"$in": list(ids)}}
    settled = database["snapshots"].find(of_targets | {"settled": True}, {"_id": 1})
    return {each["_id"] for each in named} | {ids[each["_id"]] for each in settled}


def _claim(database: Database[Document], version: ProductVersion, targets: Targets) -> list[Stored]:
    """Step 1: what is to become of each record that is the job's now."""
    claims = {record_id: version.snapshot_id(record_id) for record_id in targets}
    running = {"state": State.RUNNING.value, "due_at": None, "failure": None}
    fields = {record_id: running | {"lease": snapshot_id} for record_id, snapshot_id in claims.items()}
    fresh = [
        documents.new_record(each, version.at) | fields[each.id] | {"attempt": 1, "fence": 1} for each, _ in targets.values()
    ]
    # Existing records first: of a new one, this would claim again what is ours already.
    update_all(
        database["records"],
        [
            UpdateOne(_others(key, claims[key], version), {"$set": fields[key] | {"attempt": 1}, "$inc": {"fence": 1}})
            for key in records_of(database, list(targets))
        ],
    )
    insert_new(database["records"], fresh)
    ours = {key: each for key, each in records_of(database, list(targets)).items() if each["lease"] == claims[key]}
    return [
        Stored(documents.record(each), Snapshot(claims[key], key, version.at, targets[key][1].content, None), None)
        for key, each in ours.items()
        if each["state"] == State.RUNNING.value
    ]


def _others(record_id: str, snapshot_id: str, version: ProductVersion) -> Document:
    """A record that another claim had before, and that has nothing newer."""
    ahead = {"collected_at": {"$gt": truncated(version.at + AHEAD)}}
    older = [{"collected_at": None}, {"collected_at": {"$lte": truncated(version.at)}}, ahead]
    return {"_id": record_id, "lease": {"$ne": snapshot_id}, "$or": older}


def _catalogue(database: Database[Document], version: ProductVersion, targets: Targets) -> None:
    """Step 4."""
    found = {each["_id"]: each for each in database["products"].find({"_id": {"$in": list(targets)}})}
    at, ahead = to_millis(version.at), to_millis(version.at + AHEAD)
    changes, new = [], []
    for record_id, (_, product) in targets.items():
        document = _document(product) | {"seen_at": at, "job_id": version.job_id}
        kept = found.get(record_id)
        if kept is None:
            new.append(document | {"_id": record_id, "added_at": at, "changed_at": None})
        elif not at < kept["seen_at"] <= ahead and kept["job_id"] != version.job_id:
            same = (kept["price"], kept["currency"]) == (product.price, product.currency)
            document |= {} if same else {"changed_at": at}
            changes.append(UpdateOne({"_id": record_id, "seen_at": kept["seen_at"]}, {"$set": document}))
    insert_new(database["products"], new)
    update_all(database["products"], changes)


def _document(product: Product) -> Document:
    return {
        "feed": product.feed,
        "category": product.category,
        "currency": product.currency,
        "shelf": json.dumps([product.category, product.currency], ensure_ascii=False),
        "price": product.price,
        "content": content_bytes(product.content),
    }


def _by_shelf(database: Database[Document], summed: object) -> dict[str, Any]:
    group = {"$group": {"_id": "$shelf", "sum": {"$sum": summed}}}
    return {each["_id"]: each["sum"] for each in database["products"].aggregate([group])}


def _category(database: Database[Document], shelf: str, products: int, prices: float) -> Category:
    least, most = (
        database["products"].find({"shelf": shelf}, {"price": 1}).sort("price", order).limit(1) for order in (1, -1)
    )
    name, currency = json.loads(shelf)
    bounds = [[each["price"] for each in found] or [0.0] for found in (least, most)]  # [0.0]: gone meanwhile
    return Category(name, currency, products, bounds[0][0], prices / products, bounds[1][0])


def _entry(document: Mapping[str, Any]) -> CatalogueEntry:
    changed_at = document["changed_at"]
    return CatalogueEntry(
        document["_id"],
        Product.of(read_content(document["content"])),
        from_millis(document["added_at"]),
        from_millis(document["seen_at"]),
        None if changed_at is None else from_millis(changed_at),
    )
