"""Without the scheduler, and without the fence, the rig must find what is wrong: otherwise it proves nothing."""

from __future__ import annotations

from random import Random

import pytest

from tests.end_to_end.stack import PYTHON
from tests.faults import conductor
from tests.faults.rig import WORKERS, rig
from tests.faults.stores import mongo_is_there

KINDS = ["sqlite", *(["mongo"] if mongo_is_there() else [])]


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_scheduler_what_was_accepted_is_lost(kind: str) -> None:
    with rig(kind) as running:
        running.start(*(name for name in running.commands if name != "scheduler"))
        row = conductor.run(
            running, "scheduler off", ["lose every wake up"], Random(1),
            accepted=20, rate=100, away=4, at_least=1, quiet_within=8,
        )  # fmt: skip

    assert not row.holds
    assert row.verdict.lost


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_fence_a_worker_that_was_overtaken_stores_twice(kind: str) -> None:
    with rig(kind) as running:
        for name in WORKERS:
            running.commands[name] = [PYTHON, "-m", "tests.faults.unfenced"]
        running.start()
        row = conductor.run(
            running, "fence removed", ["stop a worker beyond its lease"], Random(1), accepted=5, rate=20, away=1, at_least=1
        )  # fmt: skip

    assert not row.holds
    assert row.verdict.duplicates
