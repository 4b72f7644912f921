"""`POST /imports`: a file that is accepted is durable and a job; of any other nothing is kept."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import fakeredis
import pytest
from flask.testing import FlaskClient
from rq import Queue
from rq.serializers import JSONSerializer
from werkzeug.test import TestResponse

from inventory import create_app, wiring
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.files import Files
from inventory.imports.service import ImportRequest, ImportService
from inventory.imports.upload import Upload
from inventory.jobs.chunks import upload_name
from inventory.jobs.model import Job, JobStatus, RowOutcome
from inventory.jobs.service import JobService
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb
from tests.jobs.actions import found, rows_of

IMPORTS = "/api/v1/imports"
CONTENT = b"url\nhttps://example.com/\n"
BOUNDARY = "edge"
FORMAT = {
    "line_format": "csv",
    "gzipped": False,
    "encoding": "utf-8",
    "delimiter": "\x1f",
    "header": True,
    "first_line": 2,
    "column": 0,
    "member": None,
    "qualifiers": [],
    "shape": None,
    "column_name": "url",
    "sheets": [],
    "array": False,
    "width": 0,
    "begin": 0,
}
"""What is found out about that content, and kept with its job."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, upload_limit=1_000_000, retry_base=1.0)


def send(
    client: FlaskClient,
    content: bytes = CONTENT,
    file_name: str = "urls.csv",
    *,
    kind: str = "urls",
    key: str | None = None,
    **options: str,
) -> TestResponse:
    """Upload a file."""
    return client.post(
        IMPORTS,
        query_string={"kind": kind} | options,
        data={"file": (io.BytesIO(content), file_name)},
        headers={} if key is None else {"Idempotency-Key": key},
    )


def send_body(
    client: FlaskClient, body: bytes, content_type: str = f"multipart/form-data; boundary={BOUNDARY}"
) -> TestResponse:
    """Upload whatever it is."""
    return client.post(IMPORTS, query_string={"kind": "urls"}, input_stream=io.BytesIO(body), content_type=content_type)


def part(content: bytes = CONTENT, name: str = "file", file_name: str | None = "urls.csv") -> bytes:
    """A part of a multipart body."""
    named = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def kept(services: wiring.Services) -> list[str]:
    """The names of all uploads that are kept."""
    return list(services.files.names("uploads", limit=100))


def assert_refused(answer: TestResponse, services: wiring.Services, status: int, code: str) -> dict[str, Any]:
    """The answer is this problem, and nothing is kept and no worker woken; the problem."""
    assert (answer.status_code, answer.json and answer.json["code"]) == (status, code), answer.json
    assert answer.content_type == "application/problem+json"
    assert kept(services) == []
    assert services.store.jobs.listing(None, limit=10, after=None) == []
    assert answer.json is not None
    return dict(answer.json)


def test_a_file_becomes_a_job(client: FlaskClient, services: wiring.Services) -> None:
    answer = send(client, column="url", fresh_for="60")

    assert answer.status_code == 202
    job_id = answer.json and answer.json["job_id"]
    assert answer.json == client.get(answer.headers["Location"]).json
    assert answer.headers["Location"].endswith(f"/api/v1/jobs/{job_id}")
    job = services.store.jobs.find(str(job_id))
    assert job == Job(
        id=str(job_id),
        kind="urls",
        created_at=services.imports.clock(),
        file_name="urls.csv",
        file_size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        options={"column": "url", "fresh_for": 60, "file_format": FORMAT},
    )


def test_its_bytes_are_kept_as_they_were_sent(client: FlaskClient, services: wiring.Services) -> None:
    content = gzip.compress(b"".join(b"https://example.com/%d\n" % (n * 7919) for n in range(100_000)))
    answer = send(client, content, "urls.txt.gz")

    assert answer.status_code == 202
    assert services.files.get(upload_name(answer.json["job_id"])) == content  # type: ignore[index]
    assert len(content) > 65_536, "a body longer than any other route takes"


def test_a_worker_is_woken(client: FlaskClient, redis: fakeredis.FakeRedis) -> None:
    answer = send(client)

    (rq_job,) = Queue("jobs", connection=redis, serializer=JSONSerializer).jobs
    assert rq_job.args == [answer.json["job_id"]]  # type: ignore[index]


def test_a_202_does_not_need_redis(make_services: Build) -> None:
    server = fakeredis.FakeServer()
    server.connected = False
    services = make_services(redis=fakeredis.FakeRedis(server=server))

    assert send(create_app(services=services).test_client()).status_code == 202


