"""`inventory doctor` beside real programs: what dies is named."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

import pytest

from tests.end_to_end.stack import PYTHON, ROOT, Stack, stack_on, wait_until
from tests.real_mongo import STORES
from tests.upstreams import Upstream


def examined(running: Stack) -> dict[str, Any]:
    command = [PYTHON, "-c", "from inventory.commands.main import main; main()", "doctor", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=running.environment, capture_output=True, text=True, timeout=240, check=False
    )
    return {each["check"]: each for each in json.loads(done.stdout)["checks"]}


@pytest.mark.parametrize("kind", STORES)
def test_what_dies_is_named(kind: str, upstream: Upstream) -> None:
    with stack_on(kind) as running:
        running.start()
        running.look_up(upstream.url("/page"))
        running.wait_for(upstream.url("/page"), 200)
        wait_until((running.folder / "scheduler.heartbeat").exists, "the scheduler runs")
        wait_until(lambda: running.redis.scard("rq:workers") == 2, "both workers are registered")

        well = examined(running)
        assert {name for name, each in well.items() if each["status"] == "problem"} == set()
        assert "2 workers listen" in well["workers"]["text"]
        assert "s ago" in well["scheduler"]["text"]
        assert "The API answers" in well["ports"]["text"]

        running.end("worker", signal.SIGTERM, group=False)
        running.end("scheduler")
        running.look_up(upstream.url("/page/2"))
        assert examined(running)["workers"]["text"] == "No worker listens to the queues."
        running.redis.flushall()
        wait_until(lambda: "No RQ job waits" in examined(running)["owed"]["text"], "the debt is late")

        running.end("redis")
        assert examined(running)["redis"]["status"] == "problem"
