"""`inventory doctor`, on installations that have something wrong with them."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from redis import Redis

from inventory.clock import utc_now
from inventory.doctor.examining import examine
from inventory.doctor.model import Finding, Status, ok
from inventory.doctor.queue import QueueCheck
from inventory.errors import StartError
from inventory.local_stack import folder_lock
from inventory.local_stack.redis_server import find_server
from inventory.store.sqlite import SqliteStore
from inventory.store.sqlite.migrations import MIGRATIONS
from tests.commands.conftest import run
from tests.end_to_end.stack import free_port, wait_until
from tests.old_stores import VERSION, page_target, write_old_store
from tests.upstreams import Answer, Upstream


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """That of an installation which never ran."""
    return {
        "INVENTORY_DATA_DIR": str(tmp_path),
        "INVENTORY_PORT": str(free_port()),
        "INVENTORY_DASHBOARD_PORT": str(free_port()),
        "COLUMNS": "200",
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "inventory.sqlite3"


def examined(environment: dict[str, str], **more: str) -> dict[str, Any]:
    """What it says, by check, where that is not ok; and its exit code."""
    done = run(environment | more, "doctor", "--json")
    document = json.loads(done.stdout)
    assert done.exit_code == {"ok": 0, "warning": 1, "problem": 2}[document["status"]]
    found = {each["check"]: each for each in document["checks"] if each["status"] != "ok"}
    assert all(each["text"] for each in document["checks"])
    return {"exit": done.exit_code, "all": [each["check"] for each in document["checks"]], **found}


def accept(file: Path, *, ago: timedelta) -> None:
    with closing(SqliteStore(file)) as store:
        store.records.accept_all([(page_target(1), None)], now=utc_now() - ago)
    file.chmod(0o600)


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[str]:
    path = folder / "r.sock"
    command = [find_server(), "--port", "0", "--unixsocket", str(path), "--save", "", *options]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(path.exists, "Redis listens")
            yield f"unix://{path}"
        finally:
            process.terminate()


@contextmanager
def silent_server() -> Iterator[str]:
    """Where one can connect, and is never answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_nothing_is_wrong_with_a_new_installation(environment: dict[str, str], tmp_path: Path) -> None:
    before = list(tmp_path.iterdir())

    done = run(environment, "doctor")

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "All is well.")
    assert list(tmp_path.iterdir()) == before, "it makes nothing"


def test_nothing_is_wrong_with_one_that_was_used(environment: dict[str, str], file: Path) -> None:
    accept(file, ago=timedelta(0))

    found = examined(environment)

    assert found["exit"] == 0, found
    assert {"integrity", "schema", "clock", "owed", "index", "redis", "ports", "access"} <= set(found["all"])


@pytest.mark.parametrize(
    ("name", "meant"),
    [("INVENTORY_WORKRS", "INVENTORY_WORKERS"), ("INVENTORY_workers", "INVENTORY_WORKERS"),
     ("INVENTRY_FRESH_FOR", "INVENTORY_FRESH_FOR"), ("INVENTORY_DATADIR", "INVENTORY_DATA_DIR")],
)  # fmt: skip
def test_a_variable_that_is_ignored_is_named_with_the_one_that_was_meant(
    environment: dict[str, str], name: str, meant: str
) -> None:
    found = examined(environment, **{name: "3"})

    assert (found["exit"], found["settings"]["advice"]) == (1, f"Did you mean {meant}?")
    assert name in found["settings"]["text"]


def test_a_variable_that_is_like_no_setting_is_not_taken_for_one(environment: dict[str, str]) -> None:
    found = examined(environment, INVENTORY_TIMEOUT="3")

    assert found["settings"]["advice"] == "README.md lists all settings."