@pytest.mark.parametrize("file_name", ["a.csv", "a.txt", "a.jsonl", "a.ndjson"])
@pytest.mark.parametrize("gzipped", [False, True])
def test_every_documented_form_is_taken(client: FlaskClient, file_name: str, gzipped: bool) -> None:
    content = b'"https://example.com/"\n'

    answer = send(client, gzip.compress(content) if gzipped else content, f"{file_name}.gz" if gzipped else file_name)

    assert answer.status_code == 202


def test_a_document_under_the_suffix_of_lines_is_read_as_a_whole(client: FlaskClient) -> None:
    answer = send(client, b'{"log": {"version": "1.2", "entries": [{"request": {"url": "https://a/"}}]}}', "har.json")

    assert (answer.status_code, answer.json and answer.json["format"]["name"]) == (202, "har")


def test_log_lines_are_taken(client: FlaskClient) -> None:
    content = b'{"time": "2026-01-31T12:00:00Z", "message": "x"}\nnot json\n'

    answer = send(client, content, "log.jsonl", kind="events")

    assert answer.status_code == 202
    assert answer.json is not None
    assert (answer.json["kind"], answer.json["status"], answer.json["file_name"]) == ("events", "queued", "log.jsonl")
    assert answer.json["format"] == {"name": "json", "encoding": "utf-8", "column": None, "delimiter": None}


def test_a_log_file_without_an_event_is_refused_with_what_it_has_and_may_be_sent_with_its_names(client: FlaskClient) -> None:
    content = b'{"when": "2026-01-31T12:00:00Z", "text": "x"}\n'

    answer = send(client, content, "log.json", kind="events")
    mapped = send(client, content, "log.json", kind="events", map="timestamp:when", service="checkout")

    assert (answer.status_code, mapped.status_code) == (422, 202)
    assert answer.json is not None
    assert "members 'when', 'text'. timestamp: Missing." in answer.json["detail"]


@pytest.mark.parametrize(
    ("name", "value"), [("map", "when:a"), ("map", ""), ("service", "a\nb"), ("format", "none"), ("format", "")]
)
def test_an_option_of_a_log_file_that_is_not_valid_is_named(client: FlaskClient, name: str, value: str) -> None:
    answer = send(client, b'{"time": "2026-01-31T12:00:00Z", "msg": "x"}\n', "a.log", kind="events", **{name: value})

    assert answer.status_code == 422
    assert answer.json is not None
    assert list(answer.json["errors"]) == [name]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("C:\\Users\\me\\urls.csv", "urls.csv"),
        ("../../etc/urls.csv", "urls.csv"),
        ("ü\u202e\n.csv", "ü.csv"),
        ("x" * 500 + ".csv", "x" * 251 + ".csv"),
    ],
)
def test_a_file_s_name_is_kept_without_folders(services: wiring.Services, sent: str, name: str) -> None:
    assert services.imports.accept(ImportRequest("urls"), Upload(sent, iter([CONTENT]))).file_name == name


def test_the_same_file_again_is_the_same_job_while_that_is_unfinished(
    client: FlaskClient, services: wiring.Services, clock: FakeClock
) -> None:
    first, second = send(client), send(client)

    assert first.json == second.json
    job_id = str(first.json and first.json["job_id"])
    assert kept(services) == [upload_name(job_id)]

    services.store.jobs.cancel(job_id, now=clock.now)
    third = send(client)
    assert third.status_code == 202
    assert third.json is not None
    assert third.json["job_id"] != job_id
    assert third.json["status"] == JobStatus.QUEUED


def test_the_same_file_for_something_else_is_another_job(client: FlaskClient) -> None:
    content = b'{"url": "https://a/", "home": "https://b/", "time": "2026-01-31T12:00:00Z", "level": "info"}\n'
    answers = [
        send(client, content, "a.jsonl"),
        send(client, content, "a.jsonl", column="home"),
        send(client, content, "a.jsonl", fresh_for="5"),
        send(client, content, "a.jsonl", kind="events"),
    ]

    assert len({answer.json["job_id"] for answer in answers if answer.json}) == 4


def test_the_format_found_at_the_upload_is_the_one_that_a_worker_reads_by(
    client: FlaskClient, services: wiring.Services
) -> None:
    answer = send(client, b"id,home\n1,https://a/\n", column="home")
    job = services.jobs.find((answer.json or {})["job_id"])
    services.files.put(upload_name(job.id), b"home,id\nhttps://b/,https://c/\n")

    assert [line.text for line, _ in services.job_types["urls"].input_rows(job)] == ["https://c/"]
    assert "file_format" not in str(answer.json)


