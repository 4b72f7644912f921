"""Memory stays flat: a fresh process fetches what would fill any machine, and its peak hardly moves."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.upstreams.torture import Torture


@pytest.mark.parametrize("script", ["gzip-bomb", "br-bomb", "zstd-bomb", "double-bomb", "endless-body"])
def test_a_bomb_does_not_take_64_megabytes(torture: Torture, script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.upstream.memory_probe", torture.url(script), torture.url("page")],
        capture_output=True,
        check=True,
        timeout=90,
    )

    seen = json.loads(done.stdout)
    assert (seen["status"], seen["truncated"], seen["size"]) == (200, True, 4 * 1024 * 1024)
    assert seen["grown"] < 64
