"""The pages of jobs, as they are without script; and that no file's name becomes part of them."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.access.audit import AuditFilter
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.imports.multipart import MAX_FIELDS
from inventory.jobs.model import JobStatus, RowOutcome
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeClock, Replacing
from tests.jobs.actions import import_urls, work_to_the_end
from tests.jobs.course import Course
from tests.ui.logging_in import BROWSER, log_in, make_key, token_of

EVIL = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>'\"{{7*7}}\u2028.csv"
SUCCEEDED, FAILED = RowOutcome.SUCCEEDED, RowOutcome.FAILED


class Page(HTMLParser):
    """A page as a browser would take it apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = dict(attrs).get("id") or tag

    def handle_data(self, data: str) -> None:
        self.texts[self._inside] = self.texts.get(self._inside, "") + data.strip()

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def course(services: Services, clock: FakeClock) -> Course:
    return Course(services.store, clock(), rows=4)


def page(client: FlaskClient, path: str) -> Page:
    answer = client.get(path)
    assert answer.mimetype == "text/html"
    return Page(answer.text)


def test_a_job_that_waits_stands_at_nothing(client: FlaskClient, course: Course) -> None:
    shown = page(client, f"/jobs/{course.id}")

    assert shown.all("progress") == [{"id": "bar", "max": "100", "aria-label": "Progress", "value": "0.0"}]
    assert (shown.texts["h1"], shown.texts["status"], shown.texts["rows"]) == ("urls.csv", "queued", "0 of ?")
    assert (shown.texts["rate"], shown.texts["eta"], shown.texts["started"]) == ("–", "–", "–")


def test_a_job_that_runs_says_how_far_it_is_and_comes_again_by_itself(
    client: FlaskClient, course: Course, clock: FakeClock
) -> None:
    course.begin(clock())
    clock.forward(75)
    course.go_on(clock(), SUCCEEDED, FAILED)

    shown = page(client, f"/jobs/{course.id}")

    assert shown.all("progress")[0]["value"] == "50.0"
    assert (shown.texts["percent"], shown.texts["rows"], shown.texts["eta"]) == ("50.0 %", "2 of 4", "1 min 15 s")
    assert (shown.texts["succeeded"], shown.texts["failed"], shown.texts["rejected"]) == ("1", "1", "0")
    assert shown.texts["time"].startswith("2026-01-31 12:00:00Z" * 2), "created and started"
    assert {"http-equiv": "refresh", "content": "5"} in shown.all("meta")


def test_a_job_that_ended_stays_as_it_is(client: FlaskClient, course: Course, clock: FakeClock) -> None:
    course.begin(clock(), error="The file ends in the middle of row 5.").go_on(clock(), *[SUCCEEDED] * 4)
    clock.forward(7_500)
    course.end(clock())

    shown = page(client, f"/jobs/{course.id}")

    assert (shown.texts["status"], shown.texts["percent"]) == ("failed", "100.0 %")
    assert shown.texts["error"] == "The file ends in the middle of row 5."
    assert "refresh" not in str(shown.all("meta"))


def test_failed_rows_can_be_looked_at_and_had_as_a_file(client: FlaskClient, course: Course, clock: FakeClock) -> None:
    course.begin(clock()).go_on(clock(), FAILED, SUCCEEDED)

    links = [link["href"] for link in page(client, f"/jobs/{course.id}").all("a")]
    [failed] = [link for link in links if link and link.endswith(f"{course.id}?outcome=failed")]
    [as_csv] = [link for link in links if link and link.endswith("/rows.csv?outcome=failed")]

    text = client.get(failed).text
    assert "http://example.test/1" in text
    assert "dns_failure" in text
    assert "http://example.test/2" not in text
    assert client.get(as_csv, headers={"Accept": "text/html,*/*;q=0.8"}).text.count("\r\n") == 2


def test_a_file_of_rows_that_cannot_be_meant_is_refused(client: FlaskClient, course: Course) -> None:
    assert client.get(f"/jobs/{course.id}/rows.csv?outcome=all").status_code == 422
    assert client.get("/jobs/nope/rows.csv").status_code == 404


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{}"])
def test_a_file_s_name_is_text_and_nothing_else(
    services: Services, client: FlaskClient, clock: FakeClock, path: str
) -> None:
    course = Course(services.store, clock(), file_name=EVIL)
    harmless = Course(services.store, clock())

    text = client.get(path.format(course.id)).text
    shown, like = Page(text), page(client, path.format(harmless.id))

    assert any(EVIL.replace("\u2028", r"\u2028") in text for text in shown.texts.values())
    assert "alert(1)</script>" not in text
    assert [tag for tag, _ in shown.tags] == [tag for tag, _ in like.tags]
    assert "\u2028" not in text


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{}", "/jobs/nope"])
def test_a_page_runs_and_wears_only_what_is_its_own(client: FlaskClient, course: Course, path: str) -> None:
    answer = client.get(path.format(course.id))
    policy = answer.headers["Content-Security-Policy"]
    shown = Page(answer.text)

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for element in (*shown.all("script"), *shown.all("style")):
        assert f"'nonce-{element['nonce']}'" in policy
        assert (element["src"] or "").startswith("/static/")
    for _, attributes in shown.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    assert client.get(path.format(course.id)).headers["Content-Security-Policy"] != policy