def test_the_same_file_is_the_same_job_as_one_of_a_version_that_kept_no_format(
    client: FlaskClient, services: wiring.Services
) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    old = Job("a" * 32, "urls", services.imports.clock(), "urls.csv", len(CONTENT), digest, {}, "monday")
    services.store.jobs.create(old)
    services.files.put(upload_name(old.id), CONTENT)

    assert (send(client).json or {})["job_id"] == (send(client, key="monday").json or {})["job_id"] == old.id
    assert [line.text for line, _ in services.job_types["urls"].input_rows(old)] == ["https://example.com/"]


def test_the_same_key_is_the_same_job_also_when_that_is_finished(
    client: FlaskClient, services: wiring.Services, clock: FakeClock
) -> None:
    job_id = str((send(client, key="monday").json or {})["job_id"])
    services.store.jobs.cancel(job_id, now=clock.now)

    again = send(client, key="monday")

    assert again.status_code == 202
    assert again.json is not None
    assert (again.json["job_id"], again.json["status"]) == (job_id, "cancelled")
    assert kept(services) == [upload_name(job_id)]


@pytest.mark.parametrize(
    "other",
    [
        {"content": CONTENT + b"https://example.com/2\n"},
        {"fresh_for": "5"},
        {"content": b'"https://a/"\n', "file_name": "a.jsonl"},
    ],
)
def test_the_same_key_for_something_else_is_refused(
    client: FlaskClient, services: wiring.Services, other: dict[str, Any]
) -> None:
    job_id = str((send(client, key="monday").json or {})["job_id"])

    answer = send(client, **other, key="monday")

    assert answer.status_code == 422
    assert answer.json is not None
    assert list(answer.json["errors"]) == ["Idempotency-Key"]
    assert kept(services) == [upload_name(job_id)]


@pytest.mark.parametrize("key", ["", "x" * 129, "tab\there", "ü"])
def test_a_key_is_1_to_128_printable_characters(client: FlaskClient, services: wiring.Services, key: str) -> None:
    problem = assert_refused(send(client, key=key), services, 422, "invalid_request")

    assert list(problem["errors"]) == ["Idempotency-Key"]


def test_cities_are_refused_where_there_is_no_source_for_them(make_services: Build, web: FakeWeb) -> None:
    services = make_services(sources=[web])
    client = create_app(services=services).test_client()
    problem = assert_refused(send(client, b"city\nParis\n", kind="cities"), services, 422, "invalid_request")

    assert "cities" in problem["detail"]
    assert list(problem["errors"]) == ["kind"]


def test_the_documentation_names_the_kinds_that_there_are(make_services: Build, web: FakeWeb, client: FlaskClient) -> None:
    fewer = create_app(services=make_services(sources=[web])).test_client()

    assert documented_kinds(client) == ["urls", "cities", "events", "archive"]
    assert documented_kinds(fewer) == ["urls", "events", "archive"]


def documented_kinds(client: FlaskClient) -> list[str]:
    document = client.get("/openapi.json").json or {}
    [kind] = [each for each in document["paths"][IMPORTS]["post"]["parameters"] if each["name"] == "kind"]
    return list(kind["schema"]["enum"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "kind"),
        ({"kind": "cats"}, "kind"),
        ({"kind": "urls", "column": ""}, "column"),
        ({"kind": "urls", "column": "x" * 257}, "column"),
        ({"kind": "urls", "fresh_for": "-1"}, "fresh_for"),
        ({"kind": "urls", "fresh_for": "soon"}, "fresh_for"),
        ({"kind": "urls", "colunm": "url"}, "colunm"),
        ({"kind": "events", "column": "message"}, "column"),
        ({"kind": "events", "fresh_for": "5"}, "fresh_for"),
    ],
)
def test_a_parameter_that_cannot_be_meant_is_named(
    client: FlaskClient, services: wiring.Services, query: dict[str, str], field: str
) -> None:
    answer = client.post(IMPORTS, query_string=query, data={"file": (io.BytesIO(CONTENT), "urls.csv")})

    assert list(assert_refused(answer, services, 422, "invalid_request")["errors"]) == [field]


