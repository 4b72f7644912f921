"""Bombs and an endless body through a real worker, all at once: its memory hardly moves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rq import Worker
from rq.serializers import JSONSerializer

from tests.end_to_end.stack import Stack, stack_on
from tests.real_mongo import ANY_STORE
from tests.upstreams.torture import Torture

BOMBS = [f"{bomb}?{n}" for n in range(4) for bomb in ("gzip-bomb", "br-bomb", "zstd-bomb", "double-bomb", "endless-body")]
MAX_GROWTH = 32.0
"""Megabytes."""


@pytest.fixture(params=ANY_STORE)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(request.param, workers=1, max_attempts=1) as running:
        running.start("redis", "api", "worker")
        yield running


def test_twenty_bombs_at_once_do_not_take_32_megabytes_of_a_worker(running: Stack) -> None:
    with Torture() as torture:
        running.look_up(torture.url("page"))
        running.wait_for(torture.url("page"), 200)  # what a worker needs for any page is there from here on
        [worker] = Worker.all(running.redis, serializer=JSONSerializer)
        assert worker.pid is not None
        before = peak(worker.pid)

        for bomb in BOMBS:
            assert running.look_up(torture.url(bomb)).status_code == 202
        records = [running.wait_for(torture.url(bomb), 200).json() for bomb in BOMBS]

        assert {(record["body"]["truncated"], record["body"]["size"]) for record in records} == {(True, 4 * 1024 * 1024)}
        assert max(record["response"]["waited_ms"] for record in records) > 0
        assert peak(worker.pid) - before < MAX_GROWTH


def peak(pid: int) -> float:
    """The most megabytes that a process has ever had in memory."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024
