"""The pages of jobs, as they are without script; and that no file's name becomes part of them."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from inventory.jobs.model import RowOutcome
from inventory.services import Services
from tests.fakes import FakeClock
from tests.jobs.course import Course

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

    assert shown.all("progress") == [{"id": "bar", "max": "100", "value": "0.0"}]
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
    assert shown.texts["started"] == "2026-01-31 12:00:00Z"
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
    [as_json] = [link for link in links if link and link.endswith("/rows?outcome=failed")]
    [as_csv] = [link for link in links if link and link.endswith("/rows.csv?outcome=failed")]

    assert [row["row"] for row in client.get(as_json).json["rows"]] == [1]
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

    assert any(EVIL in text for text in shown.texts.values())
    assert "alert(1)</script>" not in text
    assert [tag for tag, _ in shown.tags] == [tag for tag, _ in like.tags]


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{}", "/jobs/nope"])
def test_a_page_runs_and_wears_only_what_is_its_own(client: FlaskClient, course: Course, path: str) -> None:
    answer = client.get(path.format(course.id))
    policy = answer.headers["Content-Security-Policy"]
    shown = Page(answer.text)

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for element in (*shown.all("script"), *shown.all("style")):
        assert f"'nonce-{element['nonce']}'" in policy
        assert "src" not in element
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

    assert links[-2:] == [f"/jobs/{newer.id}", f"/jobs/{course.id}"]
    assert {"href": "/jobs"} in page(client, "/").all("a")


def test_without_jobs_the_list_says_how_to_make_one(client: FlaskClient) -> None:
    assert "There are none yet." in client.get("/jobs").text
