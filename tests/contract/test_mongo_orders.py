"""The orders by which the MongoDB store does without transactions: steps of several hands, merged in every way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from inventory.records.model import Record, State, Stored
from inventory.store.mongo import MongoStore, snapshots
from tests.contract.actions import LEASE, NOW, accept, after, claim, collect, found, stored, target
from tests.contract.backends import MongoBackend
from tests.contract.orders import Documents, Step, deleting, merges, run, settling


@pytest.fixture
def store(mongo: MongoBackend) -> Iterator[MongoStore]:
    with closing(mongo.open()) as store:
        yield store


@pytest.mark.parametrize("order", merges(3, 5))
def test_a_body_that_is_stored_while_the_only_other_that_names_it_is_deleted_is_there(
    store: MongoStore, documents: Documents, order: str
) -> None:
    old = collect(store, target(1), body=b"shared")
    new = stored(claim(store, accept(store, 2)), body=b"shared")

    run(order, settling(documents, new), deleting(documents, old))

    known = store.records.look_up(target(2).id)
    assert known is not None
    assert (known.record.state, known.body) == (State.STORED, b"shared")
    assert store.records.look_up(target(1).id) is None


@pytest.mark.parametrize("order", merges(5, 5)[::6])
def test_a_body_that_two_deletions_release_is_gone_and_one_that_is_stored_after_them_is_there(
    store: MongoStore, documents: Documents, order: str
) -> None:
    one, two = (collect(store, target(n), body=b"shared") for n in (1, 2))
    name = one.snapshot.body_sha256 or ""

    run(order, deleting(documents, one), deleting(documents, two))
    assert store.bodies.find(name) is None

    collect(store, target(3), body=b"shared")
    assert store.bodies.find(name) == b"shared"


@pytest.mark.parametrize("order", merges(3, 4))
def test_of_a_worker_and_the_one_that_overtakes_it_one_settles_and_the_other_leaves_nothing(
    store: MongoStore, documents: Documents, order: str
) -> None:
    first = stored(claim(store, accept(store)), body=b"first")
    second: list[Stored] = []
    over = NOW + LEASE

    def overtake() -> None:
        owned = store.records.claim(target().id, now=over, lease_for=LEASE)
        second.extend([stored(owned, body=b"second", at=over)] if owned else [])

    def if_claimed(n: int) -> Step:
        return lambda: second and settling(documents, second[0])[n]()

    run(order, settling(documents, first), [overtake, if_claimed(0), if_claimed(1), if_claimed(2)])

    winner = second[0] if second else first
    known = store.records.look_up(target().id)
    assert known is not None
    assert (known.record.state, known.record.snapshots) == (State.STORED, 1)
    assert (known.snapshot, known.body) == (winner.snapshot, winner.body)
    assert store.snapshots.listing(target().id, limit=9, after=None) == [winner.snapshot]
    assert documents["snapshots"].count_documents({}) == documents["bodies"].count_documents({}) == 1


def insert_and_die(documents: Documents, owned: Record, body: bytes) -> Stored:
    """A worker that is killed between keeping its body and settling the record."""
    outcome = stored(owned, body=body)
    for step in settling(documents, outcome)[:2]:
        step()
    return outcome


def test_a_snapshot_that_no_record_named_is_not_shown(store: MongoStore, documents: Documents) -> None:
    kept = collect(store, target())
    orphan = insert_and_die(documents, claim(store, accept(store, now=after(60)), now=after(60)), b"orphan")

    assert store.snapshots.find(orphan.snapshot.id) is None
    assert store.snapshots.listing(target().id, limit=9, after=None) == [kept.snapshot]
    known = store.records.look_up(target().id)
    assert known is not None
    assert known.snapshot == kept.snapshot


def test_the_next_one_to_settle_removes_what_a_dead_worker_left(store: MongoStore, documents: Documents) -> None:
    kept = collect(store, target())
    insert_and_die(documents, claim(store, accept(store, now=after(60)), now=after(60)), b"orphan")
    again = store.records.claim_expired(now=after(120), lease_for=LEASE, max_attempts=9)
    assert again is not None
    outcome = stored(again, body=b"new", at=after(120))

    assert store.records.settle([outcome]) == [True]

    assert store.snapshots.listing(target().id, limit=9, after=None) == [outcome.snapshot, kept.snapshot]
    assert documents["snapshots"].count_documents({}) == documents["bodies"].count_documents({}) == 2


def test_what_a_dead_worker_left_is_removed_even_after_its_record_failed_and_was_accepted_again(
    store: MongoStore, documents: Documents
) -> None:
    insert_and_die(documents, claim(store, accept(store)), b"orphan")
    store.records.fail_spent(now=after(60), max_attempts=1, retry_at=after(60), limit=9)

    outcome = collect(store, target(), body=b"new", now=after(120))

    assert store.snapshots.listing(target().id, limit=9, after=None) == [outcome.snapshot]
    assert documents["snapshots"].count_documents({}) == documents["bodies"].count_documents({}) == 1


def test_deleting_a_record_removes_what_a_dead_worker_left(store: MongoStore, documents: Documents) -> None:
    collect(store, target())
    insert_and_die(documents, claim(store, accept(store, now=after(60)), now=after(60)), b"orphan")

    assert store.records.delete(target().id)

    assert documents["snapshots"].count_documents({}) == documents["bodies"].count_documents({}) == 0


def test_a_deletion_that_was_cut_short_leaves_no_past_and_can_be_sent_again(store: MongoStore, documents: Documents) -> None:
    collect(store, target(), body=b"old")
    collect(store, target(), body=b"older", now=after(1))
    documents["records"].delete_one({"_id": target().id})

    outcome = collect(store, target(), body=b"new", now=after(60))

    assert found(store, target()).snapshots == 1
    assert store.snapshots.listing(target().id, limit=9, after=None) == [outcome.snapshot]
    assert store.records.delete(target().id)
    assert documents["snapshots"].count_documents({}) == documents["bodies"].count_documents({}) == 0


def test_a_new_record_loses_nothing_to_the_deletion_of_the_old_one(store: MongoStore, documents: Documents) -> None:
    """The deleter found the old snapshots, deleted the old record, and was slow to remove the rest."""
    collect(store, target(), body=b"old")
    doomed = list(documents["snapshots"].find({"record_id": target().id}))
    documents["records"].delete_one({"_id": target().id})
    outcome = collect(store, target(), body=b"old", now=after(60))

    snapshots.remove(documents, target().id, doomed)

    known = store.records.look_up(target().id)
    assert known is not None
    assert (known.snapshot, known.body) == (outcome.snapshot, b"old")