@pytest.mark.parametrize(
    ("content", "file_name", "status", "code"),
    [
        (b"", "a.csv", 422, "invalid_file"),
        (b"\n\n", "a.txt", 422, "invalid_file"),
        (b"url\n", "a.csv", 422, "invalid_file"),
        (b"id,name\n1,x\n", "a.csv", 422, "invalid_file"),
        (b"PK\x03\x04" + bytes(1_000), "a.csv", 422, "invalid_file"),
        (b"https://a/\n", "a.txt.gz", 422, "invalid_file"),
        (gzip.compress(b"url\n", mtime=0), "a.csv.gz", 422, "invalid_file"),
        (CONTENT, "a.docx", 415, "unsupported_media_type"),
        (CONTENT, "a.xlsx", 422, "invalid_file"),
        (CONTENT, "a", 415, "unsupported_media_type"),
        (b"not json\n" * 50_000, "a.jsonl", 422, "invalid_file"),
    ],
)
def test_a_file_that_cannot_become_a_job_leaves_nothing(
    client: FlaskClient, services: wiring.Services, content: bytes, file_name: str, status: int, code: str
) -> None:
    assert_refused(send(client, content, file_name), services, status, code)


@pytest.mark.parametrize("spare", [0, -1])
def test_an_upload_may_be_as_big_as_the_limit_and_no_bigger(
    client: FlaskClient, services: wiring.Services, settings: Settings, spare: int
) -> None:
    content = CONTENT + b"x" * (settings.upload_limit - len(CONTENT) - spare)

    answer = send_body(client, part(content) + END)

    if spare < 0:
        assert "1,000,000 bytes" in assert_refused(answer, services, 413, "upload_too_large")["detail"]
    else:
        assert answer.status_code == 202


def test_a_body_that_says_it_is_too_big_is_not_even_begun(client: FlaskClient, services: wiring.Services) -> None:
    class Untouchable(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError("it was read")

    answer = client.post(
        IMPORTS,
        query_string={"kind": "urls"},
        input_stream=Untouchable(),
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
        environ_overrides={"CONTENT_LENGTH": str(2**40)},
    )

    assert_refused(answer, services, 413, "upload_too_large")


def test_other_routes_still_take_little(client: FlaskClient) -> None:
    assert client.post("/api/v1/metadata", json={"url": "x" * 70_000}).status_code == 413


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/csv", "", "application/x-www-form-urlencoded", "multipart/mixed"]
)
def test_another_content_type_is_refused(client: FlaskClient, services: wiring.Services, content_type: str) -> None:
    problem = assert_refused(send_body(client, CONTENT, content_type), services, 415, "unsupported_media_type")

    assert "multipart/form-data" in problem["detail"]


WHOLE = part() + END
BAD_BODIES = {
    "nothing": (b"", "body"),
    "no part": (END, "file"),
    "no boundary": (CONTENT, "body"),
    "another field": (part(name="upload") + END, "file"),
    "a field without a name": (WHOLE.replace(b' name="file";', b""), "file"),
    "a text instead of a file": (part(file_name=None) + END, "file"),
    "no file chosen": (part(b"", file_name="") + END, "file"),
    "a second file": (part() + part(b"x") + END, "file"),
    "another field after it": (part() + part(b"x", "column", None) + END, "file"),
    "another field with a long name": (part() + part(b"x", "c" * 100_000, None) + END, "file"),
    "a part without a disposition": (WHOLE.replace(b"Content-Disposition", b"X"), "body"),
    "a head that is not UTF-8": (WHOLE.replace(b"urls.csv", b"\xff\xfe.csv"), "body"),
    "an endless head": (f"--{BOUNDARY}\r\nX: ".encode() + b"x" * 900_000, "body"),
    "an endless preamble": (b"x" * 900_000, "body"),
    "incomplete in the head": (WHOLE[:40], "body"),
    "incomplete in the file": (part()[:-10], "body"),
    "incomplete before the last boundary": (part(), "body"),
    "incomplete in the last boundary": (WHOLE[:-5], "body"),
}


