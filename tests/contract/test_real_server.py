"""What only a real server can show: it goes away and comes back, and its answers get lost. Collected where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from pymongo.errors import OperationFailure

from inventory.errors import StorageUnavailable
from inventory.events.model import EventFilter
from inventory.observations.conditions import Everything
from inventory.observations.model import PastCollection, Statement
from inventory.records.model import Statements
from inventory.store import Store
from inventory.store.mongo import MongoStore
from inventory.store.mongo.connection import Connection, connect
from inventory.store.mongo.query_bounds import Bounds
from inventory.watches.model import Looked
from tests.contract import watch_actions
from tests.contract.actions import LEASE, NOW, accept, after, claim, collect, failed, found, stored, target
from tests.contract.backends import MongoBackend, database
from tests.contract.event_actions import event
from tests.contract.job_actions import advance, counted, job, ready, row, work
from tests.contract.job_actions import claim as job_claim
from tests.contract.job_actions import found as found_job
from tests.contract.meeting import at_once
from tests.contract.observed import World
from tests.contract.one_at_a_time import OneAtATime
from tests.contract.oracle import ORDERS, check
from tests.observations.algebra import has

WIDE = Bounds(page_seconds=30, total_seconds=30, values_seconds=30)


@pytest.fixture
def between(server: str) -> Iterator[OneAtATime]:
    """A way to the server that can be shut, and that can lose answers."""
    with OneAtATime(server) as between:
        yield between


@pytest.fixture
def store(mongodb: MongoBackend, between: OneAtATime) -> Iterator[Store]:
    """A store that goes that way."""
    name = mongodb.url.rpartition("/")[2]
    with closing(MongoStore(f"{between.url}/{name}?directConnection=true")) as store:
        yield store


def test_a_server_that_went_away_is_unavailable_and_is_used_again_when_it_is_back(store: Store, between: OneAtATime) -> None:
    outcome = collect(store, target())
    uses = [
        lambda: store.records.find(target().id),
        lambda: accept(store, 1),
        lambda: store.ping(0.5),
        lambda: store.observations.search(Everything(), at=None, limit=1, after=None),
    ]

    def act(n: int) -> None:
        with pytest.raises(StorageUnavailable):
            uses[n]()

    between.shut = True
    at_once(4, act)
    between.shut = False

    assert found(store, target()).snapshot_id == outcome.snapshot.id
    accept(store, 1)


def test_a_server_that_was_away_at_the_start_needs_no_restart(store: Store, between: OneAtATime) -> None:
    between.shut = True
    with pytest.raises(StorageUnavailable):
        store.prepare()
    between.shut = False

    accept(store)


def test_an_acceptance_whose_answer_was_lost_can_be_sent_again(store: Store, between: OneAtATime) -> None:
    store.prepare()
    between.unanswered = ("insert",)
    with pytest.raises(StorageUnavailable):
        store.records.accept(target(), now=NOW, seen=None)
    between.unanswered = ()

    assert not store.records.accept(target(), now=after(1), seen=None).accepted
    assert found(store, target()).accepted_at == NOW


def test_an_outcome_whose_answer_was_lost_can_be_sent_again(store: Store, between: OneAtATime) -> None:
    outcome = stored(claim(store, accept(store)))
    for unanswered in ("update", "findAndModify"):
        between.unanswered = (unanswered,)
        with pytest.raises(StorageUnavailable):
            store.records.settle([outcome])
    between.unanswered = ()

    assert store.records.settle([outcome]) == [True]
    assert store.records.settle([outcome]) == [True]
    assert found(store, target()).snapshots == 1


def test_a_failure_whose_answer_was_lost_stands_when_it_is_sent_again(store: Store, between: OneAtATime) -> None:
    outcome = failed(claim(store, accept(store)))
    between.unanswered = ("findAndModify",)
    with pytest.raises(StorageUnavailable):
        store.records.settle([outcome])
    between.unanswered = ()

    store.records.settle([outcome])
    assert found(store, target()).failure == outcome.failure


def test_a_job_whose_creation_was_not_answered_can_be_created_again(store: Store, between: OneAtATime) -> None:
    wanted = job()
    store.prepare()
    between.unanswered = ("insert",)
    with pytest.raises(StorageUnavailable):
        store.jobs.create(wanted)
    between.unanswered = ()

    assert store.jobs.create(wanted) == wanted
    assert job_claim(store).job_id == wanted.id
    assert store.jobs.claim(now=NOW, lease_for=LEASE) is None


@pytest.mark.parametrize("lost", ["insert", "aggregate", "findAndModify"])
def test_an_advance_whose_answer_was_lost_can_be_sent_again(store: Store, between: OneAtATime, lost: str) -> None:
    wanted = ready(store, 1)
    owned = job_claim(store)
    rows = [row(1), row(2)]
    between.unanswered = (lost,)
    with pytest.raises(StorageUnavailable):
        advance(store, owned, rows)
    between.unanswered = ()

    assert advance(store, owned, rows) is not None
    assert counted(store, wanted) == (2, 0, 0)


def test_a_completion_whose_answer_was_lost_stands(store: Store, between: OneAtATime) -> None:
    wanted = ready(store, 1)
    work(store, job_claim(store))
    between.unanswered = ("update",)
    with pytest.raises(StorageUnavailable):
        store.jobs.complete(now=after(2), limit=9)
    between.unanswered = ()

    assert store.jobs.complete(now=after(3), limit=9) == []
    assert (found_job(store, wanted).finished_at, counted(store, wanted)) == (after(2), (3, 0, 0))


def test_events_whose_answer_was_lost_can_be_sent_again(store: Store, between: OneAtATime) -> None:
    store.prepare()
    between.unanswered = ("insert",)
    with pytest.raises(StorageUnavailable):
        store.events.add([event(1), event(2)])
    between.unanswered = ()

    store.events.add([event(1), event(2)])
    assert store.events.stats(EventFilter(), hours=1).total == 2


def test_an_outcome_whose_observations_were_not_answered_is_kept_and_indexed_later(
    store: Store, between: OneAtATime
) -> None:
    collect(store, target())
    outcome = replace(stored(claim(store, accept(store, 1)), body=None), statements=Statements([Statement("status", "200")]))
    between.unanswered = ("insert",)
    settled = store.records.settle([outcome])
    between.unanswered = ()

    assert settled == [True]
    assert target(1).id in store.observations.unindexed(limit=9)
    assert store.observations.reindex(found(store, target(1)), [PastCollection(NOW, outcome.statements or ())])
    assert store.observations.count(has("status", "200"), at=None) == 1


@pytest.mark.parametrize("lost", ["update", "insert"])
def test_a_message_whose_commit_was_not_answered_can_be_committed_again(
    store: Store, between: OneAtATime, lost: str
) -> None:
    kept = watch_actions.add(store)
    watch_actions.find(store, [watch_actions.finding(kept, 1)])
    claimed = watch_actions.compose(store, now=after(99))
    told = watch_actions.message(claimed, store.messages.owed(claimed, limit=9), now=after(99))
    owing = [watch_actions.delivery(told)]
    between.unanswered = (lost,)
    with pytest.raises(StorageUnavailable):
        store.messages.commit(claimed, told, owing, now=after(99))
    between.unanswered = ()

    assert store.messages.commit(claimed, told, owing, now=after(99))
    assert store.messages.find(told.id) == told
    assert store.messages.claim(now=after(99_999), lease_for=LEASE) is None
    assert [each.id for each in store.deliveries.claim_due(now=after(999), lease_for=LEASE, limit=9)] == [owing[0].id]


@pytest.mark.parametrize("lost", ["update", "insert"])
def test_a_look_whose_reply_was_lost_finds_the_same_once(store: Store, between: OneAtATime, lost: str) -> None:
    kept = watch_actions.add(store)
    watch_actions.settle(store, target(), 1)
    looked = Looked(unseen=watch_actions.one_unseen(store), findings=[watch_actions.finding(kept, 1)])
    between.unanswered = (lost,)
    with pytest.raises(StorageUnavailable):
        store.outcomes.seen([looked], now=NOW)
    between.unanswered = ()

    store.outcomes.seen([looked], now=NOW)
    assert watch_actions.unseen(store) == []
    assert watch_actions.tell(store, now=after(99))[2] == [watch_actions.finding(kept, 1)]
    assert store.messages.claim(now=after(99_999), lease_for=LEASE) is None


def test_an_outcome_whose_answer_was_lost_is_remembered_once(store: Store, between: OneAtATime) -> None:
    watch_actions.add(store)
    owned = claim(store, accept(store))
    outcome = replace(stored(owned, body=None), statements=Statements([Statement("status", "200")]))
    between.unanswered = ("findAndModify",)
    with pytest.raises(StorageUnavailable):
        store.records.settle([outcome])
    between.unanswered = ()

    assert store.records.settle([outcome]) == [True]
    for record_id in store.observations.unindexed(limit=9):
        assert store.observations.reindex(found(store, target()), [PastCollection(NOW, outcome.statements or ())]), record_id
    assert watch_actions.one_unseen(store).new == 1


def test_a_mistake_in_a_command_is_not_called_an_outage(mongodb: MongoBackend) -> None:
    with (
        closing(Connection(mongodb.url, connect)) as connection,
        pytest.raises(OperationFailure),
        connection.database() as database,
    ):
        database.command("no such command")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(**ORDERS)
def test_answers_about_observations_are_those_of_looking_at_all_snapshots(
    mongodb: MongoBackend, actions, conditions, instants
) -> None:
    with mongodb.client() as client:
        for name in database(client).list_collection_names():
            if name != "meta":
                database(client)[name].delete_many({})
    with closing(replace(mongodb, bounds=WIDE).open()) as store:
        check(World(store), actions, conditions, instants)
