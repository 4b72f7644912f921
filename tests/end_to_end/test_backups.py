"""A backup made and restored while real programs write: what was accepted before it began is in it, and is done."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests

from inventory.records.model import State, Target
from inventory.store.sqlite import SqliteStore
from tests.end_to_end.importing import Import
from tests.end_to_end.stack import API, PYTHON, ROOT, Stack, stack, wait_until
from tests.upstreams import Upstream

ROWS = 800
HELD = "/page/held", "/page/row/700"
PATIENT: dict[str, object] = {"fetch_deadline": 2, "max_attempts": 50, "retry_base": 0.1}
"""Leases end soon, and what is held back is tried again for as long as a backup takes."""
PROGRAM = "from inventory.commands.main import main; main()"


def inventory(running: Stack, *words: object) -> dict[str, Any]:
    """What the command answers, run as a program."""
    command = [PYTHON, "-c", PROGRAM, *map(str, words), "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=running.environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


class LookingUp:
    """Looks new URLs up, one after the other, in a thread; `accepted` are those that were answered by 202."""

    def __init__(self, running: Stack, upstream: Upstream, name: str) -> None:
        self._running, self._upstream, self._name = running, upstream, name
        self._stopping = Event()
        self._thread = Thread(target=self._run)
        self.accepted: list[str] = []

    def _run(self) -> None:
        number = 0
        with requests.Session() as session:
            while not self._stopping.is_set():
                url = self._upstream.url(f"/page/{self._name}/{number}")
                if session.get(self._running.url + API, params={"url": url}, timeout=30).status_code == 202:
                    self.accepted.append(url)
                number += 1

    def __enter__(self) -> LookingUp:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(120)


@contextmanager
def restored_stack(folder: Path) -> Iterator[Stack]:
    other = Stack(folder, **PATIENT)
    try:
        yield other
    finally:
        other.stop()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because socket paths are limited."""
    path = Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_what_was_accepted_before_a_backup_is_done_where_it_is_restored(upstream: Upstream, folder: Path) -> None:
    backup, data_dir = folder / "at-noon.backup", folder / "restored"
    rows = "".join(f"{upstream.url(f'/page/row/{number}')}\n" for number in range(ROWS)).encode()
    for path in HELD:  # so the job cannot have ended when the backup is made
        upstream.hold(path)
    with stack(**PATIENT) as running:
        running.start()
        held = upstream.url("/page/held")
        assert running.look_up(held).status_code == 202
        assert upstream.wait_for("/page/held"), "a worker is at it while the backup is made"
        job = Import(running, b"url\n" + rows)
        with LookingUp(running, upstream, "first") as first, LookingUp(running, upstream, "second") as second:
            job.wait_for(100)
            wait_until(lambda: min(len(first.accepted), len(second.accepted)) > 50, "lookups are accepted")
            before = [held, *first.accepted, *second.accepted]

            inventory(running, "backup", backup)
            restored = inventory(running, "restore", backup, "--data-dir", data_dir)

            after = len(first.accepted)
            wait_until(lambda: len(first.accepted) > after, "the old store is still written")
        assert restored["uploads"] >= 1, "the file of the job is in it"
        assert restored["set_aside"] is None

    for path in HELD:
        upstream.release(path)
    with closing(SqliteStore(data_dir / "inventory.sqlite3")) as store:
        states = Counter(store.records.find(Target("webpage", url, "").id).state for url in before)  # type: ignore[union-attr]
        assert states[State.PENDING] + states[State.RUNNING] > 0
        assert not store.jobs.find(job.id).status.finished  # type: ignore[union-attr]
    with restored_stack(data_dir) as other:
        other.start()
        for url in before:
            other.wait_for(url, 200)
        again = Import.known(other, job.id)
        assert again.wait_for_end()["status"] == "completed"
        recount = again.recount(range(2, ROWS + 2))
        assert (recount.twice, recount.missing, recount.outcomes) == ([], [], {"succeeded": ROWS})
        assert other.get("/readyz").json()["status"] == "ready"
