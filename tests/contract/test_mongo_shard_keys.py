"""What is asked of a sharded MongoDB for certain records names their shard keys: one shard answers (docs/scale.md)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from inventory.records.model import Attachment, PastSnapshot, Snapshot
from inventory.store import Store
from inventory.store.mongo.latest import MAX_SIZE
from tests.contract.actions import (
    LEASE,
    NOW,
    accept,
    after,
    claim,
    collect,
    failed,
    failure,
    found,
    postponed,
    shared,
    stored,
    target,
)
from tests.contract.backends import MongoBackend
from tests.contract.commands import Command, heard_store, named

SHARD_KEYS = {"records": "_id", "snapshots": "record_id", "bodies": "_id", "observed_targets": "_id"}
LARGE = random.Random(7).randbytes(MAX_SIZE)


@pytest.fixture
def heard() -> list[Command]:
    """The commands that the store has sent."""
    return []


@pytest.fixture
def store(mongo: MongoBackend, heard: list[Command]) -> Iterator[Store]:
    with closing(heard_store(mongo, heard.append)) as store:
        store.prepare()
        yield store


def accept_new(store: Store) -> None:
    store.records.accept(target(9), now=after(9), seen=None)


def accept_again(store: Store) -> None:
    store.records.accept(target(1), now=after(9), seen=found(store, target(1)))


def accept_what_is_pending(store: Store) -> None:
    store.records.accept(target(0), now=after(9), seen=None)


def accept_for_a_job(store: Store) -> None:
    store.records.accept_all([(target(9), None), (target(1), found(store, target(1)))], now=after(9))


def look_up(store: Store) -> None:
    assert store.records.look_up(target(1).id) is not None
    assert store.records.find(target(1).id) is not None
    assert len(store.records.find_all([target(0).id, target(1).id])) == 2
    assert store.records.unfinished([target(0).id], since=NOW)


def look_up_what_is_large(store: Store) -> None:
    assert (known := store.records.look_up(target(2).id)) is not None
    assert known.body == LARGE


def claim_by_id(store: Store) -> None:
    claim(store, target(0), now=after(9))


def settle_the_first_snapshot(store: Store) -> None:
    assert store.records.settle([stored(claim(store, target(0), now=after(9)))]) == [True]


def settle_further_snapshots(store: Store) -> None:
    for n, make in enumerate((stored, shared)):
        again = store.records.accept(target(1), now=after(n), seen=found(store, target(1)), revalidate=True)
        assert store.records.settle([make(claim(store, again.record, now=after(n)), at=after(n))]) == [True]


def settle_a_second_attempt(store: Store) -> None:
    owned = claim(store, target(0), now=after(1))
    assert store.records.settle([postponed(owned, until=after(2), why=failure())]) == [True]
    late = claim(store, target(0), now=after(3))
    assert store.records.settle([stored(claim(store, target(0), now=after(3) + LEASE))]) == [True]
    assert store.records.settle([stored(late)]) == [False]


def settle_a_failure(store: Store) -> None:
    assert store.records.settle([failed(claim(store, target(0), now=after(1)))]) == [True]


def list_the_past(store: Store) -> None:
    ids = [target(1).id, target(2).id]
    assert len(store.snapshots.listing(target(1).id, limit=9, after=None)) == 1
    assert len(store.snapshots.latest(ids, before=None)) == 2
    assert len(store.snapshots.collected_at(ids, limit=9)) == 2
    store.snapshots.collected_before([(each, after(9)) for each in ids])


def add_attachments(store: Store) -> None:
    outcome = stored(claim(store, target(0), now=after(9)))
    assert store.records.settle([replace(outcome, attachments=(Attachment("a" * 64, b"attached"),))]) == [True]


def delete(store: Store) -> None:
    assert store.records.delete(target(1).id)


ACTS = (
    *(accept_new, accept_again, accept_what_is_pending, accept_for_a_job, look_up, look_up_what_is_large, claim_by_id),
    *(settle_the_first_snapshot, settle_further_snapshots, settle_a_second_attempt, settle_a_failure, list_the_past),
    *(add_attachments, delete),
)


def fill(store: Store) -> None:
    """One that is pending, one that is stored, and one that is too large for the document of its record."""
    accept(store, 0)
    collect(store, target(1))
    collect(store, target(2), body=LARGE)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_one_shard_is_asked_for_one_record(store: Store, heard: list[Command], act: Callable[[Store], None]) -> None:
    fill(store)
    heard.clear()

    act(store)

    # Whether any other snapshot names a body is asked of all shards, once for each body that a snapshot leaves.
    sent = [each for each in heard if each.collection in SHARD_KEYS and not is_whether_a_body_is_named(each)]
    assert sent
    assert [each for each in sent if not all(named(SHARD_KEYS[each.collection], one) for one in each.filters())] == []


def is_whether_a_body_is_named(command: Command) -> bool:
    return command.name == "find_one" and all(set(each) == {"$or"} for each in command.filters())


def test_a_claim_of_what_is_due_names_the_records_that_it_leases(store: Store, heard: list[Command]) -> None:
    for n in range(9):
        accept(store, n)
    heard.clear()

    assert len(store.records.claim_due(now=NOW, lease_for=LEASE, limit=9)) == 9

    changes = [each for each in heard if each.collection == "records" and each.name != "find"]
    assert [each.name for each in changes] == ["bulk_write"]
    assert all(named("_id", each) for each in changes[0].filters())


def test_retention_names_the_record_of_each_snapshot_that_it_removes(store: Store, heard: list[Command]) -> None:
    for n in range(3):
        collect(store, target(), now=after(n))
    heard.clear()

    assert store.snapshots.retire(keep=1, limit=9) == 2
    store.snapshots.sweep(after="", limit=9)

    removals = [each for each in heard if each.collection == "snapshots" and each.name.startswith("delete")]
    assert removals
    assert all(named("record_id", each) for command in removals for each in command.filters())


def test_a_snapshot_from_an_archive_is_written_to_the_shard_of_its_record(store: Store, heard: list[Command]) -> None:
    snapshot = Snapshot("5" * 32, target().id, NOW, {}, "6" * 64)
    store.snapshots.add_past(PastSnapshot(target=target(), snapshot=snapshot, body=b"<p>"), keep=9, now=NOW)

    writes = [each for each in heard if each.collection == "snapshots" and each.name == "bulk_write"]
    assert writes
    assert all(named("record_id", each) for command in writes for each in command.filters())