def test_variables_of_others_and_of_feeds_are_none_of_its_business(environment: dict[str, str], tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text("- {name: a, url: 'http://a.test/${INVENTORY_SHOP}', fields: {id: id, title: t, price: p}}\n")
    others = {"PYTHONPATH": "", "INVENTORY_TEST_MONGO_URI": "x", "DATA_DIR": "x", "INVENTORY_SHOP": "x"}

    assert examined(environment, INVENTORY_PRODUCT_FEEDS=str(feeds), **others)["exit"] == 0


def test_a_setting_that_cannot_be_read_is_a_problem_and_the_rest_is_not_guessed(environment: dict[str, str]) -> None:
    found = examined(environment, INVENTORY_WORKERS="many")

    assert (found["exit"], set(found["all"])) == (2, {"python", "settings"})
    assert "INVENTORY_WORKERS='many'" in found["settings"]["text"]


def test_an_older_store_stays_as_it_is(environment: dict[str, str], file: Path) -> None:
    write_old_store(file, 3)
    file.chmod(0o600)

    found = examined(environment)

    assert found["exit"] == 1
    assert f"is version {VERSION}, and this program's is {len(MIGRATIONS)}" in found["schema"]["text"]
    assert "inventory backup" in found["schema"]["advice"]
    with closing(sqlite3.connect(file)) as store:
        assert store.execute("PRAGMA user_version").fetchone()[0] == VERSION


def test_a_store_of_a_newer_program_is_a_problem(environment: dict[str, str], file: Path) -> None:
    accept(file, ago=timedelta(0))
    with closing(sqlite3.connect(file)) as store:
        store.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")

    assert examined(environment)["schema"]["status"] == "problem"


def test_a_damaged_store_is_a_problem_whose_way_out_is_a_backup(environment: dict[str, str], file: Path) -> None:
    write_old_store(file, 500)
    content = bytearray(file.read_bytes())
    for page in range(40, 60):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    file.write_bytes(content)

    found = examined(environment)

    assert "is damaged" in found["integrity"]["text"]
    assert "inventory restore" in found["integrity"]["advice"]


@pytest.mark.parametrize("content", [b"text " * 2_000, b""])
def test_what_is_not_a_store_is_one_line(environment: dict[str, str], file: Path, content: bytes) -> None:
    file.write_bytes(content)
    file.chmod(0o600)

    found = examined(environment)

    assert (found["exit"], str(file) in json.dumps(found)) == ((2, True) if content else (found["exit"], True))


def test_what_others_may_read_is_named(environment: dict[str, str], file: Path) -> None:
    accept(file, ago=timedelta(0))
    file.chmod(0o644)

    assert examined(environment)["rights"]["advice"] == f"chmod go= {file}"


def test_work_that_nobody_does_is_a_warning(environment: dict[str, str], file: Path) -> None:
    accept(file, ago=timedelta(minutes=5))

    owed = examined(environment)["owed"]

    assert owed["text"].startswith("Collections due: 1, jobs: 0, deliveries: 0. The oldest collection has waited for 30")


def test_a_clock_that_is_set_back_is_seen_in_the_store(environment: dict[str, str], file: Path) -> None:
    accept(file, ago=-timedelta(hours=2))

    assert "was accepted at" in examined(environment)["clock"]["text"]


@pytest.mark.parametrize(
    ("settings", "status"),
    [({"INVENTORY_HOST": "0.0.0.0", "INVENTORY_ACCESS": "open"}, "warning"), ({"INVENTORY_HOST": "0.0.0.0"}, "problem")],
)
def test_who_may_come_in_from_the_network_is_looked_at(
    environment: dict[str, str], file: Path, settings: dict[str, str], status: str
) -> None:
    accept(file, ago=timedelta(0))

    assert examined(environment, **settings)["access"]["status"] == status


def test_a_port_that_another_program_has_is_a_problem(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["INVENTORY_PORT"]))):
        found = examined(environment)

    assert f"INVENTORY_PORT={environment['INVENTORY_PORT']} is taken" in found["ports"]["text"]


def test_an_api_that_answers_while_nothing_runs_here_may_be_another_ones(
    environment: dict[str, str], upstream: Upstream
) -> None:
    upstream.script("/healthz", Answer(200, body=b'{"status":"alive"}'))
    found = examined(environment, INVENTORY_PORT=str(upstream.port))

    assert found["ports"]["status"] == "warning"
    assert environment["INVENTORY_DATA_DIR"] in found["ports"]["text"]


