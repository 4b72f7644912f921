"""A request to stop that meets the worker pool while it starts is not lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.stack import ROOT
from tests.local_stack.stack import environment


@pytest.mark.parametrize("moment", ["Starting worker pool", "collecting_without_queue"])
def test_a_pool_that_has_just_started_stops_when_it_is_asked(moment: str, tmp_path: Path) -> None:
    settings = {"data_dir": tmp_path, "redis_url": f"unix://{tmp_path}/nobody", "workers": 2}
    with subprocess.Popen(
        [sys.executable, "-m", "workers", "collect"],
        cwd=ROOT,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as pool:
        assert pool.stdout is not None
        try:
            next(line for line in pool.stdout if moment in line)
            pool.send_signal(signal.SIGTERM)
            pool.communicate(timeout=60)

            assert pool.returncode == 0
        finally:
            pool.kill()
