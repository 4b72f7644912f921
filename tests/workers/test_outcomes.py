"""What the dashboard says of a record or a job that an RQ job named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inventory.jobs.model import Counts, Job, JobStatus
from inventory.records.model import Failure, Record, State, Target
from workers import outcomes

NOW = datetime(2026, 1, 31, tzinfo=UTC)
LATER = NOW + timedelta(seconds=9)
FAILURE = Failure("dns_failure", "There is no such name.", False, 1, NOW, NOW)
DUE = Record(Target("webpage", "http://a.test/", "a.test"), State.PENDING, NOW, NOW, NOW, 0, 0)
STORED = replace(DUE, state=State.STORED, due_at=None, fence=1)
FAILED = replace(DUE, state=State.FAILED, due_at=None, fence=1, failure=FAILURE)


@pytest.mark.parametrize(
    ("before", "after", "settled", "told"),
    [
        (DUE, STORED, 1, "stored"),
        (DUE, STORED, 2, "stored; this RQ job collected 2"),
        (DUE, STORED, 1_201, "stored; this RQ job collected 1,201"),
        (DUE, FAILED, 1, "failed: dns_failure"),
        (DUE, replace(DUE, fence=1, attempt=1, failure=FAILURE), 1, "to be tried again: dns_failure"),
        (DUE, replace(DUE, fence=1, due_at=LATER), 0, "waits for its host"),
        (DUE, replace(DUE, fence=1, due_at=LATER), 3, "waits for its host; this RQ job collected 3"),
        (DUE, DUE, 0, "not collected yet"),
        (DUE, replace(DUE, failure=FAILURE), 0, "not collected yet"),
        (DUE, replace(DUE, state=State.RUNNING, fence=1), 0, "being collected by another worker"),
        (STORED, STORED, 0, "already collected"),
        (STORED, STORED, 12, "already collected; this RQ job collected 12"),
        (FAILED, FAILED, 0, "already failed: dns_failure"),
        (DUE, None, 0, "deleted"),
        (None, None, 0, "deleted"),
    ],
)
def test_what_became_of_a_record(before: Record | None, after: Record | None, settled: int, told: str) -> None:
    assert outcomes.of_record(before, after, settled=settled, now=NOW) == told


@pytest.mark.parametrize(
    ("job", "settled", "told"),
    [
        (Job("a", "urls", NOW, status=JobStatus.RUNNING), 0, "running: 0 rows"),
        (
            Job("a", "urls", NOW, status=JobStatus.RUNNING, total=5_000, counts=Counts(1_200)),
            40,
            "running: 1,200 of 5,000 rows, and 40 collected",
        ),
        (Job("a", "urls", NOW, status=JobStatus.COMPLETED, total=2, counts=Counts(1, 1)), 0, "completed: 2 of 2 rows"),
        (None, 3, "deleted"),
    ],
)
def test_how_far_a_job_came(job: Job | None, settled: int, told: str) -> None:
    assert outcomes.of_job(job, settled=settled) == told
