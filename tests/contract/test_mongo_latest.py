"""A lookup reads one document of MongoDB, and three where the latest snapshot is not in the record's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from inventory.records.model import RecordWithSnapshot
from inventory.store import Store
from inventory.store.mongo.latest import MAX_SIZE
from tests.contract.actions import BODY, LEASE, after, claim, collect, shared, stored, target
from tests.contract.backends import MongoBackend
from tests.contract.meeting import at_once
from tests.contract.orders import Documents

OTHER = {"headers": [{"name": "Server", "value": "other"}]}
LARGE = random.Random(7).randbytes(MAX_SIZE)


@pytest.fixture
def store(mongo: MongoBackend) -> Iterator[Store]:
    with closing(mongo.open()) as store:
        yield store


def looked_up(store: Store) -> RecordWithSnapshot:
    found = store.records.look_up(target().id)
    assert found is not None
    return found


def refreshed(store: Store, *, content: Any = OTHER, body: bytes | None = BODY) -> RecordWithSnapshot:
    """What a lookup finds after one more collection; without a body it shares that of the snapshot before."""
    seen = store.records.find(target().id)
    store.records.accept(target(), now=after(1), seen=seen, revalidate=True)
    owned = claim(store, target(), now=after(1))
    outcome = shared(owned) if body is None else stored(owned, body=body)
    outcome = replace(outcome, snapshot=replace(outcome.snapshot, content=content, collected_at=after(1)))
    assert store.records.settle([outcome]) == [True]
    found = looked_up(store)
    assert found.snapshot == outcome.snapshot
    return found


def without_the_rest(documents: Documents) -> None:
    documents["snapshots"].delete_many({})
    documents["bodies"].delete_many({})


def test_a_lookup_needs_the_document_of_the_record_alone(store: Store, documents: Documents) -> None:
    outcome = collect(store, target())
    without_the_rest(documents)

    found = looked_up(store)

    assert (found.snapshot, found.body, found.text) == (outcome.snapshot, BODY, b'"<p>hello</p>"')


@pytest.mark.parametrize("body", [None, b"<p>other</p>"])
def test_after_a_refresh_it_is_the_new_snapshot(store: Store, documents: Documents, body: bytes | None) -> None:
    collect(store, target())

    assert refreshed(store, body=body).body == (body or BODY)
    without_the_rest(documents)

    found = looked_up(store)
    assert found.snapshot is not None
    assert (found.snapshot.content, found.body) == (OTHER, body or BODY)


def test_what_is_too_large_is_read_from_its_own_documents(store: Store, documents: Documents) -> None:
    collect(store, target())

    assert refreshed(store, body=LARGE).body == LARGE
    assert "latest" not in documents["records"].find_one({"_id": target().id})
    assert refreshed(store, body=BODY).body == BODY
    assert "latest" in documents["records"].find_one({"_id": target().id})


def test_a_snapshot_that_shares_a_large_body_is_read_from_its_own_documents(store: Store) -> None:
    collect(store, target(), body=LARGE)
    store.records.accept(target(), now=after(1), seen=store.records.find(target().id), revalidate=True)

    owned = claim(store, target(), now=after(1))
    outcome = shared(owned, body=LARGE)

    assert store.records.settle([outcome]) == [True]
    assert (looked_up(store).snapshot, looked_up(store).body) == (outcome.snapshot, LARGE)


def test_what_older_code_settled_is_read_from_its_own_documents(store: Store, documents: Documents) -> None:
    first = collect(store, target())
    second = refreshed(store)
    assert second.snapshot is not None
    kept = documents["records"].find_one({"_id": target().id})["latest"]

    older = kept | {"snapshot_id": first.snapshot.id, "content": b"{}"}
    documents["records"].update_one({"_id": target().id}, {"$set": {"latest": older}})

    assert looked_up(store) == second


def test_nothing_but_a_lookup_reads_it(store: Store) -> None:
    """What claims and listings read stays small, and an update leaves it alone."""
    outcome = collect(store, target())
    seen = store.records.find(target().id)
    store.records.accept(target(), now=after(1), seen=seen, revalidate=True)

    assert store.records.claim_due(now=after(1), lease_for=LEASE, limit=9)

    found = looked_up(store)
    assert (found.snapshot, found.body) == (outcome.snapshot, BODY)
    assert found.record.attempt == 1


def test_each_of_many_lookups_at_once_gets_what_is_its_own(store: Store) -> None:
    kept = {n: collect(store, target(n), body=LARGE if n == 3 else b"<p>%d</p>" % n) for n in range(6)}
    right: list[bool] = []

    def look_up(number: int) -> None:
        for n in [*range(number, 8), *range(number)] * 5:
            found, record = store.records.look_up(target(n).id), store.records.find(target(n).id)
            if n in kept:
                assert found is not None
                right.append((found.snapshot, found.body, found.record) == (kept[n].snapshot, kept[n].body, record))
            else:
                right.append(found is None and record is None)

    at_once(8, look_up)

    assert right == [True] * 8 * 8 * 5
