"""A store that waiting cannot mend is named in one line; and one that loses a file while it is used loses nothing else."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from inventory import wiring
from inventory.config import Settings
from inventory.errors import StartError, StorageFull, StorageUnavailable, UnusableStore
from inventory.store import Store, waiting
from inventory.store.sqlite.connections import Connections
from inventory.store.sqlite.opening import connect
from tests.contract.actions import accept, collect, found, target
from tests.contract.backends import SqliteBackend
from tests.contract.meeting import program, set_off


def sound(path: Path) -> None:
    with closing(SqliteBackend(path).open()) as store:
        for n in range(9):
            collect(store, target(n))


def written(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def truncated(path: Path) -> None:
    sound(path)
    os.truncate(path, path.stat().st_size // 2)


def without_log(path: Path) -> None:
    sound(path)
    path.with_name(f"{path.name}-shm").write_bytes(b"")


def only_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").write_bytes(b"")


GARBAGE: dict[str, Callable[[Path], object]] = {
    "random bytes": lambda path: path.write_bytes(os.urandom(20_000)),
    "a text": lambda path: path.write_text("a text"),
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "a link to itself": lambda path: path.symlink_to(path),
    "half a store": truncated,
    "a store of another program": lambda path: written(path, "CREATE TABLE users (id)"),
    "one with our name for a table": lambda path: written(
        path, "CREATE TABLE records (id, name)", "PRAGMA user_version = 5"
    ),
    "a newer one": lambda path: (sound(path), written(path, "PRAGMA user_version = 99")),
    "one of no version": lambda path: (sound(path), written(path, "PRAGMA user_version = -3")),
    "one that says an older version": lambda path: (sound(path), written(path, "PRAGMA user_version = 2")),
    "one without a table": lambda path: (sound(path), written(path, "DROP TABLE bodies")),
    "one without a column": lambda path: (sound(path), written(path, "DROP TABLE jobs", "CREATE TABLE jobs (id)")),
    "a folder for its log": lambda path: (sound(path), path.with_name(f"{path.name}-wal").mkdir()),
    "a folder for its index": lambda path: (sound(path), path.with_name(f"{path.name}-shm").mkdir()),
    "an index without its log": without_log,
    "a log without its store": only_log,
}


@pytest.mark.parametrize("make", GARBAGE.values(), ids=GARBAGE)
def test_a_start_on_garbage_ends_at_once_with_one_line_that_names_the_file(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "inventory.sqlite3"
    make(path)

    with pytest.raises(StartError) as refused:
        waiting.is_prepared(wiring.open_store(Settings(store_url=f"sqlite:///{path}")))

    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


FILES = ("-wal", "-shm")


def take_away(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    path.rename(path.with_name("aside"))
    path.write_bytes(b"")


@pytest.mark.parametrize("lose", [take_away, replace])
@pytest.mark.parametrize("name", FILES)
def test_when_the_log_is_lost_in_use_every_write_is_refused_and_nothing_accepted_is_lost(
    sqlite: SqliteBackend, name: str, lose: Callable[[Path], None]
) -> None:
    with closing(sqlite.open()) as first, closing(sqlite.open()) as second:
        accept(first, 1)
        accept(second, 2)
        lose(sqlite.path.with_name(f"{sqlite.path.name}{name}"))

        for store in (first, second):
            with pytest.raises(UnusableStore, match=f"{sqlite.path}-wal or its index"):
                accept(store, 3)
        for n, store in ((4, first), (5, second)):
            accept(store, n)

    with closing(sqlite.open()) as fresh:
        assert [n for n in range(9) if fresh.records.find(target(n).id)] == [1, 2, 4, 5]
    with closing(sqlite3.connect(sqlite.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_lost_log_is_refused_by_every_program_until_the_last_one_has_closed_it(sqlite: SqliteBackend) -> None:
    with closing(sqlite.open()) as first, closing(sqlite.open()) as second:
        accept(first, 1)
        accept(second, 2)
        take_away(sqlite.path.with_name(f"{sqlite.path.name}-wal"))

        for _ in range(3):
            with pytest.raises(UnusableStore):
                accept(first, 3)
        with closing(sqlite.open()) as new, pytest.raises(UnusableStore, match="its index -shm is there"):
            accept(new, 3)
        second.close()

        accept(first, 3)
        assert found(first, target(2)).target == target(2)


def test_a_deleted_log_and_index_are_saved_by_the_last_program_that_closes_them(sqlite: SqliteBackend) -> None:
    with closing(sqlite.open()) as first:
        accept(first, 1)
        with program(sqlite.url, "owned") as second:
            set_off(second)
            assert second.stdout is not None
            assert second.stdout.readline() == "accepted\n"
            for name in FILES:
                take_away(sqlite.path.with_name(f"{sqlite.path.name}{name}"))

            for _ in range(3):
                with pytest.raises(UnusableStore):
                    accept(first, 3)
            with (
                closing(sqlite.open()) as new,
                pytest.raises(UnusableStore, match="were deleted while the store was in use"),
            ):
                accept(new, 3)
            second.communicate("\n", timeout=100)

        accept(first, 3)
        assert [n for n in range(9) if first.records.find(target(n).id)] == [1, 2, 3]


def test_trying_to_write_leaves_no_trace(store: Store) -> None:
    store.prepare()
    record = accept(store)

    for _ in range(3):
        store.try_writing(1)

    assert found(store, target()) == record
    assert len(store.records.due(now=record.accepted_at, max_attempts=9, limit=9)) <= 1


def test_trying_to_write_does_not_wait_for_others_that_write(sqlite: SqliteBackend) -> None:
    with closing(sqlite.open()) as store:
        accept(store)
        with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            store.try_writing(0.1)


def test_a_store_without_room_answers_and_says_that_it_keeps_nothing(sqlite: SqliteBackend) -> None:
    """`max_page_count` stands for the disk."""
    connections = Connections(sqlite.path)
    try:
        connections.rows("SELECT 1")
        connections.rows(f"PRAGMA max_page_count = {connections.rows('PRAGMA page_count')[0][0]}")
        with pytest.raises(StorageFull) as full, connections.writing() as connection:
            connection.execute("INSERT INTO bodies (sha256, bytes) VALUES ('x', zeroblob(10000000))")

        assert full.value.reason == "no room on its disk"
        assert str(sqlite.path) not in str(full.value)
        assert connections.rows("SELECT count(*) FROM bodies") == [(0,)]
    finally:
        connections.close()


def test_a_program_that_may_write_nothing_any_more_reads_on(sqlite: SqliteBackend) -> None:
    with program(sqlite.url, "without_room") as running:
        out, _ = running.communicate("\n", timeout=100)

    assert out.split() == ["refused", "refused", "known", "room"]


def test_a_store_that_is_first_opened_without_room_says_that_there_is_none(sqlite: SqliteBackend) -> None:
    with program(sqlite.url, "opened_without_room") as running:
        out, _ = running.communicate("\n", timeout=100)

    assert out.split() == ["refused", "refused", "refused", "room"]


def test_an_unusable_store_is_an_unavailable_one() -> None:
    assert issubclass(UnusableStore, StorageUnavailable)
    assert issubclass(StorageFull, StorageUnavailable)


def test_a_connection_that_could_not_be_opened_needs_no_closing(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        connect(str(tmp_path / "none" / "inventory.sqlite3"), make=False, timeout=0)
