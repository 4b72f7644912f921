"""A program asks for as many descriptors as it may need, and makes do with what the system allows."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from inventory import descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(descriptors.allow(int(sys.argv[3])), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "needed", "then"),
    [(100, 300, 200, [200, 200, 300]), (100, 300, 400, [300, 300, 300]), (250, 300, 200, [200, 250, 300])],
    ids=["raised", "raised as far as possible", "enough"],
)
def test_the_limit_is_raised_to_what_is_needed(soft: int, hard: int, needed: int, then: list[int]) -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= hard
    command = [sys.executable, "-c", PROGRAM, str(soft), str(hard), str(needed)]

    said = subprocess.run(command, capture_output=True, check=True, timeout=60, text=True).stdout

    assert list(map(int, said.split())) == then
