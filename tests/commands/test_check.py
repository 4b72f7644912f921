"""`inventory check`, on a real store and a real upstream: what it prints, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from inventory import json_bytes, wiring
from inventory.commands.check_formats import MAX_ROWS
from inventory.commands.check_processes import Batch, Task, pieces
from inventory.config import Settings
from inventory.errors import InventoryError
from inventory.policy.model import KeptPolicy
from inventory.policy.reading import read
from inventory.policy.service import Asked
from inventory.records.model import Target
from inventory.store.sqlite import SqliteStore
from tests.commands.conftest import run
from tests.end_to_end.stack import free_port
from tests.upstreams import Answer, Upstream

POLICY = """
version: 1
id: own
title: Ours
rules:
- id: nosniff
  severity: high
  message: Types are guessed.
  require: {header: X-Content-Type-Options, equals: nosniff}
"""
GOOD, BAD = ("X-Content-Type-Options", "nosniff"), ("X-Content-Type-Options", "\x1b[31m")


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "own.yaml"
    path.write_text(POLICY)
    return str(path)


@pytest.fixture
def collected(environment: dict[str, str], upstream: Upstream) -> dict[str, str]:
    """Two pages by their names: one that meets the policy, one that does not."""
    found = {"good": upstream.url("/good"), "bad": upstream.url("/bad")}
    upstream.script("/good", Answer(200, (GOOD,), b"x"))
    upstream.script("/bad", Answer(200, (BAD,), b"x"))
    for url in found.values():
        assert run(environment, "collect", url).exit_code == 0
    return found


def _target(url: str) -> Target:
    return Target("webpage", url, "127.0.0.1")


def listed(tmp_path: Path, *urls: str) -> str:
    path = tmp_path / "urls.txt"
    path.write_text("# ours\n\n" + "".join(f"{url}\n" for url in urls))
    return str(path)


@contextmanager
def pipe(text: str) -> Iterator[str]:
    """The name of a pipe that a text can be read from, as a shell makes one of `<(…)`."""
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as file:
            file.write(text)
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)


def test_the_exit_code_tells_clean_from_findings(
    environment: dict[str, str], policy: str, collected: dict[str, str], tmp_path: Path
) -> None:
    clean = run(environment, "check", listed(tmp_path, collected["good"], collected["good"]), "--policy", policy)
    both = run(environment, "check", listed(tmp_path, *collected.values()), "--policy", policy)

    assert (clean.exit_code, clean.stdout) == (0, "1 target: 1 clean, 0 with findings, 0 not checked\n")
    assert both.exit_code == 1
    assert both.stdout.splitlines()[-1] == "2 targets: 1 clean, 1 with findings, 0 not checked"
    assert "Types are guessed. hop 1, line" in both.stdout
    assert "\x1b" not in both.stdout


def test_targets_are_chosen_by_a_query_too(environment: dict[str, str], policy: str, collected: dict[str, str]) -> None:
    assert run(environment, "check", 'path:"/good"', "--policy", policy).exit_code == 0
    assert run(environment, "check", "status:200", "--policy", policy).exit_code == 1
    assert run(environment, "check", "status:404", "--policy", policy).exit_code == 3


def test_what_is_unreachable_unknown_or_too_old_is_never_clean(
    environment: dict[str, str], policy: str, collected: dict[str, str], tmp_path: Path
) -> None:
    closed = f"http://127.0.0.1:{free_port()}/"
    run(environment, "collect", closed)
    unknown = "http://127.0.0.1/never"

    done = run(environment, "check", listed(tmp_path, closed, unknown), "--policy", policy, "--format", "json")
    old = run(environment, "check", listed(tmp_path, collected["good"]), "--policy", policy, "--max-age", "0")

    assert done.exit_code == 2
    assert [each["reason"] for each in json.loads(done.stdout)["targets"]] == ["failed", "not_in_inventory"]
    assert old.exit_code == 2
    assert "stale" in old.stdout
    assert run(environment, "check", listed(tmp_path, closed, collected["bad"]), "--policy", policy).exit_code == 1


def test_a_time_in_the_past_is_judged_by_what_was_stored_then(
    environment: dict[str, str], policy: str, upstream: Upstream, tmp_path: Path
) -> None:
    url = upstream.url("/changing")
    upstream.script("/changing", Answer(200, (BAD,), b"x"), Answer(200, (GOOD,), b"x"))
    before = datetime.now(UTC).isoformat()
    time.sleep(0.002)  # instants are kept to the millisecond
    run(environment, "collect", url)
    then = datetime.now(UTC).isoformat()
    time.sleep(0.002)
    run(environment, "collect", url)
    file = listed(tmp_path, url)

    assert run(environment, "check", file, "--policy", policy).exit_code == 0
    assert run(environment, "check", file, "--policy", policy, "--as-of", then.replace("+00:00", "Z")).exit_code == 1
    assert run(environment, "check", file, "--policy", policy, "--as-of", before.replace("+00:00", "Z")).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["check", "x", "--policy", "nosuch"],
        ["check", "statu:200", "--policy", "baseline"],
        ["check", "x", "--policy", "baseline", "--as-of", "soon"],
        ["check", "x", "--policy", "baseline", "--format", "pdf"],
        ["check", "x", "--policy", "baseline", "--nosuch"],
        ["check", "x", "--policy", "baseline", "--max-age", "9" * 20],
        ["check", "x", "--policy", "y" * 5_000],
        ["check", "statu:" + "y" * 5_000, "--policy", "baseline"],
        ["check", "\x00", "--policy", "\x00"],
    ],
)
def test_a_command_that_is_not_valid_ends_with_4(environment: dict[str, str], words: list[str]) -> None:
    assert run(environment, *words).exit_code == 4


def test_a_command_without_a_policy_is_told_what_is_missing(environment: dict[str, str]) -> None:
    assert "Missing option '--policy'" in run(environment, "check", "x").stderr


def test_a_file_that_is_not_there_or_names_nothing_is_told(environment: dict[str, str], policy: str, tmp_path: Path) -> None:
    missing = run(environment, "check", "no-such-urls.txt", "--policy", policy)
    empty = run(environment, "check", listed(tmp_path), "--policy", policy, "--replay")

    assert (missing.exit_code, empty.exit_code) == (3, 3)
    assert "there is no file no-such-urls.txt, and as a query it matches no target" in missing.stderr
    assert "urls.txt names no URL" in empty.stderr


def test_urls_and_a_policy_may_come_from_pipes_and_from_editors_that_mark_utf_8(
    environment: dict[str, str], collected: dict[str, str], tmp_path: Path
) -> None:
    marked = tmp_path / "marked.txt"
    marked.write_text(f"\ufeff{collected['bad']}\r\n")

    with pipe(collected["bad"]) as urls, pipe(f"\ufeff{POLICY}") as policy:
        assert run(environment, "check", urls, "--policy", policy).exit_code == 1
    with pipe(POLICY) as policy:
        assert run(environment, "check", str(marked), "--policy", policy).exit_code == 1


def test_a_file_that_cannot_be_read_is_named(
    environment: dict[str, str], policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable = str(tmp_path / "socket")
    monkeypatch.chdir(tmp_path)  # the address of a socket may not be long
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")

    of_urls = run(environment, "check", unreadable, "--policy", policy)
    of_policy = run(environment, "check", "x", "--policy", unreadable)

    assert (of_urls.exit_code, of_policy.exit_code) == (4, 4)
    assert f"{unreadable}: it cannot be read: " in of_urls.stderr
    assert f"{unreadable}: it cannot be read: " in of_policy.stderr


def test_a_mistake_in_a_file_is_named_with_its_line(environment: dict[str, str], policy: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(POLICY.replace("equals", "equal"))

    of_policy = run(environment, "check", "x", "--policy", str(wrong))
    of_urls = run(environment, "check", listed(tmp_path, "ftp://x"), "--policy", policy)

    assert (of_policy.exit_code, of_urls.exit_code) == (4, 4)
    assert "rules[0].require.equal: Line 9" in of_policy.stderr
    assert "urls.txt, line 3" in of_urls.stderr


def test_a_store_that_cannot_be_read_is_not_clean(environment: dict[str, str], policy: str, tmp_path: Path) -> None:
    broken = environment | {"INVENTORY_STORE_URL": f"sqlite:{tmp_path}/own.yaml"}

    assert run(broken, "check", listed(tmp_path, "http://127.0.0.1/"), "--policy", policy).exit_code == 2


def test_an_output_that_cannot_be_written_is_not_taken_for_findings(
    environment: dict[str, str], policy: str, collected: dict[str, str], tmp_path: Path
) -> None:
    command = [Path(sys.executable).with_name("inventory"), "check", listed(tmp_path, collected["good"]), "--policy", policy]

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, env=os.environ | environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert (done.returncode, done.stderr) == (2, "inventory: The output cannot be written: No space left on device.\n")


def test_each_format_has_the_finding(
    environment: dict[str, str], policy: str, collected: dict[str, str], tmp_path: Path
) -> None:
    file = listed(tmp_path, *collected.values())
    out = {
        form: run(environment, "check", file, "--policy", policy, "--format", form)
        for form in ("json", "junit", "sarif", "csv")
    }
    rows = list(csv.DictReader(io.StringIO(out["csv"].stdout)))

    assert {each.exit_code for each in out.values()} == {1}
    assert json.loads(out["json"].stdout)["counts"] == {"clean": 1, "findings": 1, "unchecked": 0}
    assert ET.fromstring(out["junit"].stdout_bytes).attrib["failures"] == "1"
    assert json.loads(out["sarif"].stdout)["runs"][0]["results"][0]["ruleId"] == "nosniff"
    assert [(row["url"], row["rule"]) for row in rows] == [(collected["good"], ""), (collected["bad"], "nosniff")]


def test_other_processes_say_the_same_in_the_same_order(
    environment: dict[str, str], collected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    services = wiring.build(Settings.read())
    ids = [each.id for each in services.records.find_all([_target(url).id for url in collected.values()]).values()]
    unknown = [_target(f"http://127.0.0.1/{number}") for number in range(5)]
    batches: list[Batch] = [ids, unknown, ids[::-1], unknown[:2], ids[:1], unknown[2:], ids]
    with closing(services.store):
        for form in ("csv", "table"):
            asked = Asked(at=datetime.now(UTC))
            task = Task(policy=read(POLICY), asked=asked, form=form, at=datetime.now(UTC))
            here, elsewhere = (list(pieces(services, task, batches, count, alone=3)) for count in (1, 2))
            assert here == elsewhere
            assert len(here) == len(batches)


def test_an_error_in_another_process_is_told_as_one_line(
    environment: dict[str, str], collected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    services = wiring.build(Settings.read())
    task = Task(policy=read(POLICY), asked=Asked(), form="csv", at=datetime.now(UTC))
    found = pieces(services, task, [[_target("http://127.0.0.1/1")]] * 3, 2, alone=1)
    with closing(services.store):
        next(found)
        monkeypatch.setenv("INVENTORY_STORE_URL", f"sqlite:///{tmp_path}/nowhere/own.yaml/x.sqlite3")
        (tmp_path / "nowhere").write_text("no folder")
        with pytest.raises(InventoryError):
            list(found)


def test_a_table_of_very_many_rows_is_cut_and_says_so(environment: dict[str, str], policy: str, tmp_path: Path) -> None:
    file = listed(tmp_path, *(f"http://127.0.0.1/{number}" for number in range(MAX_ROWS + 5)))

    lines = run(environment, "check", file, "--policy", policy).stdout.splitlines()

    assert len([line for line in lines if "not_in_inventory" in line]) == MAX_ROWS
    assert "These are the first 1,000 of 1,005 rows; --format csv has all." in "".join(lines)
    assert lines[-1] == "1,005 targets: 0 clean, 0 with findings, 1,005 not checked"


def test_built_in_policies_are_named_by_their_ids(environment: dict[str, str], collected: dict[str, str]) -> None:
    done = run(environment, "check", 'path:"/good"', "--policy", "observatory")

    assert done.exit_code == 1
    assert "grade F" in done.stdout


def test_a_policy_that_the_api_keeps_is_named_by_its_id(
    environment: dict[str, str], collected: dict[str, str], tmp_path: Path
) -> None:
    with closing(SqliteStore(tmp_path / "inventory.sqlite3")) as store:
        document = json_bytes.dumps(read(POLICY).document)
        now = datetime.now(UTC)
        store.policies.put(KeptPolicy(id="own", created_at=now, changed_at=now, document=document), at_most=1)

    assert run(environment, "check", 'path:"/good"', "--policy", "own").exit_code == 0
    assert run(environment, "check", 'path:"/bad"', "--policy", "own").exit_code == 1


def test_a_replay_tells_who_would_have_failed_when(
    environment: dict[str, str], policy: str, upstream: Upstream, tmp_path: Path
) -> None:
    url = upstream.url("/flapping")
    upstream.script("/flapping", *(Answer(200, (each,), b"x") for each in (GOOD, BAD, GOOD)))
    for _ in range(3):
        run(environment, "collect", url)
    file, requests = listed(tmp_path, url), upstream.count()

    shown = run(environment, "check", file, "--policy", policy, "--replay", "--since", "1h")
    document = json.loads(run(environment, "check", file, "--policy", policy, "--replay", "--format", "json").stdout)

    assert shown.exit_code == 1
    assert "nosniff" in shown.stdout
    assert shown.stdout.splitlines()[-1].startswith("3 snapshots of 1 targets, from ")
    assert [(each["flaps"], each["failing"]) for each in document["targets"][0]["rules"]] == [(2, False)]
    assert run(environment, "check", file, "--policy", policy).exit_code == 0
    assert upstream.count() == requests


def test_a_replay_without_snapshots_or_with_what_it_does_not_take_is_told(
    environment: dict[str, str], policy: str, collected: dict[str, str], tmp_path: Path
) -> None:
    good, both = listed(tmp_path, collected["good"]), ("--policy", policy, "--replay")

    assert run(environment, "check", good, *both).exit_code == 0
    assert run(environment, "check", good, *both, "--format", "sarif").exit_code == 4
    assert run(environment, "check", good, *both, "--max-age", "1").exit_code == 4
    assert run(environment, "check", good, "--policy", policy, "--since", "1d").exit_code == 4
    assert run(environment, "check", listed(tmp_path, "http://127.0.0.1/never"), *both).exit_code == 2
    assert run(environment, "check", "status:404", *both).exit_code == 3


def test_a_replay_of_what_cannot_be_told_is_not_clean(
    environment: dict[str, str], collected: dict[str, str], upstream: Upstream, tmp_path: Path
) -> None:
    file = tmp_path / "hosts.yaml"
    file.write_text(POLICY.replace("{header: X-Content-Type-Options, equals: nosniff}", "{hosts: any, absent: true}"))
    upstream.script("/cut", Answer(200, (("Content-Type", "text/html"),), b"<p>" + b"x" * 100))
    run(environment | {"INVENTORY_BODY_LIMIT": "50"}, "collect", upstream.url("/cut"))

    of_all = run(environment, "check", "status:200", "--policy", str(file), "--replay", "--format", "json")
    of_cut = run(environment, "check", 'path:"/cut"', "--policy", str(file), "--replay")

    assert (of_all.exit_code, json.loads(of_all.stdout)["unchecked"]) == (2, 1)
    assert (of_cut.exit_code, of_cut.stdout.splitlines()[-1]) == (2, "Targets of which not all could be checked: 1")
