"""The start-up report waits for the API, says so when that takes long, and can be copied from."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from inventory.access.model import Mode
from inventory.config import Settings
from inventory.local_stack.demo import Demo
from inventory.local_stack.report import command, is_ready, not_well, report, still_not_well, wait_until
from tests.end_to_end.stack import free_port


class Time:
    """A clock that only pauses move."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


def test_a_late_api_is_told_once_and_waited_for() -> None:
    time, told = Time(), []

    wait_until(lambda: time.now > 100, late=lambda: told.append(time.now), clock=time.clock, pause=time.pause)

    assert len(told) == 1
    assert 20 < told[0] < 21
    assert time.now > 100


def test_nobody_listening_is_not_ready() -> None:
    assert not is_ready(Settings(port=free_port()))


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8000/"), ("0.0.0.0", "http://127.0.0.1:8000/"), ("::", "http://[::1]:8000/")],
)
def test_the_urls_can_be_opened_here(host: str, url: str) -> None:
    assert re.search(rf"Pages +{re.escape(url)}$", report(Settings(host=host)).plain, re.MULTILINE)


def test_a_dashboard_that_others_can_reach_is_pointed_out() -> None:
    assert "no login" in report(Settings(host="0.0.0.0", access=Mode.OPEN)).plain
    assert "no login" not in report(Settings()).plain


def test_a_dashboard_for_keys_says_what_its_password_is() -> None:
    for settings in (Settings(host="0.0.0.0"), Settings(access=Mode.KEYS), Settings(access=Mode.READONLY_OPEN)):
        assert "its password is a key with the scope admin" in report(settings).plain
        assert "no login" not in report(settings).plain


def test_where_keys_count_it_says_how_to_make_one_for_this_very_store() -> None:
    keys = Settings(access=Mode.KEYS)
    assert "inventory keys create NAME --scope admin makes one" in report(keys).plain
    assert "demo.env; " in next(line for line in report(keys, Demo(9_000)).plain.splitlines() if "keys create" in line)
    assert 'curl -H "X-API-Key: $KEY" -i' in report(keys).plain
    assert "keys create" not in report(Settings()).plain
    assert "$KEY" not in report(Settings(), Demo(9_000)).plain


def test_the_command_works_in_any_folder_also_for_a_data_folder_with_spaces(tmp_path: Path) -> None:
    folder = tmp_path / "my inventory" / "été"

    done = subprocess.run(
        ["sh", "-c", f"{command(Settings(data_dir=folder))} keys create ops --scope admin"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip

    assert "inv_live_" in done.stdout, done.stderr
    assert (folder / "inventory.sqlite3").exists()


def test_what_is_not_well_is_told_unless_it_passes() -> None:
    time = Time()

    passing = still_not_well(lambda: "queue: no answer" if time.now < 3 else "", clock=time.clock, pause=time.pause)
    lasting = still_not_well(lambda: "queue: no answer", clock=time.clock, pause=time.pause)

    assert (passing, lasting) == ("", "queue: no answer")
    assert "queue: no answer" in report(Settings(), not_well=lasting).plain
    assert "Not well" not in report(Settings()).plain
    assert not_well(Settings(port=free_port())) == ""


def test_no_line_is_broken() -> None:
    deep = Path("/", *["folder"] * 20)

    assert str(deep) in report(Settings(data_dir=deep)).plain
