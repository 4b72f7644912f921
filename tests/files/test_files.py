"""Files, in a folder and on an S3 server: whole or not at all, in bounded memory, errors in our words."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from inventory.errors import NotFound, StorageUnavailable
from inventory.files import CHUNK_BYTES, Files, sync
from tests.files.conftest import BUCKET

ROOT = Path(__file__).parents[2]
MEGABYTE = 1024 * 1024


@pytest.fixture(params=["folder", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return f"file://{tmp_path}/not%20yet/files"
    request.getfixturevalue("bucket")
    return f"s3://{BUCKET}/some/prefix"


@pytest.fixture
def files(url: str) -> Files:
    return Files(url)


def unfinished_uploads(bucket: str) -> int:
    return requests.get(f"{bucket}?uploads", timeout=60).text.count("<UploadId>")


class GivenUp(Exception):
    """The writer's own."""


def write_and_give_up(files: Files, name: str, size: int, bucket: str | None = None) -> None:
    """Write and raise `GivenUp`; with a bucket, an upload to it has begun by then."""
    with files.writer(name) as writer:
        for start in range(0, size, CHUNK_BYTES):
            writer.write(bytes(min(CHUNK_BYTES, size - start)))
        assert bucket is None or unfinished_uploads(bucket) == 1
        raise GivenUp


