"""Retention: old snapshots go, with what only they named; a body that anything names never does, whatever else runs."""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from threading import Event

import pytest

from inventory.records.model import Record
from inventory.store import Store
from tests.contract.actions import accept_target, after, claim, collect, failed, found, stored, target
from tests.contract.backends import Backend, MongoBackend
from tests.contract.meeting import at_once
from tests.contract.orders import deleting, merges, run, settling


def name(body: bytes) -> str:
    return sha256(body).hexdigest()


def history(store: Store, record: Record) -> list[str]:
    return [snapshot.id for snapshot in store.snapshots.listing(record.id, limit=100, after=None)]


def test_the_newest_snapshots_are_kept(store: Store) -> None:
    outcomes = [collect(store, target(), body=b"%d" % n, now=after(n)) for n in range(6)]

    assert store.snapshots.retire(keep=2, limit=10) == 4

    record = found(store, target())
    assert history(store, record) == [outcomes[5].snapshot.id, outcomes[4].snapshot.id]
    assert record.snapshots == 2
    assert store.bodies.find(name(b"3")) is None
    assert store.bodies.find(name(b"4")) == b"4"
    known = store.records.look_up(record.id)
    assert known is not None
    assert known.body == b"5"


def test_the_targets_of_a_body_are_those_that_have_a_snapshot_with_it(store: Store) -> None:
    one, two, three = (target(n) for n in range(3))
    for n, (each, body) in enumerate([(one, b"old"), (one, b"new"), (two, b"old"), (three, b"new")]):
        collect(store, each, body=body, now=after(n))

    assert set(store.snapshots.targets_of_body(name(b"old"), limit=10)) == {one, two}
    assert len(store.snapshots.targets_of_body(name(b"old"), limit=1)) == 1
    assert store.snapshots.targets_of_body(name(b"none"), limit=10) == []
    store.records.delete(two.id)
    assert store.snapshots.targets_of_body(name(b"old"), limit=10) == [one]


def test_a_record_with_few_snapshots_keeps_them_all(store: Store) -> None:
    for n in range(3):
        collect(store, target(), now=after(n))

    assert store.snapshots.retire(keep=3, limit=10) == 0
    assert found(store, target()).snapshots == 3


def test_a_second_retirement_finds_nothing(store: Store) -> None:
    for n in range(5):
        collect(store, target(), now=after(n))

    assert store.snapshots.retire(keep=1, limit=10) == 4
    assert store.snapshots.retire(keep=1, limit=10) == 0


def test_no_more_records_are_looked_at_than_asked_for(store: Store) -> None:
    for n in range(3):
        for second in range(2):
            collect(store, target(n), body=b"%d" % second, now=after(second))

    assert store.snapshots.retire(keep=1, limit=2) == 2
    assert store.snapshots.retire(keep=1, limit=2) == 1


def test_a_body_that_a_kept_snapshot_names_stays(store: Store) -> None:
    for n, body in enumerate([b"same", b"other", b"same"]):
        collect(store, target(1), body=body, now=after(n))
    collect(store, target(2), body=b"other")

    store.snapshots.retire(keep=1, limit=10)

    assert store.bodies.find(name(b"same")) == b"same"
    assert store.bodies.find(name(b"other")) == b"other"


def test_the_latest_snapshot_is_kept_even_if_a_clock_went_back(store: Store) -> None:
    collect(store, target(), body=b"first", now=after(60))
    latest = collect(store, target(), body=b"latest", now=after(0))

    store.snapshots.retire(keep=1, limit=10)

    known = store.records.look_up(target().id)
    assert known is not None
    assert known.snapshot is not None
    assert (known.snapshot.id, known.body) == (latest.snapshot.id, b"latest")


def test_a_refresh_that_is_running_settles_after_a_retirement(store: Store) -> None:
    for n in range(3):
        collect(store, target(), body=b"%d" % n, now=after(n))
    owned = claim(store, accept_target(store, target(), now=after(9)), now=after(9))

    store.snapshots.retire(keep=1, limit=10)

    assert store.records.settle([stored(owned, body=b"new", at=after(9))]) == [True]
    assert found(store, target()).snapshots == 2
    assert len(history(store, found(store, target()))) == 2


def sweep(store: Store) -> None:
    """Whole walks over all snapshots, then all bodies, in steps of two."""
    for swept in (store.snapshots, store.bodies):
        position = ""
        while position := swept.sweep(after=position, limit=2):
            continue


