"""What an older version wrote is brought forward when it is first used, and nothing of it is lost or left pending."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from bson import json_util

from inventory.jobs.model import Batch, Job
from inventory.records.model import RecordFilter, State
from inventory.store import Store
from inventory.store.mongo import documents
from inventory.store.mongo import schema as mongo_schema
from inventory.store.sqlite import schema as sqlite_schema
from inventory.store.sqlite.migrations import MIGRATIONS
from tests.access.fakes import new_key
from tests.contract.actions import LEASE, NOW, accept, after, collect, found, stored, target
from tests.contract.backends import Backend, MongoBackend, SqliteBackend, database
from tests.contract.event_actions import event, listed
from tests.contract.job_actions import claim, complete, job, read, ready, work
from tests.contract.owner_actions import ready_for
from tests.contract.watch_actions import add

OLDER = Path(__file__).parent / "older" / "mongo.json"
OLD = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, 0, NULL, NULL, 0)"
MILLIS = int(NOW.timestamp() * 1000)


def older_file(backend: SqliteBackend, version: int) -> None:
    """A file that an older version wrote, with a pending record 1 and a running record 2."""
    backend.path.parent.mkdir()
    with closing(sqlite3.connect(backend.path, isolation_level=None)) as connection:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
        for n, state, lease in ((1, "pending", None), (2, "running", "0" * 32)):
            each = target(n)
            instants = [MILLIS, MILLIS, MILLIS]
            connection.execute(OLD, [each.id, each.source, each.key, each.host, state, *instants, n - 1, n - 1, lease])


def older_database(backend: MongoBackend, version: int) -> None:
    """The same, in documents."""
    with backend.client() as client:
        kept = database(client)
        for migration in mongo_schema.MIGRATIONS[:version]:
            mongo_schema.create_indexes(kept, migration)
        for n, state, lease in ((1, "pending", None), (2, "running", "0" * 32)):
            work = {"state": state, "attempt": n - 1, "fence": n - 1, "lease": lease}
            document = documents.new_record(target(n), NOW) | work
            del document["bulk"]
            if version == 1:  # the very first code knew of no condition
                del document["revalidate"]
            kept["records"].insert_one(document)
    backend.mark(version)


def older(backend: Backend, version: int) -> None:
    if isinstance(backend, SqliteBackend):
        older_file(backend, version)
    else:
        older_database(backend, version)


@pytest.mark.parametrize("version", [1, 2])
def test_what_is_due_in_an_older_store_is_claimed_and_settled(backend: Backend, version: int) -> None:
    older(backend, version)
    with closing(backend.open()) as store:
        assert not found(store, target(1)).bulk
        assert found(store, target(2)).state is State.RUNNING
        store.records.accept_all([(target(3), None)], now=after(-99))

        assert list(store.records.due(now=NOW, max_attempts=9, limit=9)) == [target(n).id for n in (1, 3, 2)]
        first, second = store.records.claim_due(now=NOW, lease_for=LEASE, limit=9)
        third = store.records.claim_expired(now=NOW, lease_for=LEASE, max_attempts=9)

        assert [each and each.target for each in (first, second, third)] == [target(1), target(3), target(2)]
        assert third is not None
        assert store.records.settle([stored(first), stored(second), stored(third)]) == [True] * 3
        accept(store, 1, now=after(60))


USES: dict[str, Callable[[Store], object]] = {
    "jobs": complete,
    "events": lambda store: store.events.add([event(1)]),
    "records": lambda store: collect(store, target(9)),
    "snapshots": lambda store: store.snapshots.targets_of_body("ab" * 32, limit=1),
    "watches": add,
    "keys": lambda store: store.keys.add(new_key()[0]),
    "policies": lambda store: store.policies.delete("nobody"),
    "activity": lambda store: store.activity.retire(before=NOW, limit=9),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("version", [0, 1, 2])
def test_an_older_store_is_brought_forward_by_whatever_is_used_first(backend: Backend, version: int, use: str) -> None:
    if version:
        older(backend, version)
    with closing(backend.open()) as store:
        USES[use](store)
    with closing(backend.open()) as store:
        ready(store, 1)
        work(store, claim(store))
        store.events.add([event(2)])
        assert event(2) in listed(store)


def test_the_tables_and_indexes_of_a_file_are_the_same_whichever_version_made_it(sqlite: SqliteBackend, tmp_path) -> None:
    def made(backend: SqliteBackend) -> set[tuple[str, str]]:
        with closing(backend.open()) as store:
            store.prepare()
        with closing(sqlite3.connect(backend.path)) as connection:
            return set(connection.execute("SELECT name, sql FROM sqlite_master"))

    new = made(sqlite)

    for version in (1, 2):
        old = SqliteBackend(tmp_path / f"version {version}" / "inventory.sqlite3")
        older_file(old, version)
        assert made(old) == new


def first_file(backend: SqliteBackend) -> None:
    """A file of the very first version: it calls itself 1 too, and has neither `revalidate` nor the later indexes."""
    older_file(backend, 1)
    with closing(sqlite3.connect(backend.path)) as connection:
        for index in ("records_stored_of_source", "records_unstored_of_source", "records_with_many"):
            connection.execute(f"DROP INDEX {index}")
        connection.execute("ALTER TABLE records DROP COLUMN revalidate")


@pytest.mark.parametrize("brought_forward_before", [False, True])
def test_a_file_of_the_very_first_version_is_brought_forward(sqlite: SqliteBackend, brought_forward_before: bool) -> None:
    first_file(sqlite)
    if brought_forward_before:  # by code that did not know that anything was missing
        with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as connection:
            for statement in (each for migration in MIGRATIONS[1:] for each in migration):
                connection.execute(statement)
        sqlite.mark(sqlite_schema.VERSION)

    with closing(sqlite.open()) as store:
        first, third = store.records.claim_due(now=NOW, lease_for=LEASE, limit=9), found(store, target(2))
        assert [each.target for each in first] == [target(1)]
        assert (third.state, third.revalidate) == (State.RUNNING, False)
        assert store.records.settle([stored(first[0])]) == [True]
        collect(store, target(3))
    with closing(sqlite3.connect(sqlite.path)) as connection:
        indexes = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {"records_stored_of_source", "records_unstored_of_source"} <= indexes


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_store_has_counted_nothing_and_counts_from_now_on(backend: Backend, version: int) -> None:
    older(backend, version)
    with closing(backend.open()) as store:
        day = {"since": after(-86_400), "until": after(86_400), "source": None}
        assert store.activity.counts(**day) == []
        collect(store, target(9))
        assert [each.count for each in store.activity.counts(**day)] == [1]


@pytest.mark.parametrize("version", [1, 2])
def test_all_records_of_an_older_store_are_to_be_indexed_again_for_what_policies_say(backend: Backend, version: int) -> None:
    older(backend, version)
    with closing(backend.open()) as store:
        run = store.observations.reindexing()
        assert run is not None
        assert (run.marked, run.marked_up_to) == (0, "")
        store.observations.end_reindexing(run)
    with closing(backend.open()) as store:
        assert store.observations.reindexing() is None, "once"


def test_a_new_store_has_nothing_to_index(store: Store) -> None:
    assert store.observations.reindexing() is None


BEFORE_OWNERS = next(n for n, each in enumerate(MIGRATIONS) if any("ADD COLUMN owner" in statement for statement in each))
PENDING = (
    "INSERT INTO records (id, source, key, host, state, accepted_at, requested_at, due_at, attempt, fence, snapshots)"
    " VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, 0, 0, 0)"
)
JOB = "INSERT INTO jobs (id, kind, created_at, options, status) VALUES (?, 'urls', ?, x'7b7d', 'running')"
BATCH = (
    "INSERT INTO batches (job_id, number, first_row, last_row, rows, bytes, due_at, queued, checkpoint)"
    " VALUES (?, 1, 1, 3, 3, 9, ?, 1, NULL)"
)


def file_before_owners(backend: SqliteBackend, old: Job) -> None:
    backend.path.parent.mkdir()
    with closing(sqlite3.connect(backend.path, isolation_level=None)) as connection:
        for statement in (each for migration in MIGRATIONS[:BEFORE_OWNERS] for each in migration):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {BEFORE_OWNERS}")
        for n in range(20):
            each = target(n)
            connection.execute(PENDING, [each.id, each.source, each.key, each.host, MILLIS, MILLIS, MILLIS])
        connection.execute(JOB, [bytes.fromhex(old.id), MILLIS])
        connection.execute(BATCH, [bytes.fromhex(old.id), MILLIS])


def database_before_owners(backend: MongoBackend, old: Job) -> None:
    version = next(
        n for n, each in enumerate(mongo_schema.MIGRATIONS) if "state owner bulk due_at" in each.get("records", ())
    )
    with closing(backend.open()) as store:
        store.records.accept_each([(target(n), None) for n in range(20)], now=NOW)
        store.jobs.create(old)
        read(store, 1)
    with backend.client() as client:
        kept = database(client)
        for name in ("records", "jobs", "batches"):
            kept[name].update_many({}, {"$unset": {"owner": ""}})
            for index in kept[name].index_information().keys() - {"_id_"}:  # mongo-java-server 1.47 drops all or nothing
                kept[name].drop_index(index)
        for migration in (*mongo_schema.MIGRATIONS[:version], mongo_schema.REPLACED):
            mongo_schema.create_indexes(kept, migration)
        kept["meta"].update_one({"_id": "schema"}, {"$set": {"version": version}})


def test_what_was_accepted_before_there_were_owners_takes_turns_as_that_of_nobody(backend: Backend) -> None:
    old = job()
    if isinstance(backend, SqliteBackend):
        file_before_owners(backend, old)
    else:
        database_before_owners(backend, old)
    key = "k" * 32
    with closing(backend.open()) as store:
        wanted = [(target(n, host="other.example"), None) for n in range(3)]
        store.records.accept_each(wanted, now=NOW, owners=[key] * 3)
        claims = store.records.claim_due(now=NOW, lease_for=LEASE, limit=6)

        assert sorted(each.owner for each in claims) == ["", "", "", key, key, key]
        assert store.records.settle([stored(each) for each in claims]) == [True] * 6
        assert len(store.records.claim_due(now=NOW, lease_for=LEASE, limit=99)) == 17
        ready_for(store, key, 1)
        assert {(batch.job_id == old.id, job.owner) for job, batch in (batch_of(store), batch_of(store))} == {
            (True, ""),
            (False, key),
        }


def batch_of(store: Store) -> tuple[Job, Batch]:
    claimed = store.jobs.claim(now=NOW, lease_for=LEASE)
    assert claimed is not None
    return claimed


def test_indexes_that_were_replaced_are_dropped_once(mongo: MongoBackend) -> None:
    database_before_owners(mongo, job())
    with closing(mongo.open()) as store:
        store.prepare()

    with mongo.client() as client:
        for name, replaced in mongo_schema.REPLACED.items():
            kept = [[field for field, _ in index["key"]] for index in database(client)[name].index_information().values()]
            assert not any(each.split() in kept for each in replaced)
        mongo_schema.drop_indexes(database(client), mongo_schema.REPLACED)


@pytest.mark.parametrize("version", range(1, mongo_schema.VERSION))
def test_a_database_of_each_version_keeps_its_data_and_gets_the_indexes_of_this_one(
    mongo: MongoBackend, version: int
) -> None:
    """Documents are those of version 5 but for members that are new. An older one lacks collections."""
    names = {name for migration in mongo_schema.MIGRATIONS[:version] for name in migration} | {"bodies"}
    kept = {name: documents for each in json_util.loads(OLDER.read_text()) for name, documents in each.items()}
    with mongo.client() as client:
        for name in names & kept.keys():
            database(client)[name].insert_many(kept[name])
        for migration in mongo_schema.MIGRATIONS[:version]:
            mongo_schema.create_indexes(database(client), migration)
    mongo.mark(version)

    with closing(mongo.open()) as store:
        records = store.records.listing(RecordFilter(), limit=999, after=None)
        jobs = store.jobs.listing(None, limit=99, after=None)
        snapshots = [each for record in records for each in store.snapshots.listing(record.id, limit=99, after=None)]
        bodies = [store.bodies.find(each.body_sha256) for each in snapshots if each.body_sha256]
        assert (len(records), len(jobs)) == (len(kept["records"]), len(kept["jobs"]) if "jobs" in names else 0)
        assert snapshots
        assert None not in bodies
        assert store.records.due(now=after(10**8), max_attempts=9, limit=99)
    with mongo.client() as client:
        wanted = {name for migration in mongo_schema.MIGRATIONS for name in migration}
        assert wanted <= set(database(client).list_collection_names())
        assert database(client)["meta"].find_one({"_id": "schema"})["version"] == mongo_schema.VERSION  # type: ignore[index]