def run(script: str, *arguments: str, time_limit: float = 250) -> str:
    """What a Python program of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=time_limit, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1])
def test_what_is_written_piece_by_piece_is_read_back(files: Files, size: int) -> None:
    content = os.urandom(size)

    with files.writer("uploads/one") as writer:
        for start in range(0, size, 700_001):
            piece = content[start : start + 700_001]
            assert writer.write(piece) == len(piece)

    assert files.get("uploads/one") == content
    with files.open("uploads/one") as file:
        assert b"".join(iter(lambda: file.read(65_537), b"")) == content


def test_a_file_can_be_replaced(files: Files) -> None:
    files.put("parts/a/000001", b"before")
    files.put("parts/a/000001", b"after")

    assert files.get("parts/a/000001") == b"after"


@pytest.mark.parametrize("size", [3, 3 * CHUNK_BYTES])
def test_nothing_is_kept_of_what_ends_with_an_exception(files: Files, size: int, request: pytest.FixtureRequest) -> None:
    with pytest.raises(GivenUp):
        write_and_give_up(files, "uploads/one", size)

    assert files.names("uploads", limit=10) == []
    with pytest.raises(NotFound):
        files.get("uploads/one")
    if "bucket" in request.fixturenames:
        assert unfinished_uploads(request.getfixturevalue("bucket")) == 0


def test_an_aborted_multipart_upload_leaves_nothing_in_the_bucket(bucket: str) -> None:
    files = Files(f"s3://{BUCKET}")

    with pytest.raises(GivenUp):
        write_and_give_up(files, "uploads/one", 4 * CHUNK_BYTES, bucket)

    assert unfinished_uploads(bucket) == 0
    assert "<Contents>" not in requests.get(bucket, timeout=60).text


def test_the_file_that_was_there_survives_a_failed_replacement(files: Files) -> None:
    files.put("uploads/one", b"before")

    with pytest.raises(GivenUp):
        write_and_give_up(files, "uploads/one", 2 * CHUNK_BYTES)

    assert files.get("uploads/one") == b"before"


def test_a_file_is_listed_only_when_it_is_whole(files: Files) -> None:
    with files.writer("uploads/one") as writer:
        writer.write(bytes(3 * CHUNK_BYTES))
        assert files.names("uploads", limit=10) == []

    assert files.names("uploads", limit=10) == ["uploads/one"]


@pytest.mark.parametrize("ask", [lambda files: files.get("uploads/none"), lambda files: files.open("uploads/none")])
def test_a_file_that_is_not_there_is_named(files: Files, ask) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotFound, match="uploads/none"):
        ask(files)


def test_deleting_is_done_also_where_some_are_gone_already(files: Files) -> None:
    for number in range(3):
        files.put(f"parts/a/{number:06d}", b"x")

    files.delete(["parts/a/none", "parts/a/000000", "parts/a/000002"])
    files.delete([])

    assert files.names("parts", limit=10) == ["parts/a/000001"]


def test_names_come_in_order_page_by_page(files: Files) -> None:
    names = [f"parts/{job}/{number:06d}" for job in ("a", "b") for number in range(3)]
    for name in reversed(names):
        files.put(name, b"x")
    files.put("partsandmore/c", b"x")

    first = files.names("parts", limit=4)

    assert first == names[:4]
    assert files.names("parts", after=first[-1], limit=4) == names[4:]
    assert files.names("parts/b", limit=9) == names[3:]
    assert files.names("parts/none", limit=9) == []


def test_names_can_be_limited_to_what_was_written_before_an_instant(files: Files) -> None:
    files.put("uploads/one", b"x")
    now = datetime.now(UTC)

    assert files.names("uploads", limit=9, before=now - timedelta(minutes=1)) == []
    assert files.names("uploads", limit=9, before=now + timedelta(minutes=1)) == ["uploads/one"]


def test_many_threads_may_write_and_read_at_once(files: Files) -> None:
    def write_and_read(number: int) -> bool:
        content = bytes([number]) * 300_000
        with files.writer(f"uploads/{number}") as writer:
            writer.write(content)
        files.put(f"parts/{number}", content)
        return files.get(f"uploads/{number}") == files.get(f"parts/{number}") == content

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write_and_read, range(24)))


def test_before_a_file_counts_as_written_its_bytes_and_every_folder_above_it_are_on_the_disk(tmp_path: Path) -> None:
    synced: list[Path] = []

    def watched(path: Path) -> None:
        synced.append(path)
        sync(path)

    files = Files(f"file://{tmp_path}/files", sync=watched)
    kept = [tmp_path / "files/parts/a/000001", tmp_path / "files/parts/a", tmp_path / "files/parts", tmp_path / "files"]

    files.put("parts/a/000001", b"x")
    assert synced == [*kept, tmp_path]

    synced.clear()
    with files.writer("parts/a/000001") as writer:
        writer.write(b"y")
        assert synced == []
    assert synced == [*kept, tmp_path]


def test_a_file_that_the_disk_did_not_take_is_not_kept(tmp_path: Path) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    files = Files(f"file://{tmp_path}/files", sync=full)

    with pytest.raises(StorageUnavailable, match="No space left"), files.writer("uploads/one") as writer:
        writer.write(b"x")

    assert files.names("uploads", limit=9) == []


def test_a_folder_that_cannot_be_made_is_an_error_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    files = Files(f"file://{tmp_path}/file/files")

    with pytest.raises(StorageUnavailable):
        files.put("uploads/one", b"x")


def test_a_bucket_that_is_not_there_is_no_missing_file(bucket: str) -> None:
    files = Files("s3://some-other-bucket")

    with pytest.raises(StorageUnavailable):
        files.get("uploads/one")
    with pytest.raises(StorageUnavailable), files.writer("uploads/one") as writer:
        writer.write(b"x")


def test_the_secret_of_a_bucket_may_be_given_by_a_setting(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    files = Files(f"s3://{BUCKET}", secret="secret")
    with files.writer("a") as writer:
        writer.write(b"kept")

    with files.open("a") as reader:
        assert reader.read() == b"kept"


def test_a_server_that_is_away_is_an_error_within_bounded_time(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # the port of "discard", where nothing listens
    files = Files(f"s3://{BUCKET}")
    began = time.monotonic()

    for ask in (
        lambda: files.get("a"),
        lambda: files.put("a", b"x"),
        lambda: files.names("a", limit=1),
        lambda: files.open("a"),
    ):
        with pytest.raises(StorageUnavailable, match="does not answer"):
            ask()
    with pytest.raises(StorageUnavailable, match="does not answer"):
        write_and_give_up(files, "a", 4 * CHUNK_BYTES)

    assert time.monotonic() - began < 60


WRITE_AND_WAIT = """
import sys
from inventory.files import CHUNK_BYTES, Files
with Files(sys.argv[1]).writer("uploads/one") as writer:
    writer.write(bytes(4 * CHUNK_BYTES))
    print("written", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_program_was_writing_is_no_file_and_is_gone_after_a_day(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    program = subprocess.Popen(
        [sys.executable, "-c", WRITE_AND_WAIT, f"file://{folder}"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with program:
        assert program.stdout is not None
        assert program.stdout.readline()
        program.kill()

    files = Files(f"file://{folder}")
    assert files.names("uploads", limit=9) == []
    (remnant,) = (folder / "uploads").iterdir()
    long_ago = time.time() - 25 * 3600
    os.utime(remnant, (long_ago, long_ago))
    files.put("uploads/another", b"x")
    assert remnant.exists()

    assert Files(f"file://{folder}").names("uploads", limit=9) == ["uploads/another"]
    assert not remnant.exists()


FORK = """
import os, sys
from inventory.files import Files
files = Files(sys.argv[1])
if sys.argv[2] == "used":
    files.put("parts/one", b"x")
child = os.fork()
if child == 0:
    try:
        files.put("parts/two", b"y")
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(files.names("parts", limit=9))
"""


def test_a_child_may_use_files_that_its_parent_has_not_used(url: str) -> None:
    assert "parts/two" in run(FORK, url, "unused")


def test_after_a_fork_of_a_parent_that_used_files_a_child_gets_an_error_instead_of_waiting_for_ever(url: str) -> None:
    printed = run(FORK, url, "used")

    assert "forked" in printed
    assert "parts/two" not in printed


PEAK = """
import resource, sys
from inventory.files import Files
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
files, piece = Files(sys.argv[1]), bytes(64 * 1024)
def write(megabytes):
    with files.writer("uploads/one") as writer:
        for _ in range(megabytes * 16):
            writer.write(piece)
    with files.open("uploads/one") as file:
        while file.read(64 * 1024):
            pass
    return peak()
small = write(24)
print(write(136) - small)
"""


def test_memory_stays_the_same_however_big_a_file_is(url: str) -> None:
    assert int(run(PEAK, url)) < 24


def test_a_file_that_need_not_be_durable_is_not_flushed(tmp_path: Path) -> None:
    synced: list[Path] = []
    files = Files(f"file://{tmp_path}/files", sync=synced.append)

    files.put("parts/a/000001", b"x", durable=False)

    assert synced == []
    assert files.get("parts/a/000001") == b"x"
