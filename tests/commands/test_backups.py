"""`inventory backup` and `inventory restore`, on real stores and files."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from zstandard import ZstdCompressor, ZstdDecompressor

from inventory.backups.model import head_of
from inventory.clock import utc_now
from inventory.errors import InvalidRequest
from inventory.local_stack import folder_lock
from inventory.store.sqlite import SqliteStore
from inventory.store.sqlite.migrations import MIGRATIONS
from tests.commands.conftest import run
from tests.end_to_end.stack import ROOT, wait_until
from tests.old_stores import VERSION, page_target, write_old_store

UPLOAD = "uploads/" + "a" * 32
COUNT = 30


@pytest.fixture
def data(tmp_path: Path, environment: dict[str, str]) -> Path:
    """The data folder of an installation with an older store and an upload."""
    folder = tmp_path / "data"
    environment["INVENTORY_DATA_DIR"] = str(folder)
    write_old_store(folder / "inventory.sqlite3", COUNT)
    (folder / "files" / UPLOAD).parent.mkdir(parents=True)
    (folder / "files" / UPLOAD).write_bytes(b"url\nhttp://a.test/\n")
    return folder


@pytest.fixture
def file(data: Path, environment: dict[str, str], tmp_path: Path) -> Path:
    """A backup of it."""
    path = tmp_path / "a.backup"
    told(environment, "backup", str(path))
    return path


def told(environment: Mapping[str, str], *words: str) -> dict[str, Any]:
    done = run(dict(environment), *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def refused(done: Result, words: str) -> None:
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert words in done.stderr


def records(folder: Path) -> int:
    """How many records a store has, which is not migrated."""
    with closing(sqlite3.connect(folder / "inventory.sqlite3")) as store:
        return int(store.execute("SELECT count(*) FROM records").fetchone()[0])


def add_record(folder: Path) -> None:
    with closing(SqliteStore(folder / "inventory.sqlite3")) as store:
        store.records.accept_all([(page_target(10**6), None)], now=utc_now())


def version(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "inventory.sqlite3")) as store:
        return int(store.execute("PRAGMA user_version").fetchone()[0])


def test_a_backup_is_restored_with_its_files_and_is_brought_forward_when_it_is_opened(
    environment: dict[str, str], data: Path, file: Path, tmp_path: Path
) -> None:
    restored = told(environment, "restore", str(file), "--data-dir", str(tmp_path / "other"))

    assert (restored["schema"], restored["uploads"], restored["set_aside"]) == (VERSION, 1, None)
    assert version(tmp_path / "other") == VERSION
    assert (tmp_path / "other" / "files" / UPLOAD).read_bytes() == (data / "files" / UPLOAD).read_bytes()
    with closing(SqliteStore(tmp_path / "other" / "inventory.sqlite3")) as store:
        assert store.records.find(page_target(COUNT - 1).id) is not None
    assert version(tmp_path / "other") == len(MIGRATIONS)


def test_a_backup_changes_nothing_and_leaves_only_its_file(data: Path, file: Path, tmp_path: Path) -> None:
    assert version(data) == VERSION, "a backup before an upgrade is of the store of before"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.backup", "data"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_backup_does_not_replace_a_file_unless_it_is_told_to(environment: dict[str, str], file: Path) -> None:
    before = file.read_bytes()

    refused(run(environment, "backup", str(file)), "is there already")
    assert file.read_bytes() == before
    told(environment, "backup", str(file), "--force")

    assert file.read_bytes() != before


@pytest.mark.parametrize("where", ["/nonexistent/a.backup", "/proc/a.backup"])
def test_a_place_that_cannot_be_written_is_one_line(environment: dict[str, str], data: Path, where: str) -> None:
    done = run(environment, "backup", where)

    assert (done.exit_code, done.stdout) == (1, "")
    assert f"The backup {where} cannot be written" in done.stderr


def test_there_is_no_backup_of_what_is_not_there(environment: dict[str, str], tmp_path: Path) -> None:
    refused(run(environment, "backup", str(tmp_path / "a.backup")), "There is no store")
    assert list(tmp_path.iterdir()) == []


def test_there_is_no_backup_of_a_damaged_store(environment: dict[str, str], data: Path, tmp_path: Path) -> None:
    store = data / "inventory.sqlite3"
    content = bytearray(store.read_bytes())
    content[20_000:30_000] = os.urandom(10_000)
    store.write_bytes(content)

    done = run(environment, "backup", str(tmp_path / "a.backup"))

    assert done.exit_code in (1, 2)
    assert "inventory: " in done.stderr
    assert not (tmp_path / "a.backup").exists()


def test_data_is_not_replaced_unless_it_is_told_to_and_then_set_aside(
    environment: dict[str, str], data: Path, file: Path
) -> None:
    add_record(data)
    (data / "files" / "uploads" / ("b" * 32)).write_bytes(b"later")

    refused(run(environment, "restore", str(file)), "has data")
    assert records(data) == COUNT + 1
    aside = Path(told(environment, "restore", str(file), "--force")["set_aside"])

    assert (records(data), records(aside)) == (COUNT, COUNT + 1)
    assert (aside / "files" / "uploads" / ("b" * 32)).read_bytes() == b"later"
    assert (aside / "files" / UPLOAD).exists()


def test_a_store_without_data_is_replaced(environment: dict[str, str], data: Path, file: Path, tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "fresh" / "inventory.sqlite3")) as store:
        store.prepare()

    told(environment, "restore", str(file), "--data-dir", str(tmp_path / "fresh"))

    assert records(tmp_path / "fresh") == COUNT


def test_a_damaged_store_is_replaced_when_that_is_told(environment: dict[str, str], data: Path, file: Path) -> None:
    (data / "inventory.sqlite3").write_bytes(b"no database at all" * 1_000)

    refused(run(environment, "restore", str(file)), "has data")
    aside = Path(told(environment, "restore", str(file), "--force")["set_aside"])

    assert records(data) == COUNT
    assert (aside / "inventory.sqlite3").read_bytes().startswith(b"no database")


def test_nothing_is_restored_under_a_running_stack(environment: dict[str, str], data: Path, file: Path) -> None:
    lock = folder_lock.take(data)
    try:
        refused(run(environment, "restore", str(file), "--force"), "is in use by another `inventory up`")
    finally:
        os.close(lock)


def test_nothing_is_restored_under_a_program_that_has_the_store_open(
    environment: dict[str, str], data: Path, file: Path
) -> None:
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA journal_mode = WAL');"
        "c.execute('SELECT count(*) FROM records').fetchall(); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(data / "inventory.sqlite3")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        refused(run(environment, "restore", str(file), "--force"), "open. Stop all programs")
        process.communicate()
    assert list(data.glob("replaced-*")) == []


def test_a_backup_of_a_newer_schema_is_refused(environment: dict[str, str], data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / "inventory.sqlite3")) as store:
        store.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    told(environment, "backup", str(tmp_path / "new.backup"))

    done = run(environment, "restore", str(tmp_path / "new.backup"), "--data-dir", str(tmp_path / "other"))

    refused(done, f"its schema is version {len(MIGRATIONS) + 1}, and this one knows {len(MIGRATIONS)}")
    assert not (tmp_path / "other" / "inventory.sqlite3").exists()


@pytest.mark.parametrize("kept", [0, 3, 50, 0.2, 0.5, 0.9, -5])
def test_a_backup_that_is_cut_off_is_refused(
    environment: dict[str, str], data: Path, file: Path, tmp_path: Path, kept: float
) -> None:
    content = file.read_bytes()
    size = int(kept * len(content)) if 0 < kept < 1 else int(kept)
    (tmp_path / "cut.backup").write_bytes(content[:size])

    done = run(environment, "restore", str(tmp_path / "cut.backup"), "--data-dir", str(tmp_path / "other"))

    assert (done.exit_code, done.stdout) == (2, ""), "the manifest comes last"
    assert not (tmp_path / "other" / "inventory.sqlite3").exists()


@pytest.mark.parametrize("position", [0.01, 0.3, 0.7, 0.99])
def test_a_backup_with_a_flipped_bit_is_refused(
    environment: dict[str, str], data: Path, file: Path, tmp_path: Path, position: float
) -> None:
    content = bytearray(file.read_bytes())
    content[int(position * len(content))] ^= 0x10
    file.write_bytes(content)

    done = run(environment, "restore", str(file), "--force")

    assert (done.exit_code, done.stdout) == (2, "")
    assert (records(data), list(data.glob("replaced-*"))) == (COUNT, [])


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"http://a.test/", b"http://b.test/", "is not what the manifest says"),
        (b"files/uploads/aaaa", b"files/../../../aaa", "it has an entry"),
        (b"manifest.json", b"manifest.jsom", "it has an entry"),
        (b'"format": 1', b'"format": 9', "is of format 9"),
        (b'"format": 1', b'"format":""', "does not say its format"),
    ],
)
def test_a_backup_that_was_changed_is_refused(
    environment: dict[str, str], data: Path, file: Path, old: bytes, new: bytes, why: str
) -> None:
    content = ZstdDecompressor().decompressobj().decompress(file.read_bytes())
    start = content.index(old)
    header = bytearray(content.replace(old, new, 1))
    block = start // 512 * 512
    if header[block + 257 : block + 262] == b"ustar":  # the name in a header, whose sum is to be right
        header[block + 148 : block + 156] = b" " * 8
        header[block + 148 : block + 156] = b"%06o\0 " % sum(header[block : block + 512])
    file.write_bytes(ZstdCompressor().compress(bytes(header)))

    refused(run(environment, "restore", str(file), "--force"), why)

    assert (records(data), list(data.glob("replaced-*"))) == (COUNT, [])
    assert not list(data.parent.parent.glob("aaa*"))


@pytest.mark.parametrize("schema", [None, "9", [1], True, 1.0])
def test_a_head_of_other_types_is_none(schema: object) -> None:
    head = {"format": 1, "program": "1", "schema": 9, "made_at": "", "files_url": None}
    assert head_of(head)

    with pytest.raises(InvalidRequest, match="does not say its schema"):
        head_of(head | {"schema": schema})


def test_a_head_that_is_nested_too_deep_is_none(environment: dict[str, str], data: Path, tmp_path: Path) -> None:
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        entry = tarfile.TarInfo("inventory-backup.json")
        entry.size = 100_000
        tar.addfile(entry, BytesIO(b"[" * entry.size))
    deep = tmp_path / "deep"
    deep.write_bytes(ZstdCompressor().compress(content.getvalue()))

    refused(run(environment, "restore", str(deep), "--force"), "its inventory-backup.json cannot be read")


def test_what_is_not_a_backup_is_refused(environment: dict[str, str], data: Path) -> None:
    refused(run(environment, "restore", str(data / "inventory.sqlite3"), "--force"), "is not a backup of `inventory backup`")


def test_a_pipe_is_not_waited_for(environment: dict[str, str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    done = run(environment, "restore", str(tmp_path / "pipe"))

    assert done.exit_code == 1
    assert f"inventory: The backup {tmp_path}/pipe cannot be restored: it is not a regular file" in done.stderr


def test_a_restore_that_is_killed_leaves_the_old_store_or_the_new_one(
    environment: dict[str, str], data: Path, file: Path
) -> None:
    command = [sys.executable, "-c", "from inventory.commands.main import main; main()", "restore", str(file), "--force"]
    for pause in (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1):
        if records(data) == COUNT:  # the one before had ended
            add_record(data)
        before = records(data)
        with subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stderr=subprocess.DEVNULL) as process:
            wait_until(lambda: list(data.glob(".restoring-*")) or process.poll() is not None, "it is at it")
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
        assert records(data) in (before, COUNT)
        with closing(sqlite3.connect(data / "inventory.sqlite3")) as store:
            assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    told(environment, "restore", str(file), "--force")

    assert records(data) == COUNT
    assert list(data.rglob(".restoring-*")) == [], "what the killed ones left is gone"


def test_a_mongodb_is_backed_up_by_its_own_tools_which_the_command_names(
    environment: dict[str, str], tmp_path: Path
) -> None:
    url = "mongodb://inv:s3cret@one,two:27018/inventory?replicaSet=rs0"

    done = run(environment | {"INVENTORY_STORE_URL": url}, "backup", str(tmp_path / "a b.gz"))

    assert done.exit_code == 2, "no file was written, so what comes next in a script must not run"
    uri = "--uri='mongodb://inv:***@one,two:27018/?replicaSet=rs0&authSource=inventory'"
    archive = f"--gzip --archive='{tmp_path}/a b.gz'"
    assert done.stdout.splitlines() == [
        f"mongodump {uri} --oplog {archive}",
        f"mongorestore {uri} --oplogReplay --drop {archive}",
    ]
    assert "s3cret" not in done.output
    assert not (tmp_path / "a b.gz").exists()
