"""A store that is away is said to be so within five seconds, and is used again, unaided, when it is back."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import pytest

from inventory.errors import StorageUnavailable
from inventory.events.model import EventFilter, EventSearch
from inventory.records.model import RecordFilter, State
from inventory.store import Store
from inventory.store.mongo import MongoStore
from inventory.store.mongo.connection import WITH_CALLER
from inventory.store.sqlite import SqliteStore
from inventory.store.sqlite.beside import OPENING_TIMEOUT
from inventory.store.sqlite.connections import TIMEOUT, Connections
from tests.contract.actions import LEASE, NOW, accept, after, claim, collect, found, stored, target
from tests.contract.backends import Backend, SqliteBackend
from tests.contract.event_actions import event, plain
from tests.contract.job_actions import job
from tests.contract.meeting import at_once, program, programs_at_once, set_off
from tests.contract.watch_actions import MANY, watch, webhook

JOB, WATCH, WEBHOOK = job(), watch(), webhook()
WRITES: dict[str, Callable[[Store], object]] = {
    "accept": lambda store: store.records.accept(target(9), now=NOW, seen=None),
    "claim": lambda store: store.records.claim(target(1).id, now=NOW, lease_for=LEASE),
    "claim_due": lambda store: store.records.claim_due(now=NOW, lease_for=LEASE, limit=9),
    "claim_expired": lambda store: store.records.claim_expired(now=after(999), lease_for=LEASE, max_attempts=9),
    "fail_spent": lambda store: store.records.fail_spent(now=NOW, max_attempts=1, retry_at=after(1), limit=9),
    "delete": lambda store: store.records.delete(target(2).id),
    "accept_all": lambda store: store.records.accept_all([(target(8), None)], now=NOW),
    "create": lambda store: store.jobs.create(JOB),
    "cancel": lambda store: store.jobs.cancel(JOB.id, now=NOW),
    "add": lambda store: store.events.add([event(1)]),
    "add_plain": lambda store: store.events.add_plain("a" * 32, [plain(1)]),
    "add_watch": lambda store: store.watches.add(WATCH, at_most=MANY),
    "delete_watch": lambda store: store.watches.delete(WATCH.id),
    "add_webhook": lambda store: store.webhooks.add(WEBHOOK, at_most=MANY),
    "cancel_deliveries": lambda store: store.deliveries.cancel(webhook_id=WEBHOOK.id, now=NOW),
}
READS: dict[str, Callable[[Store], object]] = {
    "look_up": lambda store: store.records.look_up(target(2).id),
    "find": lambda store: store.records.find(target(2).id),
    "is_any_expired": lambda store: store.records.is_any_expired(now=after(999), max_attempts=9),
    "due": lambda store: store.records.due(now=NOW, max_attempts=9, limit=9),
    "due_hosts": lambda store: store.records.due_hosts(now=NOW, max_attempts=9, limit=9),
    "listing": lambda store: store.records.listing(RecordFilter(), limit=9, after=None),
    "snapshot": lambda store: store.snapshots.find("0" * 32),
    "snapshots": lambda store: store.snapshots.listing(target(2).id, limit=9, after=None),
    "latest_snapshots": lambda store: store.snapshots.latest([target(2).id], before=None),
    "collected_before": lambda store: store.snapshots.collected_before([(target(2).id, NOW)]),
    "collected_at": lambda store: store.snapshots.collected_at([target(2).id], limit=9),
    "body": lambda store: store.bodies.find("0" * 64),
    "unfinished": lambda store: store.records.unfinished([target(2).id], since=NOW),
    "find_all": lambda store: store.records.find_all([target(2).id]),
    "job": lambda store: store.jobs.find(JOB.id),
    "claim_job": lambda store: store.jobs.claim(now=after(-999), lease_for=LEASE),
    "claim_none": lambda store: store.records.claim_due(now=after(-999), lease_for=LEASE, limit=9),
    "jobs": lambda store: store.jobs.listing(None, limit=9, after=None),
    "jobs_due": lambda store: store.jobs.due(now=NOW, limit=9),
    "rows": lambda store: store.jobs.rows(JOB.id, None, limit=9, after=0),
    "events": lambda store: store.events.listing(EventFilter(), limit=9, after=None),
    "note_imports": lambda store: store.events.note_imports(after="", limit=9, now=NOW),
    "retire": lambda store: store.events.retire(before=NOW, limit=9),
    "search": lambda store: store.events.search(EventFilter(), EventSearch(9, "x"), after=None),
    "stats": lambda store: store.events.stats(EventFilter(), hours=9),
    "watches": lambda store: store.watches.active(),
    "schedules": lambda store: store.schedules.due(now=NOW, limit=9),
    "unseen": lambda store: store.outcomes.unseen(limit=9),
    "compose": lambda store: store.messages.claim(now=NOW, lease_for=LEASE),
    "deliver": lambda store: store.deliveries.claim_due(now=NOW, lease_for=LEASE, limit=9),
    "intervals": lambda store: store.observations.intervals({target(2).id: NOW}),
    "ping": lambda store: store.ping(1),
    "prepare": lambda store: store.prepare(),
}
EVERYTHING = READS | WRITES


@contextmanager
def unavailable() -> Iterator[None]:
    """The block must raise `StorageUnavailable`, in good time: within five seconds, and what a slow machine adds."""
    start = monotonic()
    with pytest.raises(StorageUnavailable) as raised:
        yield
    assert monotonic() - start < 30
    assert str(raised.value)


def test_no_wait_is_longer_than_five_seconds() -> None:
    assert max(TIMEOUT, OPENING_TIMEOUT, WITH_CALLER.server) < 5


@pytest.fixture
def store(sqlite: SqliteBackend) -> Iterator[SqliteStore]:
    """A file with a pending record 1 and a stored record 2."""
    with closing(sqlite.open()) as store:
        accept(store, 1)
        collect(store, target(2))
        yield store


@contextmanager
def locked(backend: SqliteBackend) -> Iterator[None]:
    """Somebody else is in a transaction that does not end."""
    with closing(sqlite3.connect(backend.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_file_is_unavailable_for_every_writer_in_time_and_is_used_again(
    store: SqliteStore, sqlite: SqliteBackend
) -> None:
    outcome = stored(claim(store, accept(store, 3)))
    writes = [*WRITES.values(), lambda store: store.records.settle([outcome])] * 2

    def act(n: int) -> None:
        with unavailable():
            writes[n](store)

    with locked(sqlite):
        at_once(len(writes), act)

    assert store.records.settle([outcome]) == [True]
    for write in writes:
        write(store)


def test_a_new_file_that_is_locked_is_unavailable_in_time_and_used_afterwards(
    sqlite: SqliteBackend,
) -> None:
    sqlite.path.parent.mkdir()
    with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as other, closing(sqlite.open()) as store:
        other.execute("BEGIN EXCLUSIVE")
        with unavailable():
            accept(store)
        other.execute("ROLLBACK")
        accept(store)


def test_a_locked_file_can_be_read(store: SqliteStore, sqlite: SqliteBackend) -> None:
    with locked(sqlite):
        for read in READS.values():
            read(store)


@pytest.mark.parametrize("call", EVERYTHING)
def test_a_folder_that_is_a_file_is_unavailable_and_is_used_when_it_is_a_folder(sqlite: SqliteBackend, call: str) -> None:
    folder = sqlite.path.parent
    folder.write_text("not a folder")
    with closing(sqlite.open()) as store:
        with unavailable():
            EVERYTHING[call](store)
        folder.unlink()
        EVERYTHING[call](store)


@pytest.mark.parametrize("call", EVERYTHING)
def test_a_folder_that_was_replaced_by_a_file_is_unavailable_until_it_is_back(
    store: SqliteStore, sqlite: SqliteBackend, call: str
) -> None:
    folder = sqlite.path.parent
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    folder.write_text("not a folder")

    with unavailable():
        EVERYTHING[call](store)

    folder.unlink()
    elsewhere.rename(folder)
    EVERYTHING[call](store)
    assert found(store, target(1)).target == target(1)


def test_a_file_that_was_moved_away_is_not_written_to_and_not_made_again(store: SqliteStore, sqlite: SqliteBackend) -> None:
    elsewhere = sqlite.path.parent.with_name("elsewhere")
    sqlite.path.parent.rename(elsewhere)

    for call in EVERYTHING.values():
        with unavailable():
            call(store)
    sqlite.path.parent.mkdir()
    for call in EVERYTHING.values():
        with unavailable():
            call(store)

    assert list(sqlite.path.parent.iterdir()) == []
    sqlite.path.parent.rmdir()
    elsewhere.rename(sqlite.path.parent)
    assert found(store, target(1)).state is State.PENDING
    accept(store, 3)


def test_a_file_that_was_replaced_by_another_store_is_noticed(store: SqliteStore, sqlite: SqliteBackend) -> None:
    other = SqliteBackend(sqlite.path.parent.with_name("other") / "inventory.sqlite3")
    with closing(other.open()) as second:
        accept(second, 7)
    shutil.rmtree(sqlite.path.parent)
    other.path.parent.rename(sqlite.path.parent)

    assert found(store, target(7)).target == target(7)
    assert store.records.find(target(1).id) is None
    accept(store, 8)
    with closing(sqlite.open()) as fresh:
        assert found(fresh, target(8)).target == target(8)


@pytest.mark.parametrize("call", EVERYTHING)
def test_a_file_that_is_no_database_is_unavailable_until_it_is_restored(
    store: SqliteStore, sqlite: SqliteBackend, call: str
) -> None:
    store.close()
    sound = sqlite.path.read_bytes()
    sqlite.path.write_bytes(b"not a database " * 100)

    with unavailable():
        EVERYTHING[call](store)

    sqlite.path.write_bytes(sound)
    EVERYTHING[call](store)


def test_pages_that_are_damaged_are_unavailable_until_they_are_restored(store: SqliteStore, sqlite: SqliteBackend) -> None:
    store.close()
    sound = sqlite.path.read_bytes()
    sqlite.path.write_bytes(sound[:8192] + b"\xff" * (len(sound) - 8192))

    with unavailable():
        store.records.listing(RecordFilter(), limit=9, after=None)

    sqlite.path.write_bytes(sound)
    assert len(store.records.listing(RecordFilter(), limit=9, after=None)) == 2


def test_a_full_disk_is_unavailable_for_writing_and_is_used_again_when_there_is_room(sqlite: SqliteBackend) -> None:
    ((full, room),) = programs_at_once(sqlite.url, [["fill"]])

    assert full == "full"
    _, pages, _ = room.split()
    with closing(sqlite.open()) as store:
        for n in range(int(pages)):
            known = store.records.look_up(target(n).id)
            assert known is not None
            assert known.body == b"page %d " % n * 2000
        assert found(store, target(1000)).state is State.STORED


def test_a_mistake_in_a_statement_is_not_called_an_outage(sqlite: SqliteBackend) -> None:
    connections = Connections(sqlite.path)
    try:
        with pytest.raises(sqlite3.OperationalError):
            connections.rows("SELECT nothing FROM nowhere")
        with pytest.raises(sqlite3.ProgrammingError):
            connections.rows("SELECT ?", ())
        with pytest.raises(sqlite3.IntegrityError), connections.writing() as connection:
            connection.execute("INSERT INTO bodies (sha256, bytes) VALUES ('x', NULL)")
        assert connections.rows("SELECT count(*) FROM bodies") == [(0,)]
    finally:
        connections.close()


def test_nothing_that_was_acknowledged_is_lost_when_a_writing_program_is_killed(shared: Backend) -> None:
    with program(shared.url, "write") as writer:
        set_off(writer)
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().split() for _ in range(25)]
        writer.kill()
        acknowledged += [line.split() for line in writer.stdout.read().splitlines()]

    with closing(shared.open()) as store:
        for n, snapshot_id in acknowledged:
            known = store.records.look_up(target(int(n)).id)
            assert known is not None
            assert known.snapshot is not None
            assert known.snapshot.id == snapshot_id
            assert known.body == b"page %d " % int(n) * 2000
        accept(store, 10_000)


@pytest.fixture(params=["nobody listens", "nobody answers"])
def nowhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server that is not there, or that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "nobody answers":
            listener.listen(64)
        yield f"mongodb://127.0.0.1:{listener.getsockname()[1]}/inventory"


def test_a_server_that_is_away_is_unavailable_for_every_call_in_time(nowhere: str) -> None:
    def act(n: int) -> None:
        with unavailable():
            list(EVERYTHING.values())[n](store)

    with closing(MongoStore(nowhere)) as store:
        at_once(len(EVERYTHING), act)


def test_a_ping_of_a_server_that_is_away_takes_no_longer_than_it_may(nowhere: str) -> None:
    def seconds(ask: Callable[[], object]) -> float:
        start = monotonic()
        with pytest.raises(StorageUnavailable):
            ask()
        return monotonic() - start

    with closing(MongoStore(nowhere)) as store:
        assert min(seconds(lambda: store.ping(0.5)) for _ in range(3)) < WITH_CALLER.server, "the usual patience"


def test_a_password_is_not_in_the_message(nowhere: str) -> None:
    url = nowhere.replace("mongodb://", "mongodb://someone:secret@")
    with closing(MongoStore(url)) as store, pytest.raises(StorageUnavailable) as raised:
        store.ping(0.5)

    assert "secret" not in str(raised.value)
    assert "127.0.0.1" in str(raised.value)


def test_the_message_says_what_happened_and_nothing_of_the_client(nowhere: str) -> None:
    with closing(MongoStore(nowhere)) as store, pytest.raises(StorageUnavailable) as raised:
        store.ping(0.5)

    assert "ServerSelectionTimeoutError" in str(raised.value)
    assert not [word for word in ("configured timeouts", "Timeout:", "Topology") if word in str(raised.value)]


def test_a_log_without_its_file_is_never_given_up_for_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "inventory.sqlite3"
    log, aside = path.with_name(f"{path.name}-wal"), path.with_name("aside")
    script = (
        "import os, signal; from inventory.store.sqlite import SqliteStore; from tests.contract.actions import accept; "
        f"accept(SqliteStore({str(path)!r})); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script], timeout=60, check=False)
    path.rename(aside)
    assert log.exists()

    with pytest.raises(StorageUnavailable, match="but not its log"):
        SqliteStore(path).records.find(target().id)

    aside.rename(path)
    assert found(SqliteStore(path), target())
