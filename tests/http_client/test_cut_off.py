"""Which addresses outside this machine a failing guard would call, tried in a process without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:4700:4700::1111"
EVERYTHING = ["0.0.0.0/0", "::/0"]
NAME = "http://name.test/"

MIXED = [
    [PUBLIC, "127.0.0.2"],
    ["127.0.0.2", PUBLIC],
    [PUBLIC, "10.0.0.1"],
    [PUBLIC, PUBLIC_6, "::1"],
    [PUBLIC_6, "fd00::1"],
    [PUBLIC, "169.254.169.254"],
    [PUBLIC, "::ffff:127.0.0.1"],
    [PUBLIC, "64:ff9b::7f00:1"],
    [PUBLIC_6, "fe80::1%1"],
]

LITERAL = [
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[2002:a00:1::]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://168.63.129.16/",
    "http://0x0a000001/",
    "http://012.0.0.1/",
]


Case = tuple[str, list[list[str]], list[str]]
"""URL, answers of the resolver in turn, networks that are opened."""

NAMES: list[Case] = [(NAME, [answers], []) for answers in MIXED]
LITERALS: list[Case] = [(url, [], []) for url in LITERAL]
TURNING: Case = (NAME, [[PUBLIC], ["127.0.0.2"]], [])
OPENED: list[Case] = [(NAME, [[PUBLIC, "127.0.0.2"]], EVERYTHING), (LITERAL[0], [], EVERYTHING)]


@pytest.fixture(scope="module")
def came_of() -> Callable[[Case], dict[str, Any]]:
    """What came of a case; all of them are run by one program."""
    cases = [*NAMES, *LITERALS, TURNING, *OPENED]
    command = [sys.executable, "-m", "tests.http_client.cut_off", json.dumps(cases)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    return lambda case: found[cases.index(case)]


@pytest.mark.parametrize("case", NAMES, ids=lambda case: ", ".join(case[1][0]))
def test_a_name_with_a_public_and_a_private_address_is_called_at_neither(came_of, case: Case) -> None:
    assert came_of(case) == {"code": "forbidden_address", "called": [], "left": 0}


@pytest.mark.parametrize("case", LITERALS, ids=lambda case: case[0])
def test_a_private_address_is_not_called_in_any_spelling(came_of, case: Case) -> None:
    assert came_of(case) == {"code": "forbidden_address", "called": [], "left": 0}


def test_a_name_that_turns_private_after_it_was_checked_is_called_where_it_was_checked(came_of) -> None:
    assert came_of(TURNING) == {"code": "connection_failed", "called": [PUBLIC], "left": 1}


def test_calls_are_seen_when_there_are_any(came_of) -> None:
    """The control: with everything opened, the same name and the same address are called."""
    assert [came_of(case)["called"] for case in OPENED] == [[PUBLIC, "127.0.0.2"], ["10.0.0.1"]]
