"""A log file through API, workers and scheduler, one of the workers killed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory import wiring
from inventory.config import Settings
from tests.end_to_end.stack import Stack, stack
from tests.events import logs
from tests.events.rehearsal import Rehearsal

LINES = 20_000


@pytest.fixture
def running() -> Iterator[Stack]:
    with stack(events_line_delay=0.0004) as running:
        running.start()
        yield running


def test_every_line_is_kept_or_rejected_once_though_a_worker_is_killed(running: Stack, tmp_path: Path) -> None:
    file = tmp_path / "logs.jsonl"
    bad = logs.write(file, LINES, seed=11, bad=0.01)
    rehearsal = Rehearsal(running, file)
    rehearsal.upload()
    rehearsal.wait_for(lambda job: job["processed"] > LINES / 10, 60)
    rehearsal.kill_a_worker()

    job = rehearsal.wait_for_end(150)

    assert (job["status"], job["total"], job["error"]) == ("completed", LINES, None)
    assert (job["succeeded"], job["failed"], job["rejected"]) == (LINES - len(bad), 0, len(bad))
    assert rehearsal.rejected() == sorted(bad)
    store = wiring.open_store(Settings(data_dir=running.folder))
    assert sorted(rehearsal.kept(store)) == sorted(set(range(1, LINES + 1)) - bad)
    store.close()
