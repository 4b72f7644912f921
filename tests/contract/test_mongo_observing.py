"""The orders by which the MongoDB store keeps observations those of the outcomes, without transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from inventory.errors import QueryTooBroad
from inventory.observations.conditions import Everything
from inventory.observations.model import PastCollection, Statement
from inventory.records.model import Record, Statements, Stored
from inventory.store.codecs import to_millis
from inventory.store.intervals import Interval
from inventory.store.mongo import MongoStore, target_documents
from inventory.store.mongo.connection import Connection
from inventory.store.mongo.ledger import settle_record
from inventory.store.mongo.numbers import Numbers
from inventory.store.mongo.observed import MAX_CLOSED, changed_to, first_seen, of_intervals, read, written
from inventory.store.mongo.observing import Observing
from inventory.store.mongo.pruning import UNNAMED_FOR
from inventory.store.mongo.query_bounds import Bounds
from inventory.store.mongo.target_documents import Write
from tests.contract.actions import LEASE, accept, after, claim, failed, stored, target
from tests.contract.backends import MockBackend, MongoBackend, database
from tests.contract.orders import Documents, Step, merges, run
from tests.observations.algebra import has, word_or_pattern

ALL = [word_or_pattern("*", exact=True)]


class Hand:
    """A worker that settles an outcome step by step; it may be slow, or die, between any two."""

    def __init__(self, documents: Documents, outcome: Stored) -> None:
        self.documents, self.outcome = documents, outcome
        self.observing = Observing(Connection("", lambda _: documents.client), Numbers())
        self.planned: dict[str, Write | None] = {}
        self.done: set[str] = set()
        self.took_effect = self.was_indexed = False

    @property
    def steps(self) -> list[Step]:
        return [self.settle, self.plan, self.write, self.mark]

    def act(self, n: int) -> None:
        self.steps[n]()

    def settle(self) -> None:
        settled = settle_record(self.documents, self.outcome)
        self.took_effect, self.was_indexed = settled.took_effect, settled.was_indexed

    def plan(self) -> None:
        if self.took_effect:
            self.planned = dict(self.observing.plan(self.documents, [self.outcome]))

    def write(self) -> None:
        self.done = target_documents.write_all(self.documents, [each for each in self.planned.values() if each])

    def mark(self) -> None:
        if self.took_effect:
            self.observing.mark(self.documents, [self.outcome], self.done if self.was_indexed else set())


@pytest.fixture
def store(mongo: MongoBackend) -> Iterator[MongoStore]:
    with closing(mongo.open()) as store:
        yield store


def shows(status: str, owned: Record, seconds: float) -> Stored:
    return replace(stored(owned, body=None, at=after(seconds)), statements=Statements([Statement("status", status)]))


def collect(store: MongoStore, status: str, seconds: float, n: int = 0) -> Stored:
    outcome = shows(status, claim(store, accept(store, n, now=after(seconds)), now=after(seconds)), seconds)
    assert store.records.settle([outcome]) == [True]
    return outcome


def state(store: MongoStore, seconds: float | None = None) -> list[tuple[str, float]]:
    """The status of the target, with the seconds at which it was seen first."""
    at = None if seconds is None else after(seconds)
    shown = store.observations.shown([target().id], ALL, at=at).get(target().id, [])
    return [(each.value, (each.first_seen - after(0)).total_seconds()) for each in shown]


def reindex(store: MongoStore, outcomes: list[Stored]) -> None:
    history = [PastCollection(each.snapshot.collected_at, each.statements or ()) for each in outcomes]
    for record_id in store.observations.unindexed(limit=9):
        seen = store.records.find(record_id)
        assert seen is not None
        assert store.observations.reindex(seen, history)


@pytest.mark.parametrize("order", merges(4, 5))
def test_a_slow_worker_and_the_next_one_leave_the_intervals_of_both(
    store: MongoStore, documents: Documents, order: str
) -> None:
    first = collect(store, "200", 0)
    slow = Hand(documents, shows("404", claim(store, accept(store, now=after(10)), now=after(10)), 10))
    overtaker: list[Hand] = []

    def overtake() -> None:
        """Collect the target again, after the slow worker or, when its lease is over, instead of it."""
        now = after(10) + LEASE
        if slow.took_effect:
            accept(store, now=now)
        owned = store.records.claim(target().id, now=now, lease_for=LEASE)
        assert owned is not None
        overtaker.append(Hand(documents, shows("500", owned, 100)))

    def step(n: int) -> Step:
        return lambda: overtaker[0].act(n)

    run(order, slow.steps, [overtake, *(step(n) for n in range(4))])

    took_effect = [first, *([slow.outcome] if slow.took_effect else []), overtaker[0].outcome]
    if store.observations.unindexed(limit=9):
        reindex(store, took_effect)
    assert state(store) == [("500", 100)]
    assert state(store, 50) == ([("404", 10)] if slow.took_effect else [("200", 0)])
    assert state(store, 5) == [("200", 0)]
    assert store.observations.unindexed(limit=9) == []


@pytest.mark.parametrize("n", range(4))
def test_what_a_worker_that_died_left_out_is_found_and_done(store: MongoStore, documents: Documents, n: int) -> None:
    first = collect(store, "200", 0)
    hand = Hand(documents, shows("404", claim(store, accept(store, now=after(10)), now=after(10)), 10))
    for step in hand.steps[:n]:
        step()

    outcomes = [first, hand.outcome] if n else [first]
    assert list(store.observations.unindexed(limit=9)) == ([target().id] if n else [])
    reindex(store, outcomes)

    assert state(store) == [("404", 10) if n else ("200", 0)]
    collect(store, "500", 100) if n else None
    assert store.observations.unindexed(limit=9) == []


@pytest.mark.parametrize("order", merges(4, 2))
@pytest.mark.parametrize("known", [False, True])
def test_nothing_of_a_record_that_is_deleted_meanwhile_stays(
    store: MongoStore, documents: Documents, order: str, known: bool
) -> None:
    if known:
        collect(store, "200", 0)
    record = accept(store, now=after(10))
    hand = Hand(documents, shows("404", claim(store, record, now=after(10)), 10))
    accepted_at = to_millis(record.accepted_at)
    deleting: list[Step] = [
        lambda: documents["records"].delete_one({"_id": record.id}),
        lambda: target_documents.remove(documents, record.id, accepted_at),
    ]

    run(order, hand.steps, deleting)

    assert documents["observed_targets"].count_documents({}) == 0


def test_what_a_worker_wrote_for_a_deleted_record_before_it_died_is_removed(store: MongoStore, documents: Documents) -> None:
    kept = collect(store, "200", 0, n=1)
    hand = Hand(documents, shows("404", claim(store, accept(store)), 0))
    hand.settle()
    hand.plan()
    assert store.records.delete(target().id)
    hand.write()

    assert store.observations.prune(after=0, limit=1) != 0
    position = store.observations.prune(after=0, limit=1)
    while position:
        position = store.observations.prune(after=position, limit=1)

    assert [each["_id"] for each in documents["observed_targets"].find({})] == [kept.claim.id]


def test_deleting_again_removes_what_a_deletion_left_that_was_cut_short(store: MongoStore, documents: Documents) -> None:
    collect(store, "200", 0)
    documents["records"].delete_one({"_id": target().id})

    assert not store.records.delete(target().id)

    assert documents["observed_targets"].count_documents({}) == 0


def test_a_new_record_has_nothing_of_an_old_one_of_its_id(store: MongoStore, documents: Documents) -> None:
    collect(store, "200", 0)
    documents["records"].delete_one({"_id": target().id})

    outcome = collect(store, "404", 100)
    reindex(store, [outcome])

    assert (state(store), state(store, 50)) == ([("404", 100)], [])
    assert store.observations.known_since() == after(100)


def test_tags_and_an_outcome_at_the_same_time_both_stay(store: MongoStore, documents: Documents) -> None:
    first = collect(store, "200", 0)
    hand = Hand(documents, shows("404", claim(store, accept(store, now=after(10)), now=after(10)), 10))
    hand.settle()
    hand.plan()
    assert store.observations.tag(target().id, ["prod"], now=after(9))
    hand.write()
    hand.mark()
    reindex(store, [first, hand.outcome])

    assert sorted(state(store)) == [("404", 10), ("prod", 9)]


def test_an_older_store_is_indexed_record_by_record(mongo: MongoBackend, store: MongoStore, documents: Documents) -> None:
    outcome = collect(store, "200", 0)
    for name in ("observed_targets", "fields", "field_values", "counters"):
        documents[name].delete_many({})
    documents["records"].update_many({}, {"$unset": {"indexed": ""}})

    assert store.observations.count_unindexed(up_to=9) == 1
    with closing(mongo.open()) as other:
        reindex(other, [outcome])
        assert state(other) == [("200", 0)]
        assert other.observations.count_unindexed(up_to=9) == 0


def test_records_are_marked_to_be_indexed_again_in_the_order_of_their_ids(store: MongoStore) -> None:
    outcomes = {each.claim.id: each for each in (collect(store, "200", 0, n=n) for n in range(3))}
    ids = sorted(outcomes)

    assert store.observations.mark_unindexed(after="", limit=2) == ids[1]
    assert store.observations.count_unindexed(up_to=9) == 2
    assert store.observations.count_unindexed(up_to=1) == 1
    assert store.observations.mark_unindexed(after=ids[1], limit=2) == ids[2]
    assert store.observations.mark_unindexed(after=ids[2], limit=2) is None
    for record_id in ids:
        reindex(store, [outcomes[record_id]])
    assert store.observations.count_unindexed(up_to=9) == 0


def test_a_settling_does_not_take_back_that_a_record_is_to_be_indexed_again(store: MongoStore, documents: Documents) -> None:
    collect(store, "200", 0)
    hand = Hand(documents, shows("404", claim(store, accept(store, now=after(10)), now=after(10)), 10))
    hand.settle()
    store.observations.mark_unindexed(after="", limit=9)
    for step in hand.steps[1:]:
        step()

    assert list(store.observations.unindexed(limit=9)) == [target().id]


def test_tags_are_added_to_those_that_there_are(store: MongoStore) -> None:
    collect(store, "200", 0)
    accept(store, 1)
    store.observations.tag(target(0).id, ["a"], now=after(1))

    store.observations.add_tags([target(n).id for n in (0, 1, 2)], ["b", "a"], now=after(2))
    store.observations.add_tags([target(0).id], [], now=after(3))

    shown = store.observations.shown([target(n).id for n in range(3)], [word_or_pattern("tag", exact=True)], at=None)
    assert {key: [(each.value, each.first_seen) for each in some] for key, some in shown.items()} == {
        target(0).id: [("a", after(1)), ("b", after(2))],
        target(1).id: [("a", after(2)), ("b", after(2))],
    }


def test_the_first_instant_is_known(store: MongoStore) -> None:
    assert store.observations.known_since() is None
    collect(store, "200", 7)
    collect(store, "200", 5, n=1)

    assert store.observations.known_since() == after(5)


def test_failures_of_one_batch_and_snapshots_are_written_together(store: MongoStore) -> None:
    claims = [claim(store, accept(store, n)) for n in range(120)]
    outcomes = [
        shows(f"{200 + n % 5}", owned, 1)
        if n % 2
        else replace(failed(owned, at=after(1)), statements=Statements([Statement("failure", "dns_failure")]))
        for n, owned in enumerate(claims)
    ]

    assert store.records.settle(outcomes) == [True] * 120
    assert store.observations.unindexed(limit=9) == []
    assert store.observations.count(has("failure", "dns_failure"), at=None) == 60
    assert sum(store.observations.count(has("status", f"{n}"), at=None) or 0 for n in range(200, 205)) == 60


def test_values_that_nothing_names_are_removed_after_a_while_unless_they_are_named_again(mongo: MongoBackend) -> None:
    now = [after(0)]
    with mongo.client() as client, closing(replace(mongo, clock=lambda: now[0]).open()) as store:
        collect(store, "200", 0)
        collect(store, "404", 1)
        collect(store, "503", 2, n=1)
        values = database(client)["field_values"]

        def kept() -> list[str]:
            assert store.observations.prune(after=0, limit=99) == 0
            return sorted(each["folded"] for each in values.find({}))

        assert kept() == ["200", "404", "503"]
        store.records.delete(target(0).id)
        store.records.delete(target(1).id)
        assert kept() == ["200", "404", "503"]  # marked
        now[0] += UNNAMED_FOR - timedelta(seconds=1)
        with closing(mongo.open()) as other:
            collect(other, "404", 3)
        now[0] += timedelta(seconds=1)
        assert kept() == ["404"]
        assert state(store) == [("404", 3)]


def test_a_query_that_takes_too_long_is_refused(mongomock: MockBackend) -> None:
    backend = replace(mongomock, bounds=Bounds(page_seconds=1e-9, total_seconds=1e-9, chunk=1, values=0))
    with closing(backend.open()) as store:
        for n in range(9):
            collect(store, "200", n, n=n)

        with pytest.raises(QueryTooBroad):
            store.observations.search(has("status", "200"), at=None, limit=9, after=None)
        with pytest.raises(QueryTooBroad):
            store.observations.facet(Everything(), at=None, field="status", limit=9)
        assert store.observations.count(has("status", "200"), at=None) is None


def test_no_answer_is_given_of_a_time_of_which_intervals_were_given_up(store: MongoStore, documents: Documents) -> None:
    for seconds, status in enumerate(("200", "404", "500")):
        collect(store, status, seconds)
    documents["observed_targets"].update_one({}, {"$set": {"known_from": to_millis(after(1))}})

    listed = [store.observations.search(Everything(), at=after(n), limit=9, after=None) for n in range(3)]
    assert [len(each) for each in listed] == [0, 1, 1]
    assert (state(store, 0), state(store, 1)) == ([], [("404", 1)])


def test_the_oldest_of_very_many_intervals_are_given_up() -> None:
    past = [Interval((1, n), n, n, n + 1) for n in range(1, MAX_CLOSED + 1)]
    before = replace(first_seen({(1, 0)}, 0), past=past)

    unchanged = changed_to(before, {(1, 0)}, MAX_CLOSED, lambda _: None)
    changed = changed_to(before, {(2, 0)}, MAX_CLOSED + 2, lambda _: None)
    rebuilt = of_intervals(changed.intervals(), changed)

    assert unchanged.known_from == 0
    assert (changed.since, changed.known_from, len(changed.past)) == (0, 2, MAX_CLOSED)
    assert read(written(changed, None)) == changed == rebuilt
