"""The disk of the stack, its logs and its terminal is full: nothing dies, it says so, and goes on when there is room."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import requests

from tests.end_to_end.stack import wait_until
from tests.local_stack.stack import PROGRAMS, Up, ended
from tests.upstreams import Upstream

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")

ON_A_SMALL_DISK = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@"']


@pytest.fixture
def stack() -> Iterator[Up]:
    folder = Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp"))
    disk = folder / "disk"
    disk.mkdir()
    disk_stack = Up(
        folder,
        prefix=[*ON_A_SMALL_DISK, str(disk), "sh", "-c", 'exec "$@" >"$0"/terminal 2>&1', str(disk)],
        data_dir=disk / "data",
        allow_networks="127.0.0.1/32",
    )
    with ended(disk_stack) as stack:
        yield stack


def fill(file: Path) -> None:
    """Leave no byte free."""
    with file.open("ab", buffering=0) as filled:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    filled.write(b"x" * size)
            except OSError:
                continue


def test_everything_outlives_a_full_disk_says_so_and_goes_on_when_there_is_room(stack: Up) -> None:
    with Upstream() as upstream:
        stack.wait_until_ready()
        # Where the stack has its disk, which nobody else sees.
        disk = Path(f"/proc/{stack.process.pid}/root{stack.folder}/disk")
        stack.data = disk / "data"
        known, owed = upstream.url("/page/known"), [upstream.url(f"/page/{n}") for n in range(9)]
        assert requests.post(stack.url, json={"url": known}, timeout=60).status_code == 201
        assert {look_up(stack, url).status_code for url in owed} == {202}
        started = {name: stack.started(name) for name in PROGRAMS}

        wait_until_full(stack, disk, upstream)
        assert_nothing_is_accepted(stack, known, upstream.url("/page/refused"))
        os.kill(started["scheduler"][-1], signal.SIGKILL)  # what is started on a full disk stays, too
        wait_until(lambda: _pids(stack, "workers schedule") not in ([], [started["scheduler"][-1]]), "a new scheduler", 60)

        (disk / "ballast").unlink()
        stack.wait_until_ready()
        for url in [*owed, upstream.url("/page/later")]:
            wait_until(lambda: look_up(stack, url).status_code == 200, f"{url} is collected", 60)  # noqa: B023
        assert requests.delete(stack.url, params={"url": known}, timeout=60).status_code == 204
        assert stack.process.poll() is None
        for name in set(PROGRAMS) - {"scheduler"}:
            assert stack.started(name) == started[name]
        assert [path.name for path in (stack.data / "files").rglob("*") if path.is_file()] == []
        assert stack.end(signal.SIGTERM, within=60) == 0


def look_up(stack: Up, url: str) -> requests.Response:
    return requests.get(stack.url, params={"url": url}, timeout=60)


def wait_until_full(stack: Up, disk: Path, upstream: Upstream) -> None:
    """Fill the disk until nothing is accepted any more, and until /readyz says so."""
    numbers = count()

    def is_full() -> bool:
        fill(disk / "ballast")
        return look_up(stack, upstream.url(f"/page/new/{next(numbers)}")).status_code == 503

    def says_so() -> bool:
        fill(disk / "ballast")
        ready = requests.get(f"http://127.0.0.1:{stack.port}/readyz", timeout=60)
        text = str(ready.json()["checks"]["store"])
        return ready.status_code == 200 and text == "answers, but nothing can be accepted: no room on its disk"

    wait_until(is_full, "nothing can be accepted", 60)
    wait_until(says_so, "readyz says so")


def assert_nothing_is_accepted(stack: Up, known: str, new: str) -> None:
    """Whatever would have to be kept is refused and told why; what is known is answered."""
    refused = look_up(stack, new)
    assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
    assert "no room on its disk" in refused.json()["detail"]
    deleted = requests.delete(stack.url, params={"url": known}, timeout=60)
    assert (deleted.status_code, "no room on its disk" in deleted.text) == (503, True)
    sent = {"file": ("urls.csv", b"url\n" + b"http://example.test/%d\n" * 200_000)}
    upload = requests.post(f"http://127.0.0.1:{stack.port}/api/v1/imports?kind=urls", files=sent, timeout=30)
    assert (upload.status_code, "no room" in upload.text) == (503, True), upload.text
    assert {look_up(stack, known).status_code for _ in range(100)} == {200}


def _pids(stack: Up, command: str) -> list[int]:
    """The children of the supervisor that run a command."""
    children = Path(f"/proc/{stack.process.pid}/task/{stack.process.pid}/children").read_text().split()
    return [int(pid) for pid in children if command in _command(pid)]


def _command(pid: str) -> str:
    """What a process runs; nothing if it has ended since it was listed."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
