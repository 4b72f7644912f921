"""A store of an older version is indexed in the background by a real scheduler, while everything goes on."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inventory.store.sqlite import SqliteStore
from tests.end_to_end.stack import ROOT, Stack, stack, wait_until
from tests.observations.algebra import has
from tests.old_stores import page_target, write_old_store
from tests.upstreams import Upstream

COUNT = 900
OLDER = ROOT / "tests" / "contract" / "older" / "sqlite.sql"


@pytest.fixture
def running() -> Iterator[Stack]:
    with stack() as running:
        yield running


def file_of(running: Stack) -> Path:
    return running.folder / "inventory.sqlite3"


def unindexed(running: Stack) -> int:
    answer = running.get("/readyz")
    assert answer is not None
    assert answer.json()["status"] == "ready"
    return int(answer.json()["indexing"]["unindexed"])


def found(running: Stack, field: str, value: str) -> int:
    with closing(SqliteStore(file_of(running))) as store:
        return len(store.observations.search(has(field, value), at=None, limit=10**6, after=None))


def lines(running: Stack, event: str) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in running.log("scheduler").splitlines() if line.startswith("{")]
    return [line for line in told if line["event"] == event]


def test_it_is_indexed_while_the_api_answers_and_workers_collect(running: Stack) -> None:
    write_old_store(file_of(running), COUNT)
    with Upstream() as upstream:
        running.start("redis", "api", "worker")
        assert unindexed(running) == COUNT

        running.start("scheduler")
        wait_until(lambda: unindexed(running) < COUNT, "it has begun")
        assert running.look_up(page_target(7).key).json()["status"] == "stored"
        assert running.look_up(upstream.url("/page/new")).status_code == 202
        running.wait_for(upstream.url("/page/new"), 200)
        assert unindexed(running) > 0, "all this was meanwhile"

        wait_until(lambda: unindexed(running) == 0, "all is indexed")

    assert found(running, "title", "page *") == COUNT
    assert found(running, "script.host", "cdn3.example") == len(range(3, COUNT, 7))
    last = wait_until(lambda: lines(running, "records_indexed"), "it says so")[-1]
    assert (last["count"], last["left"], last["set_aside"]) == (COUNT, 0, 0)
    assert last["rate"] > 0
    assert len(lines(running, "records_indexed")) <= 2, "not a line in each round"


def test_what_an_older_version_kept_is_indexed(running: Stack) -> None:
    with closing(sqlite3.connect(file_of(running))) as connection:
        connection.executescript(OLDER.read_text())
        stored = connection.execute("SELECT count(*) FROM records WHERE source = 'webpage' AND snapshots > 0").fetchone()[0]
    running.start("redis", "api", "scheduler")

    wait_until(lambda: unindexed(running) == 0, "all is indexed")

    assert found(running, "status", "200") == stored
    assert found(running, "failure", "dns_failure") == 1


def test_a_scheduler_that_is_killed_goes_on_where_it_was(running: Stack) -> None:
    write_old_store(file_of(running), COUNT)
    running.start("redis", "api", "scheduler")
    wait_until(lambda: unindexed(running) < COUNT, "it has begun")

    running.end("scheduler", signal.SIGKILL)
    left = unindexed(running)
    running.start("scheduler")

    assert left > 0
    wait_until(lambda: unindexed(running) == 0, "all is indexed")
    assert found(running, "title", "page *") == COUNT
    assert lines(running, "records_indexed")[-1]["count"] == left


def test_reindex_shares_the_work_with_a_scheduler_and_one_that_is_killed_is_gone_on_with(running: Stack) -> None:
    write_old_store(file_of(running), COUNT)
    running.start("redis", "api", "scheduler")
    command = [sys.executable, "-c", "from inventory.commands.main import main; main()", "reindex", "--json"]
    program = subprocess.Popen(command, cwd=ROOT, env=running.environment, stdout=subprocess.DEVNULL)
    wait_until(lambda: 0 < unindexed(running) < COUNT - 300, "they have begun")
    program.kill()
    program.wait(120)

    wait_until(lambda: unindexed(running) == 0, "the scheduler ends it")
    assert found(running, "title", "page *") == COUNT
    done = subprocess.run(command, cwd=ROOT, env=running.environment, capture_output=True, check=True, timeout=120)

    told = json.loads(done.stdout)
    assert (told["resumed"], told["total"], told["left"]) == (False, COUNT, 0)
    assert told["indexed"] <= COUNT
    assert found(running, "title", "page *") == COUNT
