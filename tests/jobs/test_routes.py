"""Jobs as callers list, look at, cancel and retry them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fakeredis
import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.config import Settings
from inventory.jobs.chunks import upload_name
from inventory.jobs.model import LONGEST_INPUT, Row, RowOutcome
from inventory.services import Services
from tests.fakes import FakeClock
from tests.jobs.course import Course

JOBS = "/api/v1/jobs"
SUCCEEDED, FAILED, REJECTED = RowOutcome.SUCCEEDED, RowOutcome.FAILED, RowOutcome.REJECTED


@pytest.fixture
def course(services: Services, clock: FakeClock) -> Course:
    return Course(services.store, clock(), rows=4)


def finished(course: Course, clock: FakeClock, *outcomes: RowOutcome) -> Course:
    return course.begin(clock()).go_on(clock(), *outcomes).end(clock())


def follow_pages(client: FlaskClient, path: str, members: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = client.get(f"{path}{'&' if '?' in path else '?'}limit=2{cursor and f'&cursor={cursor}'}").json
        yield from page[members]
        if page["next_cursor"] is None:
            return
        cursor = page["next_cursor"]


def test_a_job_says_how_far_it_has_come(client: FlaskClient, course: Course, clock: FakeClock) -> None:
    course.begin(clock())
    clock.forward(2)
    course.go_on(clock(), SUCCEEDED, FAILED)

    assert client.get(f"{JOBS}/{course.id}").json == {
        "job_id": course.id,
        "kind": "urls",
        "file_name": "urls.csv",
        "file_size": 40,
        "format": None,
        "status": "running",
        "total": 4,
        "processed": 2,
        "succeeded": 1,
        "failed": 1,
        "rejected": 0,
        "bytes_read": 0,
        "percent": 50.0,
        "rate": 1.0,
        "eta_seconds": 2,
        "created_at": "2026-01-31T12:00:00.123Z",
        "started_at": "2026-01-31T12:00:00.123Z",
        "finished_at": None,
        "error": None,
    }


def test_jobs_are_listed_newest_first_in_pages(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    ids = []
    for _ in range(5):
        ids.append(Course(services.store, clock()).id)
        clock.forward(1)

    assert [job["job_id"] for job in follow_pages(client, JOBS, "jobs")] == ids[::-1]


def test_jobs_are_listed_by_status(client: FlaskClient, services: Services, course: Course, clock: FakeClock) -> None:
    services.jobs.cancel(Course(services.store, clock()).id)

    assert [job["job_id"] for job in client.get(f"{JOBS}?status=queued").json["jobs"]] == [course.id]
    assert [job["status"] for job in client.get(f"{JOBS}?status=cancelled").json["jobs"]] == ["cancelled"]
    assert client.get(f"{JOBS}?status=completed").json == {"jobs": [], "next_cursor": None}


@pytest.mark.parametrize("query", ["status=done", "limit=0", "limit=201", "cursor=x", "page=2"])
def test_a_listing_that_cannot_be_meant_is_refused(client: FlaskClient, course: Course, query: str) -> None:
    for path in (JOBS, f"{JOBS}/{course.id}/rows"):
        answer = client.get(f"{path}?{query}")

        assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
        assert list(answer.json["errors"]) == [query.partition("=")[0]]


@pytest.mark.parametrize("cursor", ["LTE=", "OTIyMzM3MjAzNjg1NDc3NTgwOA==", "MS41", "4pmr", "IA==", "%F0%9F%99%82"])
def test_a_cursor_that_is_no_row_number_is_refused(client: FlaskClient, course: Course, cursor: str) -> None:
    assert client.get(f"{JOBS}/{course.id}/rows?cursor={cursor}").status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/rows"), ("POST", "/cancel"), ("POST", "/retry"), ("GET", "/events")],
)
@pytest.mark.parametrize("job_id", ["0" * 32, "nope", "%00", "%F0%9F%99%82", "x" * 5_000])
def test_a_job_that_there_is_not_is_404(client: FlaskClient, method: str, path: str, job_id: str) -> None:
    answer = client.open(f"{JOBS}/{job_id}{path}", method=method)

    assert (answer.status_code, answer.json["code"]) == (404, "unknown_job")


def test_rows_are_listed_by_number_in_pages(client: FlaskClient, course: Course, clock: FakeClock) -> None:
    finished(course, clock, SUCCEEDED, FAILED, SUCCEEDED, REJECTED)

    rows = list(follow_pages(client, f"{JOBS}/{course.id}/rows", "rows"))

    assert [(row["row"], row["outcome"]) for row in rows] == [
        (1, "succeeded"),
        (2, "failed"),
        (3, "succeeded"),
        (4, "rejected"),
    ]
    assert rows[1] == {
        "row": 2,
        "input": "http://example.test/2",
        "outcome": "failed",
        "record_id": None,
        "detail": "There is no such host.",
        "code": "dns_failure",
        "finished_at": "2026-01-31T12:00:00.123Z",
    }


def test_rows_are_listed_by_outcome(client: FlaskClient, course: Course, clock: FakeClock) -> None:
    finished(course, clock, FAILED, SUCCEEDED, FAILED, FAILED)

    failed = follow_pages(client, f"{JOBS}/{course.id}/rows?outcome=failed", "rows")

    assert [row["row"] for row in failed] == [1, 3, 4]


def test_rows_are_a_file_if_csv_is_requested(client: FlaskClient, course: Course, clock: FakeClock) -> None:
    course.begin(clock())
    course.write(
        clock(), [Row(1, "=1+1", REJECTED, clock(), code="invalid_url", detail="No."), Row(2, "b", FAILED, clock())]
    )

    answer = client.get(f"{JOBS}/{course.id}/rows?outcome=rejected&limit=1", headers={"Accept": "text/csv"})

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{course.id}-rejected.csv"'
    assert answer.headers["Vary"] == "Accept"
    assert answer.text.splitlines() == [
        "row,input,outcome,record_id,detail,code,finished_at",
        "1,'=1+1,rejected,,No.,invalid_url,2026-01-31T12:00:00.123Z",
    ]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html,*/*;q=0.8", "text/csv;q=0.1, */*", ""])
def test_rows_are_json_for_anybody_else(client: FlaskClient, course: Course, accept: str) -> None:
    assert client.get(f"{JOBS}/{course.id}/rows", headers={"Accept": accept}).json == {"rows": [], "next_cursor": None}


def test_a_file_of_rows_has_all_of_them_and_takes_a_slot_until_it_is_sent(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    course = Course(services.store, clock(), rows=2_500)
    course.begin(clock()).go_on(clock(), *[SUCCEEDED] * 2_500)
    slots = [services.streams.slots.take(None) for _ in range(services.settings.live_streams - 1)]
    path, csv = f"{JOBS}/{course.id}/rows", {"Accept": "text/csv"}

    with client.get(path, headers=csv, buffered=False) as answer:
        assert client.get(path, headers=csv).json["code"] == "too_many_streams"
        assert client.get(path).status_code == 200
        assert answer.text.count("\r\n") == 2_501

    assert client.get(path, headers=csv).status_code == 200
    for slot in slots:
        slot.close()


def test_a_cancelled_job_keeps_what_its_rows_came_to(client: FlaskClient, course: Course, clock: FakeClock) -> None:
    course.begin(clock()).go_on(clock(), SUCCEEDED)

    answer = client.post(f"{JOBS}/{course.id}/cancel")

    assert answer.status_code == 200
    assert answer.json == client.get(f"{JOBS}/{course.id}").json
    assert (answer.json["status"], answer.json["processed"]) == ("cancelled", 1)
    assert answer.json["finished_at"] is not None


def test_who_follows_a_job_is_told_that_it_was_cancelled(
    client: FlaskClient, course: Course, redis: fakeredis.FakeRedis
) -> None:
    with redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(f"inventory:job:{course.id}")
        channel.get_message(timeout=1)
        client.post(f"{JOBS}/{course.id}/cancel")

        assert channel.get_message(timeout=1)


def test_a_finished_job_cannot_be_cancelled(client: FlaskClient, course: Course, clock: FakeClock) -> None:
    client.post(f"{JOBS}/{course.id}/cancel")

    answer = client.post(f"{JOBS}/{course.id}/cancel")

    assert (answer.status_code, answer.json["code"]) == (409, "job_finished")
    assert "is cancelled" in answer.json["detail"]


class TestRetrying:
    """Failed rows, again."""

    def test_failed_rows_become_a_new_job_of_their_own(
        self, client: FlaskClient, services: Services, clock: FakeClock, redis: fakeredis.FakeRedis
    ) -> None:
        course = Course(services.store, clock(), options={"column": "Address", "file_format": {}, "fresh_for": 60})
        finished(course, clock, FAILED, SUCCEEDED, REJECTED, FAILED)
        clock.forward(1)

        answer = client.post(f"{JOBS}/{course.id}/retry")

        assert (answer.status_code, answer.json["status"]) == (202, "queued")
        assert answer.headers["Location"] == f"{JOBS}/{answer.json['job_id']}"
        assert (answer.json["kind"], answer.json["file_name"]) == ("urls", "urls.csv.failed.jsonl")
        content = services.files.get(upload_name(answer.json["job_id"]))
        assert [json.loads(line) for line in content.splitlines()] == [
            {"url": "http://example.test/1", "row": 1},
            {"url": "http://example.test/4", "row": 4},
        ]
        assert answer.json["file_size"] == len(content)
        assert services.jobs.find(answer.json["job_id"]).options == {"fresh_for": 60, "retry_of": course.id}
        assert redis.llen("rq:queue:jobs") == 1

    def test_the_new_job_is_worked_on_like_any_other(
        self, client: FlaskClient, services: Services, course: Course, clock: FakeClock
    ) -> None:
        finished(course, clock, FAILED, SUCCEEDED, SUCCEEDED, FAILED)
        again = services.jobs.retry(course.id)

        lines = [line for line, _ in services.job_types["urls"].input_rows(again)]

        assert [(line.row, line.text, line.code) for line in lines] == [
            (1, "http://example.test/1", None),
            (2, "http://example.test/4", None),
        ]

    def test_twice_the_same_retry_is_one_job_while_it_is_unfinished(
        self, client: FlaskClient, services: Services, course: Course, clock: FakeClock
    ) -> None:
        finished(course, clock, FAILED, FAILED, FAILED, FAILED)
        first, second = (client.post(f"{JOBS}/{course.id}/retry").json["job_id"] for _ in range(2))
        client.post(f"{JOBS}/{first}/cancel")
        third = client.post(f"{JOBS}/{course.id}/retry").json["job_id"]

        assert first == second != third
        assert set(services.files.names("uploads", limit=9)) == {upload_name(first), upload_name(third)}

    def test_equal_rows_of_another_job_are_another_job(self, services: Services, clock: FakeClock) -> None:
        courses = [finished(Course(services.store, clock()), clock, *[FAILED] * 4) for _ in range(2)]

        assert len({services.jobs.retry(course.id).id for course in courses}) == 2

    def test_a_retry_of_a_retry_does_not_grow_its_name(self, services: Services, clock: FakeClock) -> None:
        course = Course(services.store, clock(), file_name="urls.csv.failed.jsonl")

        assert services.jobs.retry(finished(course, clock, *[FAILED] * 4).id).file_name == "urls.csv.failed.jsonl"

    def test_a_truncated_input_is_taken_whole_from_its_record(self, services: Services, clock: FakeClock) -> None:
        url = f"http://example.test/{'x' * 1_500}"
        target = services.records.target("webpage", url)
        services.acceptances.collect_soon(target)
        course = Course(services.store, clock(), rows=2).begin(clock())
        truncated = url[:LONGEST_INPUT]
        rows = [
            Row(1, truncated, FAILED, clock(), record_id=target.id),
            Row(2, truncated, FAILED, clock(), record_id="0" * 32),
        ]
        course.write(clock(), rows).end(clock())

        content = services.files.get(upload_name(services.jobs.retry(course.id).id))

        assert [json.loads(line) for line in content.splitlines()] == [{"url": url, "row": 1}, {"url": None, "row": 2}]

    @pytest.mark.parametrize("outcome", [SUCCEEDED, REJECTED])
    def test_a_job_without_failed_rows_is_not_retryable(
        self, client: FlaskClient, course: Course, clock: FakeClock, outcome: RowOutcome
    ) -> None:
        finished(course, clock, *[outcome] * 4)

        answer = client.post(f"{JOBS}/{course.id}/retry")

        assert (answer.status_code, answer.json["code"]) == (409, "not_retryable")
        assert "no failed rows" in answer.json["detail"]

    def test_an_unfinished_job_is_not_retryable(self, client: FlaskClient, course: Course, clock: FakeClock) -> None:
        course.begin(clock()).go_on(clock(), FAILED)

        answer = client.post(f"{JOBS}/{course.id}/retry")

        assert (answer.status_code, answer.json["code"]) == (409, "not_retryable")
        assert "is running" in answer.json["detail"]

    def test_rows_of_a_type_without_a_retry_member_are_not_retryable(
        self, client: FlaskClient, services: Services, clock: FakeClock
    ) -> None:
        course = finished(Course(services.store, clock(), kind="events"), clock, *[FAILED] * 4)

        assert client.post(f"{JOBS}/{course.id}/retry").json["code"] == "not_retryable"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/x"), ("GET", "/x/rows"), ("POST", "/x/cancel"), ("POST", "/x/retry"), ("GET", "")]
)
def test_a_store_that_is_away_is_503(tmp_path: Path, method: str, path: str) -> None:
    (tmp_path / "file").touch()
    client = create_app(Settings(data_dir=tmp_path, store_url=f"sqlite:///{tmp_path}/file/store")).test_client()

    answer = client.open(f"{JOBS}{path}", method=method)

    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert "Retry-After" in answer.headers