def test_a_job_that_there_is_not_is_a_page_too(client: FlaskClient) -> None:
    answer = client.get("/jobs/<b>nope")

    assert answer.status_code == 404
    assert "There is no job &lt;b&gt;nope" in answer.text


def test_jobs_are_listed_newest_first_and_the_home_page_leads_to_them(
    client: FlaskClient, services: Services, course: Course, clock: FakeClock
) -> None:
    clock.forward(1)
    newer = Course(services.store, clock(), file_name=None)

    links = [link["href"] for link in page(client, "/jobs").all("a")]

    assert [link for link in links if link and re.fullmatch("/jobs/[0-9a-f]{32}", link)] == [
        f"/jobs/{newer.id}",
        f"/jobs/{course.id}",
    ]
    assert {"href": "/jobs"} in page(client, "/").all("a")


def test_without_jobs_the_list_says_how_to_make_one(client: FlaskClient) -> None:
    assert "There are none yet." in client.get("/jobs").text


def test_jobs_are_shown_by_status_and_in_pages(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    queued = [Course(services.store, clock()).id for _ in range(3)]
    cancelled = Course(services.store, clock()).cancel(clock()).id

    shown = client.get("/jobs?status=cancelled").text
    first = client.get("/jobs?status=queued&limit=2").text
    [following] = re.findall('href="([^"]+)" rel="next"', first)
    second = client.get(following.replace("&amp;", "&")).text

    assert f"/jobs/{cancelled}" in shown
    assert not any(job_id in shown for job_id in queued)
    assert sorted(job_id for job_id in queued if job_id in first + second) == sorted(queued)
    assert client.get("/jobs?status=nothing").status_code == 422


def send(client: FlaskClient, content: bytes = b"https://example.com/\n", name: str = "urls.txt", **fields: str) -> Any:
    """Send the form as a browser without JavaScript does."""
    return client.post("/jobs", data={"kind": "urls"} | fields | {"file": (io.BytesIO(content), name)}, headers=BROWSER)


def test_a_file_is_imported_by_a_form_alone(client: FlaskClient, services: Services) -> None:
    answer = send(client, column="", scheme="https", tag="prod, batch 7,", fresh_for="60", service="", map="", format="")

    [job] = services.jobs.listing(None, limit=9, after=None)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/jobs/{job.id}")
    assert {name: value for name, value in job.options.items() if name != "file_format"} == {
        "scheme": "https", "tag": ["prod", "batch 7"], "fresh_for": 60,
    }  # fmt: skip


def test_each_field_of_the_page_s_form_is_one_that_an_import_takes(client: FlaskClient, services: Services) -> None:
    shown = page(client, "/jobs")
    names = [each["name"] for tag in ("input", "select") for each in shown.all(tag) if each.get("name")]
    options = {option for each in services.imports.types.values() for option in each.options}

    assert {*names} == {"kind", "file", *options}
    assert [each["name"] for each in shown.all("input") if each.get("name")][-1] == "file", "what is before it is read first"


@pytest.mark.parametrize(
    ("content", "name", "fields", "status", "said"),
    [
        (b"", "urls.txt", {}, 422, "The file is empty."),
        (b"%PDF", "a.pdf", {}, 415, "of a type that this import does not take"),
        (b"x", "", {}, 422, "No file was chosen."),
        (b"one,two\nhttps://a.test/,https://b.test/\n", "a.csv", {}, 422, "Several columns have"),
        (b"https://a.test/\n", "a.txt", {"kind": "nothing"}, 422, "No import takes the kind"),
        (b"https://a.test/\n", "a.txt", {"fresh_for": "soon"}, 422, "Send seconds"),
        (b"Bern\n", "a.txt", {"kind": "cities", "scheme": "https"}, 422, "An import of cities does not take it."),
        (b"https://a.test/\n", "a.txt", {"column": "x" * MAX_FIELDS}, 422, "The fields before the file are too long."),
        (b"https://a.test/\n", "a.txt", {"other": "x"}, 422, "begins with a field other than file"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_beside_the_form(
    client: FlaskClient, services: Services, content: bytes, name: str, fields: dict[str, str], status: int, said: str
) -> None:
    answer = send(client, content, name, **({"tag": "kept"} | fields if fields.keys() <= {"fresh_for"} else fields))

    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert said in answer.text
    assert 'type="file"' in answer.text
    assert ("fresh_for" not in fields) or 'value="kept"' in answer.text
    assert services.jobs.listing(None, limit=9, after=None) == []


def test_a_file_that_is_too_large_is_refused_as_the_api_refuses_it(make_services: Build, settings: Settings) -> None:
    client = create_app(services=make_services(replace(settings, upload_limit=1_000))).test_client()

    for size in (1_001, 100_000):
        assert send(client, b"x" * size).status_code == 413


def test_a_form_gives_its_slot_back(client: FlaskClient, services: Services) -> None:
    for content in (b"", b"https://example.com/\n"):
        send(client, content)

    assert services.imports.slots._taken == []


def test_a_form_of_who_is_logged_in_needs_the_token_before_its_file(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))
    client = create_app(services=services).test_client()
    assert send(client).status_code == 303, "led to the login"
    assert log_in(client, make_key(services, "import", "read")).status_code == 303
    other = token_of(create_app(services=services).test_client())
    unread = Replacing(services.imports, accept=lambda *_: pytest.fail("The file was read."))
    careful = create_app(services=replace(services, imports=unread)).test_client()
    careful.set_cookie("inventory_session", client.get_cookie("inventory_session").value)  # type: ignore[union-attr]

    for fields in ({}, {"csrf_token": ""}, {"csrf_token": other}):
        answer = send(careful, **fields)
        assert (answer.status_code, "csrf_failed" in answer.text) == (403, True)
    token = str(page(client, "/jobs").all("form")[0]["data-token"])
    assert client.post("/jobs", query_string={"csrf_token": token}, headers=BROWSER).status_code != 303
    assert send(client, csrf_token=token).status_code == 303
    [job] = services.jobs.listing(None, limit=9, after=None)
    imported = services.audit.listing(AuditFilter(action="import.create"), limit=9, after=None)
    assert [each.target for each in imported if each.outcome == "done"] == [job.id]


def test_a_key_that_may_only_read_sees_no_form(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))
    client = create_app(services=services).test_client()
    log_in(client, make_key(services, "read"))
    job_id = Course(services.store, services.jobs.clock()).id

    assert 'type="file"' not in client.get("/jobs").text
    assert "Cancel" not in client.get(f"/jobs/{job_id}").text


def test_a_limited_key_sees_its_own_jobs_alone(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))
    client = create_app(services=services).test_client()
    everybody_s = Course(services.store, services.jobs.clock()).id
    log_in(client, make_key(services, "import:example.com"))
    token = str(page(client, "/jobs").all("form")[0]["data-token"])
    mine = send(client, csrf_token=token).headers["Location"]

    assert mine in client.get("/jobs").text
    assert everybody_s not in client.get("/jobs").text
    assert client.get(mine).status_code == 200
    assert client.get(f"/jobs/{everybody_s}").status_code == 404
    assert client.post(f"/jobs/{everybody_s}/cancel", data={"csrf_token": token}, headers=BROWSER).status_code == 404


def test_a_job_is_cancelled_and_retried_by_forms(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    course = Course(services.store, clock())
    assert ("post", f"/jobs/{course.id}/cancel") in forms(client, course.id)

    answer = client.post(f"/jobs/{course.id}/cancel")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/jobs/{course.id}")
    assert course.job.status is JobStatus.CANCELLED
    again = client.post(f"/jobs/{course.id}/cancel")
    assert (again.status_code, "it can no longer be cancelled" in again.text) == (409, True)

    failed = Course(services.store, clock()).begin(clock()).go_on(clock(), FAILED, *[SUCCEEDED] * 3).end(clock())
    assert ("post", f"/jobs/{failed.id}/retry") in forms(client, failed.id)
    answer = client.post(f"/jobs/{failed.id}/retry")
    assert answer.status_code == 303
    assert services.jobs.find(answer.headers["Location"].rpartition("/")[2]).options["retry_of"] == failed.id
    assert client.post(f"/jobs/{course.id}/retry").status_code == 409


def forms(client: FlaskClient, job_id: str) -> list[tuple[str | None, str | None]]:
    return [(form["method"], form["action"]) for form in page(client, f"/jobs/{job_id}").all("form")]


def test_rows_lead_to_their_records(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    job_id = import_urls(services, ["example.com/a?x=1&y=%3Cb%3E", "not a URL"], scheme="https")
    work_to_the_end(services, clock, job_id)

    shown = page(client, f"/jobs/{job_id}")

    links = [link["href"] for link in shown.all("a") if "/record?" in str(link["href"])]
    assert links == ["/record?url=https://example.com/a?x%3D1%26y%3D%253Cb%253E"]


def test_rows_are_shown_in_pages(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    course = Course(services.store, clock(), rows=60).begin(clock()).go_on(clock(), *[FAILED, SUCCEEDED] * 30)

    first = client.get(f"/jobs/{course.id}?outcome=failed&limit=20").text
    [following] = re.findall('href="([^"]+)" rel="next"', first)
    second = client.get(following.replace("&amp;", "&")).text

    assert "outcome=failed" in following
    assert re.findall("example.test/([0-9]+)<", first + second) == [str(number) for number in range(1, 61, 2)]


def test_while_the_store_is_away_a_form_says_so(make_services: Build) -> None:
    def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("The disk is gone.")

    services = make_services()
    services = replace(services, imports=Replacing(services.imports, accept=away))

    answer = send(create_app(services=services).test_client())

    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert answer.headers["Retry-After"] == "2"


def test_a_job_without_a_file_is_named_by_what_it_is(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    job_id = Course(services.store, clock(), file_name=None).id

    for path in ("/jobs", f"/jobs/{job_id}", "/"):
        assert f"Urls, {clock():%Y-%m-%d %H:%M:%S}Z" in client.get(path).text
