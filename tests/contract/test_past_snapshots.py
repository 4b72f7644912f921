"""Snapshots that were not collected here: `Snapshots.add_past`."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from inventory.observations.model import PastCollection
from inventory.records.model import Added, PastSnapshot, Record, Snapshot, State, Statement, Statements, Status, Target
from inventory.store import Store
from tests.contract.actions import BODY, NOW, accept, accept_target, after, claim, collect, failed, found, stored, target
from tests.contract.backends import MongoBackend
from tests.contract.orders import Documents

EARLIER = NOW - timedelta(days=30)


def past(wanted: Target, at: datetime, *, body: bytes = b"old", snapshot_id: str | None = None) -> PastSnapshot:
    name = snapshot_id or sha256(f"{wanted.id} {at} {body!r}".encode()).hexdigest()[:32]
    content = {"headers": [{"name": "Server", "value": at.isoformat()}]}
    snapshot = Snapshot(name, wanted.id, at, content, sha256(body).hexdigest())
    return PastSnapshot(target=wanted, snapshot=snapshot, body=body)


def add(store: Store, each: PastSnapshot, *, keep: int = 50) -> Added:
    return store.snapshots.add_past(each, keep=keep, now=after(1_000))


def instants(store: Store, wanted: Target) -> list[datetime]:
    return [each.collected_at for each in store.snapshots.listing(wanted.id, limit=100, after=None)]


def is_unindexed(store: Store, record: Record) -> bool:
    return record.id in store.observations.unindexed(limit=100)


def test_a_target_that_was_never_collected_is_stored_and_nothing_is_due(store: Store) -> None:
    one = past(target(), EARLIER)

    assert add(store, one) is Added.ADDED

    record = found(store, target())
    assert (record.state, record.status, record.due_at, record.attempt) == (State.STORED, Status.STORED, None, 0)
    assert (record.first_collected_at, record.collected_at, record.snapshots) == (EARLIER, EARLIER, 1)
    assert record.accepted_at == after(1_000)
    assert not store.records.due(now=after(10_000), max_attempts=5, limit=10)
    known = store.records.look_up(record.id)
    assert known is not None
    assert known.snapshot is not None
    assert (known.snapshot, known.body) == (one.snapshot, b"old")
    assert is_unindexed(store, record)


def test_the_same_one_again_changes_nothing(store: Store) -> None:
    one = past(target(), EARLIER)
    add(store, one)
    record = found(store, target())
    assert store.observations.reindex(record, [PastCollection(EARLIER, Statements())])

    assert add(store, one) is Added.KNOWN

    assert found(store, target()) == record
    assert not is_unindexed(store, record)


def test_what_was_collected_later_stays_the_latest(store: Store) -> None:
    collected = collect(store, target())

    assert add(store, past(target(), EARLIER)) is Added.ADDED

    record = found(store, target())
    assert record.snapshot_id == collected.snapshot.id
    assert (record.first_collected_at, record.collected_at, record.snapshots) == (EARLIER, NOW, 2)
    assert instants(store, target()) == [NOW, EARLIER]
    known = store.records.look_up(record.id)
    assert known is not None
    assert known.body == BODY
    assert is_unindexed(store, record)


def test_a_later_one_becomes_the_latest_and_those_before_stay(store: Store) -> None:
    collect(store, target())
    later = past(target(), after(10))

    assert add(store, later) is Added.ADDED

    record = found(store, target())
    assert (record.snapshot_id, record.collected_at, record.first_collected_at) == (later.snapshot.id, after(10), NOW)
    assert instants(store, target()) == [after(10), NOW]
    known = store.records.look_up(record.id)
    assert known is not None
    assert (known.snapshot, known.body) == (later.snapshot, b"old")


def test_one_of_the_same_instant_as_the_latest_does_not_replace_it(store: Store) -> None:
    collected = collect(store, target())

    add(store, past(target(), NOW))

    assert found(store, target()).snapshot_id == collected.snapshot.id


def test_what_is_pending_stays_pending_and_is_collected(store: Store) -> None:
    accepted = accept(store)

    assert add(store, past(target(), EARLIER)) is Added.ADDED

    record = found(store, target())
    assert (record.state, record.due_at, record.accepted_at) == (State.PENDING, NOW, accepted.accepted_at)
    outcome = stored(claim(store, record), at=after(5))
    assert store.records.settle([outcome]) == [True]
    record = found(store, target())
    assert (record.snapshot_id, record.snapshots) == (outcome.snapshot.id, 2)
    assert (record.first_collected_at, record.state) == (EARLIER, State.STORED)


def test_a_claim_holds_although_a_past_one_is_added(store: Store) -> None:
    collect(store, target())
    accept(store, now=after(1))
    owned = claim(store, target(), now=after(1))

    assert add(store, past(target(), EARLIER)) is Added.ADDED

    outcome = stored(owned, at=after(5))
    assert store.records.settle([outcome]) == [True]
    record = found(store, target())
    assert (record.snapshot_id, record.snapshots) == (outcome.snapshot.id, 3)
    assert is_unindexed(store, record), "the past is not indexed by what a claim shows"
    history = [PastCollection(at, Statements()) for at in (EARLIER, NOW, after(5))]
    assert store.observations.reindex(record, history)
    assert found(store, target()).first_collected_at == EARLIER


def test_a_failure_ends_only_by_a_later_snapshot(store: Store) -> None:
    assert store.records.settle([failed(claim(store, accept(store)))]) == [True]

    add(store, past(target(), EARLIER))
    record = found(store, target())
    assert (record.state, record.status) == (State.FAILED, Status.STORED)
    assert record.failure is not None

    add(store, past(target(), after(10)))
    record = found(store, target())
    assert (record.state, record.failure) == (State.STORED, None)


def test_no_more_are_added_than_are_kept(store: Store) -> None:
    collect(store, target())
    add(store, past(target(), after(1)))

    assert add(store, past(target(), EARLIER), keep=2) is Added.SURPLUS
    assert instants(store, target()) == [after(1), NOW]
    assert add(store, past(target(), after(-1)), keep=3) is Added.ADDED
    assert add(store, past(target(), after(2)), keep=2) is Added.ADDED, "retention removes the oldest later"
    assert store.snapshots.retire(keep=2, limit=10) == 2
    assert instants(store, target()) == [after(2), after(1)]


def test_an_id_that_another_snapshot_has_is_not_used_again(store: Store) -> None:
    other = collect(store, target(1))

    assert add(store, past(target(), EARLIER, snapshot_id=other.snapshot.id)) is Added.TAKEN
    assert add(store, past(target(1), EARLIER, snapshot_id=other.snapshot.id)) is Added.TAKEN

    assert store.records.find(target().id) is None
    assert store.bodies.find(sha256(b"old").hexdigest()) is None


def test_a_history_that_was_read_before_is_not_written_after(store: Store) -> None:
    add(store, past(target(), EARLIER))
    seen = found(store, target())

    add(store, past(target(), EARLIER + timedelta(days=1)))

    shown = PastCollection(EARLIER, Statements(own=[Statement("status", "200")]))
    assert not store.observations.reindex(seen, [shown])
    assert is_unindexed(store, seen)
    assert store.observations.reindex(found(store, target()), [shown])
    assert store.observations.known_since() == EARLIER


def test_what_is_deleted_can_be_added_again(store: Store) -> None:
    one = past(target(), EARLIER)
    add(store, one)
    assert store.records.delete(target().id)
    assert store.snapshots.find(one.snapshot.id) is None

    assert add(store, replace(one)) is Added.ADDED
    assert store.bodies.find(sha256(b"old").hexdigest()) == b"old"


def test_what_was_observed_of_snapshots_that_are_gone_stays_beside_an_older_one(store: Store) -> None:
    for number in range(3):
        owned = claim(store, accept_target(store, target(), now=after(number)), now=after(number))
        outcome = replace(stored(owned, at=after(number)), statements=shown(number))
        assert store.records.settle([outcome]) == [True]
    assert store.snapshots.retire(keep=1, limit=10) == 2

    assert add(store, past(target(), EARLIER), keep=5) is Added.ADDED
    history = [PastCollection(EARLIER, shown(9)), PastCollection(after(2), shown(2))]
    assert store.observations.reindex(found(store, target()), history)

    intervals = store.observations.intervals({target().id: EARLIER})[target().id]
    assert {each.value: (each.first_seen, each.gone) for each in intervals} == {
        "9": (EARLIER, NOW),
        "0": (NOW, after(1)),
        "1": (after(1), after(2)),
        "2": (after(2), None),
    }


def shown(number: int) -> Statements:
    return Statements(own=[Statement("status", str(number))])


def test_what_a_process_that_died_left_uncounted_is_counted_by_the_next(mongo: MongoBackend, documents: Documents) -> None:
    with closing(mongo.open()) as store:
        one = past(target(), EARLIER)
        add(store, one)
        documents["records"].update_one({}, {"$set": {"snapshots": 0, "first_collected_at": None, "indexed": True}})

        assert add(store, one) is Added.KNOWN

        record = found(store, target())
        assert (record.snapshots, record.first_collected_at) == (1, EARLIER)
        assert is_unindexed(store, record)