def test_a_sweep_removes_nothing_that_is_in_use(store: Store) -> None:
    for n in range(5):
        collect(store, target(n), body=b"%d" % n)
        collect(store, target(n), body=b"%d again" % n, now=after(1))
    owned = claim(store, accept_target(store, target(0), now=after(2)), now=after(2))

    sweep(store)

    for n in range(5):
        assert len(history(store, found(store, target(n)))) == 2
        assert store.bodies.find(name(b"%d" % n)) is not None
    assert store.records.settle([stored(owned, at=after(2))]) == [True]


@pytest.mark.parametrize("ending", ["failed", "deleted"])
def test_what_a_worker_left_that_died_while_it_settled_is_swept(mongo: MongoBackend, ending: str) -> None:
    with closing(mongo.open()) as store, mongo.client() as client:
        database = client.get_default_database()
        owned = claim(store, accept_target(store, target(), now=after(0)))
        outcome = stored(owned, body=b"left")
        collect(store, target(1), body=b"kept")
        left = {
            "_id": outcome.snapshot.id,
            "record_id": owned.id,
            "accepted_at": owned.accepted_at,
            "collected_at": after(0),
        }
        database["snapshots"].insert_one(left | {"body_sha256": name(b"left"), "content": b"{}"})
        database["bodies"].insert_one({"_id": name(b"left"), "bytes": b"left"})
        sweep(store)
        assert database["snapshots"].count_documents({}) == 2, "its claim holds, so it may still settle"

        if ending == "failed":
            store.records.settle([failed(owned)])
        else:
            database["records"].delete_one({"_id": owned.id})
        database["bodies"].insert_one({"_id": name(b"nobody's"), "bytes": b"nobody's"})
        sweep(store)

        assert [each["body_sha256"] for each in database["snapshots"].find()] == [name(b"kept")]
        assert [each["_id"] for each in database["bodies"].find()] == [name(b"kept")]


@pytest.mark.parametrize("order", merges(3, 4))
def test_a_page_that_is_collected_again_while_retention_removes_it_is_there(mongo: MongoBackend, order: str) -> None:
    with closing(mongo.open()) as store, mongo.client() as client:
        documents = client.get_default_database()
        old = collect(store, target(), body=b"again")
        collect(store, target(), body=b"other", now=after(1))
        new = stored(claim(store, accept_target(store, target(), now=after(2)), now=after(2)), body=b"again", at=after(2))

        run(order, settling(documents, new), deleting(documents, old)[1:])

        known = store.records.look_up(target().id)
        assert known is not None
        assert known.body == b"again"


def test_no_body_that_a_record_names_goes_while_the_same_content_is_collected(shared: Backend) -> None:
    """Four collect two pages in turn, some of them the same ones, as two retire, sweep and delete: what is stored is whole.

    Each page is let go of by a retirement just when it is collected again.
    """
    done = Event()
    rounds = 40
    with closing(shared.open()) as store:
        store.ping(60)  # makes the tables, for which others would not wait as long as a busy disk may take

    def act(n: int) -> int:
        with closing(shared.open()) as store:
            if n < 4:
                try:
                    return sum(collect_and_look(store, n, turn) for turn in range(rounds))
                finally:
                    if n == 0:
                        done.set()
            while not done.wait(0.005):  # others have to get at the store, too, on a busy machine
                store.snapshots.retire(keep=1, limit=10)
                if n == 4:
                    sweep(store)
                    store.records.delete(target(100).id)
                    collect(store, target(100), body=page(3, 0))
            return 0

    assert sum(at_once(6, act)) == 4 * rounds
    with closing(shared.open()) as store:
        for n in range(4):
            known = store.records.look_up(target(n).id)
            assert known is not None
            assert known.body == page(n, rounds - 1)


def page(n: int, turn: int) -> bytes:
    """Two pages in turn: 0 and 1 have their own, 2 and 3 the same."""
    return b"page %d of %d" % (turn % 2, min(n, 2))


def collect_and_look(store: Store, n: int, turn: int) -> bool:
    """Whether the page that was just stored is there, whole."""
    collect(store, target(n), body=page(n, turn), now=after(turn))
    known = store.records.look_up(target(n).id)
    return known is not None and known.body == page(n, turn)
