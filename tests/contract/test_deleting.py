"""Deleting removes the record, its snapshots and the bodies that nothing else names; and nothing else."""

from __future__ import annotations

from hashlib import sha256

from inventory.records.model import RecordFilter, State
from inventory.store import Store
from tests.contract.actions import NOW, accept, after, claim, collect, found, stored, target


def name(body: bytes) -> str:
    return sha256(body).hexdigest()


def test_nothing_of_a_deleted_record_is_left(store: Store) -> None:
    outcomes = [collect(store, target(), body=b"%d" % n, now=after(n)) for n in range(3)]

    assert store.records.delete(target().id)

    assert store.records.look_up(target().id) is None
    assert store.snapshots.listing(target().id, limit=9, after=None) == []
    for outcome in outcomes:
        assert store.snapshots.find(outcome.snapshot.id) is None
        assert store.bodies.find(outcome.snapshot.body_sha256 or "") is None
    assert store.records.listing(RecordFilter(), limit=9, after=None) == []


def test_deleting_what_is_not_there_says_so(store: Store) -> None:
    assert not store.records.delete(target().id)
    accept(store)
    assert store.records.delete(target().id)
    assert not store.records.delete(target().id)


def test_a_body_that_another_record_names_is_kept(store: Store) -> None:
    collect(store, target(1), body=b"shared")
    collect(store, target(2), body=b"shared")
    collect(store, target(2), body=b"own", now=after(60))

    store.records.delete(target(2).id)

    assert store.bodies.find(name(b"shared")) == b"shared"
    assert store.bodies.find(name(b"own")) is None
    known = store.records.look_up(target(1).id)
    assert known is not None
    assert known.body == b"shared"

    store.records.delete(target(1).id)

    assert store.bodies.find(name(b"shared")) is None


def test_a_body_that_only_an_older_snapshot_of_another_record_names_is_kept(store: Store) -> None:
    collect(store, target(1), body=b"old")
    collect(store, target(1), body=b"new", now=after(60))
    collect(store, target(2), body=b"old")

    store.records.delete(target(2).id)

    assert store.bodies.find(name(b"old")) == b"old"


def test_a_body_that_several_snapshots_of_the_deleted_record_name_goes_with_it(store: Store) -> None:
    for n in range(3):
        collect(store, target(), body=b"same", now=after(n))

    store.records.delete(target().id)

    assert store.bodies.find(name(b"same")) is None


def test_other_records_are_untouched(store: Store) -> None:
    collect(store, target(1), body=b"one")
    collect(store, target(2), body=b"two")
    before = store.records.look_up(target(1).id)

    store.records.delete(target(2).id)

    assert store.records.look_up(target(1).id) == before


def test_a_claim_that_is_running_while_its_record_is_deleted_settles_nothing_and_leaves_nothing(store: Store) -> None:
    owned = claim(store, accept(store))
    store.records.delete(target().id)
    outcome = stored(owned, body=b"for nobody")

    assert store.records.settle([outcome]) == [False]

    assert store.records.find(target().id) is None
    assert store.snapshots.find(outcome.snapshot.id) is None
    assert store.bodies.find(name(b"for nobody")) is None


def test_a_claim_on_a_deleted_record_does_not_settle_the_one_that_was_accepted_since(store: Store) -> None:
    owned = claim(store, accept(store))
    store.records.delete(target().id)
    new = claim(store, accept(store, now=after(1)), now=after(1))
    assert (new.fence, new.attempt) == (owned.fence, owned.attempt)

    assert store.records.settle([stored(owned, body=b"old")]) == [False]
    assert store.records.settle([stored(new, body=b"new")]) == [True]

    known = store.records.look_up(target().id)
    assert known is not None
    assert (known.body, known.record.snapshots) == (b"new", 1)
    assert store.bodies.find(name(b"old")) is None


def test_a_deleted_target_is_accepted_as_new_without_a_past(store: Store) -> None:
    collect(store, target())
    store.records.delete(target().id)
    outcome = collect(store, target(), now=after(60), body=b"new")

    record = found(store, target())
    assert (record.state, record.snapshots, record.first_collected_at) == (State.STORED, 1, after(60))
    assert (record.accepted_at, record.fence) == (after(60), 1)
    assert store.snapshots.listing(target().id, limit=9, after=None) == [outcome.snapshot]


def test_a_repeated_settle_after_deletion_brings_nothing_back(store: Store) -> None:
    outcome = collect(store, target(), now=NOW)
    store.records.delete(target().id)

    assert store.records.settle([outcome]) == [False]

    assert store.snapshots.find(outcome.snapshot.id) is None
    assert store.bodies.find(outcome.snapshot.body_sha256 or "") is None
