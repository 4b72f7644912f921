"""What a job's document says of its progress, at every edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.jobs.documents import job_document, row_document
from inventory.jobs.model import LIMITS, Counts, Job, JobStatus, Row, RowOutcome
from inventory.jobs.schemas import JobSchema, RowSchema
from inventory.masking import UNCONFIGURED
from inventory.web_api.blueprint import example

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
QUEUED = Job("0" * 32, "urls", NOW, file_name="urls.csv", file_size=1_000)
RUNNING = replace(QUEUED, status=JobStatus.RUNNING, started_at=NOW)
PROGRESS = ("percent", "rate", "eta_seconds")


def progress(job: Job, after: float = 10.0) -> tuple[Any, ...]:
    """Percent, rate and time left, so many seconds after the job started."""
    document = job_document(job, NOW + timedelta(seconds=after))
    return tuple(document[name] for name in PROGRESS)


def done(succeeded: int, bytes_read: int = 0) -> Counts:
    return Counts(succeeded=succeeded, bytes_read=bytes_read)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        pytest.param(QUEUED, (0.0, None, None), id="queued"),
        pytest.param(replace(QUEUED, file_size=None), (None, None, None), id="queued, without a file"),
        pytest.param(RUNNING, (0.0, 0.0, None), id="running, nothing done"),
        pytest.param(replace(RUNNING, counts=done(5)), (0.0, 0.5, None), id="rows done, but no batch"),
        pytest.param(replace(RUNNING, counts=done(50, 250)), (25.0, 5.0, 30), id="total unknown: by bytes"),
        pytest.param(replace(RUNNING, counts=done(50, 1_000)), (99.9, 5.0, 0), id="total unknown: never all"),
        pytest.param(replace(RUNNING, file_size=None, counts=done(50)), (None, 5.0, None), id="nothing to measure by"),
        pytest.param(replace(RUNNING, total=200, counts=done(50, 999)), (25.0, 5.0, 30), id="total known: by rows"),
        pytest.param(replace(RUNNING, total=3_000, counts=done(2_999)), (99.9, 299.9, 1), id="not quite all is not all"),
        pytest.param(replace(RUNNING, total=200, counts=done(200)), (100.0, 20.0, 0), id="all rows, not ended yet"),
        pytest.param(replace(RUNNING, total=0), (100.0, 0.0, None), id="no rows at all"),
    ],
)
def test_progress_is_told_as_far_as_it_is_known(job: Job, expected: tuple[Any, ...]) -> None:
    assert progress(job) == expected


def test_a_finished_job_stands_still_however_much_later_it_is_looked_at() -> None:
    job = replace(
        RUNNING, status=JobStatus.COMPLETED, finished_at=NOW + timedelta(seconds=4), total=8, counts=done(8, 1_000)
    )

    assert progress(job, after=4) == progress(job, after=9_999) == (100.0, 2.0, 0)


def test_a_cancelled_job_has_no_time_left_and_keeps_what_was_done() -> None:
    job = replace(RUNNING, status=JobStatus.CANCELLED, finished_at=NOW + timedelta(seconds=4), counts=done(2, 100))

    assert progress(job) == (10.0, 0.5, 0)


def test_a_job_that_ended_in_the_millisecond_in_which_it_started_has_no_rate() -> None:
    job = replace(RUNNING, status=JobStatus.COMPLETED, finished_at=NOW, total=1, counts=done(1))

    assert progress(job) == (100.0, None, 0)


def test_a_clock_slower_than_the_worker_s_makes_no_rate_and_no_time_left() -> None:
    assert progress(replace(RUNNING, total=100, counts=done(50)), after=-5) == (50.0, None, None)


def test_the_time_left_of_a_job_that_hardly_moves_is_finite() -> None:
    assert progress(replace(RUNNING, total=10**9, counts=done(1)), after=86_400)[2] == 86_400 * (10**9 - 1)


def test_documents_have_the_members_that_are_documented() -> None:
    row = Row(3, "http://h/", RowOutcome.REJECTED, NOW, code="invalid_url", detail="No.")

    limited = replace(RUNNING, options={LIMITS: ["*.example.com", "tag=shop"]})
    assert list(job_document(RUNNING, NOW)) == list(example("jobs/running"))
    assert list(job_document(limited, NOW)) == [*example("jobs/running"), "limits"]
    assert list(job_document(limited, NOW, with_owner=True)) == [*example("jobs/running"), "limits"]
    assert list(job_document(replace(limited, owner="1"), NOW, with_owner=True)) == list(JobSchema().fields)
    assert job_document(limited, NOW)["limits"] == ["*.example.com", "tag=shop"]
    assert list(row_document(row, UNCONFIGURED)) == list(RowSchema().fields) == list(example("jobs/rows")["rows"][0])
    assert row_document(row, UNCONFIGURED)["finished_at"] == "2026-01-31T12:00:00.000Z"


def test_what_is_said_of_a_row_is_masked_and_its_input_is_as_it_was_sent() -> None:
    text = "https://h.test/?token=abc and more"
    row = Row(3, text, RowOutcome.REJECTED, NOW, code="invalid_url", detail=f"'{text}' is more than a URL.")

    document = row_document(row, UNCONFIGURED)

    assert document["input"] == text
    assert document["detail"] == "'https://h.test/?token=*** and more' is more than a URL."