def test_a_stack_whose_programs_do_nothing_has_problems(environment: dict[str, str], tmp_path: Path) -> None:
    lock = folder_lock.take(tmp_path)
    try:
        found = examined(environment)
    finally:
        os.close(lock)

    assert {name for name, each in found.items() if isinstance(each, dict) and each["status"] == "problem"} == {
        "redis",
        "scheduler",
        "ports",
    }


def test_a_redis_that_is_away_is_a_problem_and_its_password_is_covered(environment: dict[str, str]) -> None:
    found = examined(environment, INVENTORY_REDIS_URL=f"redis://:s3cret@127.0.0.1:{free_port()}/0")

    assert found["redis"]["status"] == "problem"
    assert "s3cret" not in json.dumps(found)


def test_a_redis_that_drops_what_is_old_is_a_warning(environment: dict[str, str], tmp_path: Path) -> None:
    with redis_server(tmp_path, "--maxmemory-policy", "allkeys-lru") as url:
        found = examined(environment, INVENTORY_REDIS_URL=url)

    assert "maxmemory-policy is allkeys-lru" in found["redis"]["text"]
    assert found["workers"]["text"] == "No worker listens to the queues."


def test_a_redis_that_is_set_up_as_advised_is_fine(environment: dict[str, str], tmp_path: Path) -> None:
    with redis_server(tmp_path, "--maxmemory", "64mb", "--maxmemory-policy", "noeviction") as url:
        found = examined(environment, INVENTORY_REDIS_URL=url)
        with Redis.from_url(url) as redis:
            assert redis.keys() in ([], [b"inventory:probe"])

    assert "redis" not in found


def test_a_server_that_never_answers_holds_nothing_up(environment: dict[str, str]) -> None:
    with silent_server() as redis, silent_server() as mongo:
        store = f"mongodb://inv:s3cret@{mongo}/inventory?directConnection=true"
        found = examined(environment, INVENTORY_REDIS_URL=f"redis://{redis}/0", INVENTORY_STORE_URL=store)

    assert {found["redis"]["status"], found["store"]["status"]} == {"problem"}
    assert "s3cret" not in json.dumps(found)


def test_a_check_that_hangs_or_breaks_keeps_no_other_from_its_words() -> None:
    never = Event()

    def hangs() -> list[Finding]:
        never.wait(120)
        return []

    def breaks() -> list[Finding]:
        raise ZeroDivisionError("oh")

    found = examine({"hangs": hangs, "breaks": breaks, "fine": lambda: [ok("fine", "Yes.")]}, timeout=3)
    never.set()

    assert [(each.check, each.status) for each in found] == [
        ("hangs", Status.PROBLEM),
        ("breaks", Status.PROBLEM),
        ("fine", Status.OK),
    ]


def test_what_another_user_keeps_is_no_bug_of_the_check() -> None:
    def forbidden() -> list[Finding]:
        raise PermissionError(13, "Permission denied", "/data/inventory.sqlite3")

    (found,) = examine({"rights": forbidden})

    assert (found.status, found.text) == (
        Status.PROBLEM,
        "This user may not read /data/inventory.sqlite3: Permission denied.",
    )
    assert found.advice == "Run this as the user that runs the service."


def test_a_redis_that_is_not_installed_is_a_problem_before_the_start() -> None:
    def find() -> str:
        raise StartError("no redis-server found: install Redis or Valkey")

    check = QueueCheck(Redis(), "unix:///r", is_up=False, is_own=True, find_own=find, clock=utc_now)
    (found,) = examine({"redis": check.redis})

    assert (found.status, found.text) == (
        Status.PROBLEM,
        "`inventory up` cannot start it: no redis-server found: install Redis or Valkey.",
    )


def test_a_stored_text_is_shown_without_markup(environment: dict[str, str]) -> None:
    done = run(environment | {"INVENTORY_[red]": "1"}, "doctor")

    assert "INVENTORY_[red] is set" in done.stdout
