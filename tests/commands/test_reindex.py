"""`inventory reindex`, on a real store that an older version wrote."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inventory.observations.model import Observation
from inventory.observations.reindexing import MARKED_AT_ONCE
from inventory.store.sqlite import SqliteStore
from tests.commands.conftest import run
from tests.end_to_end.stack import ROOT, wait_until
from tests.observations.algebra import has, word_or_pattern
from tests.old_stores import AT, page_target, write_old_store

COUNT, MANY = 300, MARKED_AT_ONCE + 100
FIRST = datetime.fromtimestamp(AT / 1000, UTC)
EVERYTHING = [word_or_pattern("*", exact=True)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "inventory.sqlite3"


def document(environment: dict[str, str], *words: str, exit_code: int = 0) -> dict[str, Any]:
    done = run(environment, "reindex", "--json", *words)
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def counted(file: Path) -> dict[str, int]:
    """How many are unindexed, and how many statements there are."""
    with closing(SqliteStore(file)) as store:
        return {
            "unindexed": store.observations.count_unindexed(up_to=10**6),
            "titled": len(store.observations.search(has("title", "page *"), at=None, limit=10**6, after=None)),
        }


def change(file: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(file, timeout=60)) as connection, connection:
        assert connection.execute(sql, values).rowcount > 0


def observations(file: Path, count: int) -> list[Mapping[str, Sequence[Observation]]]:
    """All that was observed when the first snapshots were current, and is now."""
    ids = [page_target(n).id for n in range(count)]
    with closing(SqliteStore(file)) as store:
        return [store.observations.shown(ids, EVERYTHING, at=at) for at in (FIRST, None)]


class Running:
    """The command as a program."""

    def __init__(self, environment: dict[str, str]) -> None:
        program = "from inventory.commands.main import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, "reindex", "--json"],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def end(self) -> tuple[dict[str, Any], str]:
        out, err = self.process.communicate(timeout=240)
        return json.loads(out) if out else {}, err.decode()


@pytest.fixture
def start(environment: dict[str, str]) -> Callable[[], Running]:
    return lambda: Running(environment)


def interrupted(start: Callable[[], Running], file: Path, number: int) -> tuple[int, dict[str, Any], str]:
    """How a call ended that got a signal while it indexed. One may end before: who looks for it may be given no time."""

    def indexes() -> bool:
        return running.process.poll() is not None or (file.exists() and 0 < counted(file)["unindexed"] < COUNT - 20)

    for _ in range(20):
        running = start()
        wait_until(indexes, "some are indexed")
        running.process.send_signal(number)
        told, err = running.end()
        if 0 < counted(file)["unindexed"] < COUNT:
            return running.process.returncode, told, err
    raise AssertionError("each had ended before")


def test_it_rebuilds_the_observations_of_every_record(environment: dict[str, str], file: Path) -> None:
    write_old_store(file, 60, snapshots=2)
    first = document(environment)
    before = observations(file, 60)
    change(file, "DELETE FROM past_observations")
    assert observations(file, 60) != before

    second = document(environment)

    assert [each["indexed"] for each in (first, second)] == [60, 60]
    assert [each["total"] for each in (first, second)] == [60, 60]
    assert (second["left"], second["resumed"], second["set_aside"]) == (0, False, [])
    assert counted(file) == {"unindexed": 0, "titled": 60}
    assert observations(file, 60) == before


def test_it_says_how_far_it_is_and_what_it_did(environment: dict[str, str], file: Path) -> None:
    write_old_store(file, 30)

    done = run(environment, "reindex")

    assert done.exit_code == 0, done.output
    assert "30/30" in done.stderr
    assert "records/s" in done.stderr
    assert "indexed" in done.stdout


def test_a_call_goes_on_with_one_that_was_killed_while_it_indexed(environment: dict[str, str], file: Path, start) -> None:
    write_old_store(file, COUNT)
    interrupted(start, file, signal.SIGKILL)
    left = counted(file)["unindexed"]

    resumed = document(environment)

    assert (resumed["resumed"], resumed["indexed"], resumed["total"]) == (True, left, COUNT)
    assert counted(file) == {"unindexed": 0, "titled": COUNT}
    assert document(environment)["indexed"] == COUNT, "the next one begins again"


@pytest.mark.parametrize("marked", [0, MARKED_AT_ONCE])
def test_a_call_goes_on_with_one_that_was_killed_while_it_marked(
    environment: dict[str, str], file: Path, marked: int
) -> None:
    write_old_store(file, MANY)
    document(environment)
    ids = sorted(page_target(n).id for n in range(MANY))
    place = ids[marked - 1] if marked else ""
    with closing(SqliteStore(file)) as store:
        store.observations.mark_unindexed(after="", limit=marked + 100)  # the last ones were not noted any more
    change(file, "INSERT INTO reindexing (begun_at, marked, marked_up_to) VALUES (1, ?, ?)", marked, place)

    resumed = document(environment)

    assert (resumed["resumed"], resumed["indexed"], resumed["total"]) == (True, MANY, MANY)
    assert resumed["begun_at"] == "1970-01-01T00:00:00.001Z"


def test_what_the_scheduler_ended_meanwhile_is_not_gone_on_with(environment: dict[str, str], file: Path) -> None:
    write_old_store(file, 20)
    document(environment)
    change(file, "INSERT INTO reindexing (begun_at, marked, marked_up_to) VALUES (1, 20, NULL)")

    again = document(environment)

    assert (again["resumed"], again["indexed"]) == (False, 20)


def test_all_begins_again(environment: dict[str, str], file: Path) -> None:
    write_old_store(file, 20)
    document(environment)
    with closing(SqliteStore(file)) as store:
        store.observations.mark_unindexed(after="", limit=5)
    change(file, "INSERT INTO reindexing (begun_at, marked, marked_up_to) VALUES (1, 20, NULL)")

    again = document(environment, "--all")

    assert (again["resumed"], again["indexed"]) == (False, 20)


def test_it_can_be_stopped_and_says_that_it_is_gone_on_with(environment: dict[str, str], file: Path, start) -> None:
    write_old_store(file, COUNT)

    code, told, err = interrupted(start, file, signal.SIGINT)

    assert code == 3, "accepted and pending"
    assert told["left"] == counted(file)["unindexed"] > 0
    assert told["indexed"] == COUNT - told["left"], "what was begun is counted, too"
    assert "the scheduler goes on" in err


def test_two_at_once_share_the_work(environment: dict[str, str], file: Path, start) -> None:
    write_old_store(file, COUNT)

    ended = [each.end()[0] for each in [start(), start()]]

    assert counted(file) == {"unindexed": 0, "titled": COUNT}
    assert COUNT <= sum(each["indexed"] for each in ended) <= 2 * COUNT


def test_what_is_damaged_is_set_aside_with_a_reason_and_stops_nothing(environment: dict[str, str], file: Path) -> None:
    write_old_store(file, 30)
    damaged, unreadable = page_target(3), page_target(4)
    change(file, "UPDATE snapshots SET content = x'7b' WHERE record_id = ?", damaged.id)
    change(file, "UPDATE records SET accepted_at = ? WHERE id = ?", 2**62, unreadable.id)

    told = document(environment, exit_code=1)

    assert (told["indexed"], told["left"]) == (28, 0)
    assert {each["id"] for each in told["set_aside"]} == {damaged.id, unreadable.id}
    reasons = {each["id"]: each["reason"] for each in told["set_aside"]}
    assert reasons[damaged.id].endswith(f"({damaged.key})")
    assert reasons[unreadable.id]
    assert counted(file) == {"unindexed": 0, "titled": 28}
    shown = run(environment, "reindex")
    assert shown.exit_code == 1
    assert damaged.id in shown.stdout
