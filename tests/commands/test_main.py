"""`inventory get` and `inventory collect`, on a real store and a real upstream."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import run
from tests.end_to_end.stack import free_port
from tests.upstreams import Answer, Upstream


def test_collect_shows_what_was_sent(environment: dict[str, str], upstream: Upstream) -> None:
    done = run(environment, "collect", upstream.url("/redirect"))

    assert done.exit_code == 0, done.output
    for shown in ("302 at", "200 OK from", "X-Repeated", "session=abc123", "hop1"):
        assert shown in done.stdout


def test_collect_shows_what_was_wrong_with_an_answer(environment: dict[str, str], upstream: Upstream) -> None:
    upstream.script("/odd", Answer(200, (("Content-Encoding", "gzip"), *[("B@d", "x")] * 12), b"no gzip"))

    done = run(environment, "collect", upstream.url("/odd"))

    for shown in ("7 bytes", "gzip not undone", "has a malformed name", "and 3 more defects"):
        assert shown in done.stdout


def test_collect_shows_what_a_page_says(environment: dict[str, str], upstream: Upstream) -> None:
    images = "".join(f"<img src=//i{number}.test>" for number in range(12))
    page = f"<title>[red]A\x1b[2J shop</title><script src=//cdn.test></script>{images}".encode()
    upstream.script("/shop", Answer(200, (("Content-Type", "text/html"),), page))

    done = run(environment, "collect", upstream.url("/shop"))

    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "Script hosts cdn.test" in lines
    assert [line for line in lines if line.startswith("Image hosts i0.test, ") and line.endswith("i9.test and 2 more")]
    assert [line for line in lines if line.startswith("Title [red]A") and "\x1b" not in line]


def test_json_is_the_document_of_the_api_and_nothing_else(environment: dict[str, str], upstream: Upstream) -> None:
    done = run(environment, "collect", upstream.url("/page"), "--json")

    assert json.loads(done.stdout)["response"]["status"] == 200


def test_get_of_a_miss_is_accepted_and_of_what_is_known_is_shown(environment: dict[str, str], upstream: Upstream) -> None:
    url = upstream.url("/page")

    miss = run(environment, "get", url, "--json")
    assert (miss.exit_code, json.loads(miss.stdout)["status"]) == (3, "pending")
    run(environment, "collect", url)
    assert run(environment, "get", url).exit_code == 0


def test_get_that_waits_is_still_pending_when_no_worker_runs(environment: dict[str, str], upstream: Upstream) -> None:
    done = run(environment, "get", upstream.url("/page"), "--wait", "1")

    assert (done.exit_code, done.stdout[:8]) == (3, "pending:")
    assert "Start it with: inventory up" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (("get", "nonsense"), 2, "has no scheme"),
        (("get", "http://10.0.0.1/"), 2, "not a public address"),
        (("collect", "ftp://h/"), 2, "ftp"),
        (("collect", "http://127.0.0.1:1/"), 2, "Port 1 belongs to another protocol"),
        (("collect", f"http://127.0.0.1:{free_port()}/"), 1, "could not be collected"),
    ],
)
def test_an_error_is_one_line_and_a_code(environment: dict[str, str], words: tuple[str, ...], code: int, line: str) -> None:
    done = run(environment, *words)

    assert (done.exit_code, done.stdout) == (code, "")
    assert [text for text in done.stderr.splitlines() if text.startswith("inventory: ") and line in text]


def test_a_setting_that_cannot_be_read_is_one_line(environment: dict[str, str]) -> None:
    done = run(environment | {"INVENTORY_WORKERS": "many"}, "get", "http://h/")

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "INVENTORY_WORKERS='many'" in done.stderr


def test_what_an_upstream_sent_is_neither_markup_nor_a_control_sequence(
    environment: dict[str, str], upstream: Upstream
) -> None:
    upstream.script("/evil", Answer(headers=(("X-Evil", "[red]\x1b[2J"),)))

    shown = run(environment, "collect", upstream.url("/evil")).stdout

    assert "\x1b[2J" not in shown
    assert "[red]\\x1b[2J" in shown


@pytest.mark.parametrize("group", [[], ["watch"], ["webhook"], ["keys"]])
def test_lists_of_commands_say_what_each_does_in_a_whole_sentence(environment: dict[str, str], group: list[str]) -> None:
    _, _, listed = run(environment, *group, "--help").stdout.partition("Commands:\n")

    assert listed
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


def test_an_argument_that_is_not_utf_8_is_an_argument_like_any_other(tmp_path: Path) -> None:
    """Some libraries read the arguments of the process when they are imported."""
    program = [sys.executable, "-c", "from inventory.commands.main import main; main()", "search", b"header.server:\xff"]
    environment = os.environ | {"INVENTORY_DATA_DIR": str(tmp_path)}

    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("inventory: At character 15 of the query: Half of a surrogate pair")


def test_a_command_in_a_folder_without_a_data_folder_says_how_to_reach_that_of_a_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("INVENTORY_DATA_DIR", "INVENTORY_STORE_URL"):
        monkeypatch.delenv(name, raising=False)

    first, second = run({}, "search", "tag:prod"), run({}, "search", "tag:prod")

    assert (first.exit_code, first.stdout) == (0, "0 targets\n")
    assert first.stderr == (
        "inventory: there is no folder var here. To use the store of a running service, run this in its folder,"
        " or set INVENTORY_DATA_DIR.\n"
    )
    assert second.stderr == ""  # the first one made it