@pytest.mark.parametrize(("body", "field"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_not_one_whole_file_leaves_nothing(
    client: FlaskClient, services: wiring.Services, body: bytes, field: str
) -> None:
    problem = assert_refused(send_body(client, body), services, 422, "invalid_request")

    assert list(problem["errors"]) == [field]
    assert len(str(problem)) < 2_000


def test_a_content_type_without_a_boundary_is_refused(client: FlaskClient, services: wiring.Services) -> None:
    assert_refused(send_body(client, WHOLE, "multipart/form-data"), services, 422, "invalid_request")


def test_content_that_looks_like_the_boundary_is_content(client: FlaskClient, services: wiring.Services) -> None:
    content = b"https://a/\r\n--edg\r\n-- edge\r\n--edges\r\n" * 5_000 + b"https://b/"
    answer = send_body(client, part(content, file_name="a.txt") + END)

    assert answer.status_code == 202
    assert services.files.get(upload_name(answer.json["job_id"])) == content  # type: ignore[index]


def test_as_many_uploads_as_there_are_slots_are_received_at_once(client: FlaskClient, services: wiring.Services) -> None:
    slots = [services.imports.slots.take(None) for _ in range(4)]
    for slot in slots:
        slot.__enter__()

    refused = send(client)
    for slot in slots:
        slot.__exit__(None, None, None)

    assert_refused(refused, services, 429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert send(client).status_code == 202


def pieces(services: wiring.Services) -> Iterator[bytes]:
    """A file whose bytes are already on their way to the store when its last ones arrive."""
    yield CONTENT
    for _ in range(200):
        yield b"https://example.com/\n" * 10_000
        remnants = list(Path(str(services.settings.data_dir)).glob("files/uploads/*"))
        if remnants and remnants[0].stat().st_size > 0:
            return
    raise AssertionError("all of it was kept in memory")


def test_a_file_is_written_while_it_arrives(services: wiring.Services, redis: fakeredis.FakeRedis) -> None:
    service = importing(services, services.files, services.store.jobs, upload_limit=2**30)

    assert service.accept(ImportRequest("urls"), Upload("a.csv", pieces(services))).file_size


def importing(services: wiring.Services, files: Files, jobs: Any, upload_limit: int = 1_000_000) -> ImportService:
    """The service with other stores."""
    service = JobService(jobs, services.job_types, services.records, files, services.notifier, clock=services.imports.clock)
    return ImportService(
        service, files, services.job_types, upload_limit=upload_limit, slots=1, waiting=0, clock=services.imports.clock
    )


class SilentJobs:
    """A store of jobs whose answers do not arrive, although it did what it was asked to, or did not."""

    def __init__(self, store: Any, *, does: bool) -> None:
        self._store, self._does = store, does

    def create(self, job: Job) -> Job:
        if self._does:
            self._store.jobs.create(job)
        raise StorageUnavailable("no answer")


@pytest.mark.parametrize("does", [False, True])
def test_when_the_store_does_not_answer_it_is_503_and_the_file_is_kept_for_a_job_that_may_exist(
    services: wiring.Services, does: bool
) -> None:
    silent = importing(services, services.files, SilentJobs(services.store, does=does))
    client = create_app(services=replace(services, imports=silent)).test_client()

    answer = send(client)

    assert (answer.status_code, answer.json and answer.json["code"]) == (503, "storage_unavailable")
    assert answer.headers["Retry-After"]
    (name,) = kept(services)
    assert services.store.jobs.existing([name.rpartition("/")[2]]) == (
        frozenset([name.rpartition("/")[2]]) if does else frozenset()
    )


def test_a_file_store_that_is_away_is_503(services: wiring.Services, tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("x")
    away = importing(services, Files(f"file://{tmp_path}/in%20the%20way/files"), services.store.jobs)
    client = create_app(services=replace(services, imports=away)).test_client()

    answer = send(client)

    assert_refused(answer, services, 503, "storage_unavailable")


def test_ids_of_jobs_can_be_given(services: wiring.Services, clock: FakeClock) -> None:
    service = ImportService(
        services.jobs, services.files, services.job_types,
        upload_limit=100, slots=1, waiting=0, clock=clock, new_id=lambda: "0" * 32,
    )  # fmt: skip

    assert service.accept(ImportRequest("urls"), Upload("a.csv", iter([CONTENT]))).id == "0" * 32


def test_a_row_is_followed_from_its_file_to_its_outcome_through_at_most_twelve_files(
    services: wiring.Services, clock: FakeClock
) -> None:
    features, ran = ("jobs", "imports", "records", "webpages"), set[str]()

    def note(frame: FrameType, event: str, arg: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.parent.name in features and path.parents[1].name == "inventory":
            ran.add(f"{path.parent.name}/{path.name}")

    job = services.imports.accept(ImportRequest("urls"), Upload("urls.csv", iter([CONTENT])))
    runner = services.job_runner()
    while not found(services, job.id).status.finished:
        sys.setprofile(note)
        try:
            runner.round()
        finally:
            sys.setprofile(None)
        services.collector.collect_due(slots=2, stopping=lambda: False)
        clock.forward(1)

    assert {row.outcome for row in rows_of(services, job.id)} == {RowOutcome.SUCCEEDED}
    assert {"jobs/runner.py", "imports/rows.py", "webpages/job_type.py", "records/service.py"} <= ran
    assert len(ran) <= 12, sorted(ran)
