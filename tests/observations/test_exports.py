"""`GET /api/v1/search/export`: all targets, as CSV and as JSON lines."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory.errors import StorageUnavailable
from inventory.observations.service import PAGE, SearchService
from inventory.policy.verdicts import Verdicts
from inventory.services import Services
from inventory.slots import Slots
from tests.fakes import FakeClock, Replacing
from tests.observations.conftest import Fleet

NGINX = [("Server", "nginx")]


def rows(client: FlaskClient, **query: Any) -> list[dict[str, str]]:
    answer = client.get("/api/v1/search/export", query_string=query)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    assert answer.data.count(b"\r\n") == answer.data.count(b"\n"), "RFC 4180"
    return list(csv.DictReader(io.StringIO(answer.data.decode(), newline="")))


def lines(client: FlaskClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/search/export", query_string={"format": "jsonl", **query})
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_target_is_a_row(fleet: Fleet, client: FlaskClient) -> None:
    first = fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/")

    assert rows(client, q="header.server:nginx") == [
        {
            "id": first,
            "source": "webpage",
            "url": "http://a.test/",
            "status": "stored",
            "collected_at": "2026-01-31T12:00:01.123Z",
        }
    ]
    assert [row["url"] for row in rows(client)] == ["http://b.test/", "http://a.test/"]
    assert rows(client, q="status:500") == []
    assert lines(client, q="status:500") == []


def test_what_is_shown_is_a_row_each_and_a_target_without_any_has_one(fleet: Fleet, client: FlaskClient) -> None:
    fleet.collect("http://a.test/", [*NGINX, ("Server", "second"), ("Date", "Sat, 31 Jan 2026 12:00:00 GMT")])
    fleet.collect("http://b.test/")

    found = rows(client, show="header.server,header.date")

    assert [(row["url"], row["field"], row["value"], row["volatile"], row["gone"]) for row in found] == [
        ("http://b.test/", "", "", "", ""),
        ("http://a.test/", "header.date", "{date}", "true", ""),
        ("http://a.test/", "header.server", "nginx", "false", ""),
        ("http://a.test/", "header.server", "second", "false", ""),
    ]


def test_a_line_of_json_is_the_document_of_a_target(fleet: Fleet, client: FlaskClient) -> None:
    fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/")

    page = client.get("/api/v1/search?show=header.*").json
    assert page is not None
    assert lines(client, show="header.*") == page["targets"]
    assert "observations" not in lines(client)[0]


@pytest.mark.parametrize("value", ["=1+1", "@SUM(A1)", "-2", "+2", "\t=1", "a;=1", 'a"b,c\r\nd', "\0=1", "＝1", ""])
def test_no_spreadsheet_finds_a_formula_and_the_value_can_be_read(fleet: Fleet, client: FlaskClient, value: str) -> None:
    fleet.collect("http://a.test/", [("X-Cell", value)])

    [row] = rows(client, show="header.x-cell")

    assert row["value"].replace("'", "") == value
    assert row["value"][:1] not in ("=", "+", "-", "@", "\t", "\r", "\0", "＝")
    assert lines(client, show="header.x-cell")[0]["observations"][0]["value"] == value


def test_it_is_an_attachment_with_a_name(fleet: Fleet, client: FlaskClient) -> None:
    for form in ("csv", "jsonl"):
        answer = client.get(f"/api/v1/search/export?format={form}")
        name = f'attachment; filename="search-2026-01-31T120000.123Z.{form}"'
        assert answer.headers["Content-Disposition"] == name


@pytest.mark.parametrize(
    ("query", "named"),
    [("format=xml", "format"), ("limit=1", "limit"), ("cursor=a", "cursor"), ("show=statu", "show"), ("q=a", "q")],
)
def test_what_it_does_not_take_is_a_problem(client: FlaskClient, query: str, named: str) -> None:
    answer = client.get(f"/api/v1/search/export?{query}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, [named])


def test_all_pages_are_sent_and_what_is_collected_meanwhile_once(fleet: Fleet, services: Services, clock: FakeClock) -> None:
    """What is collected while an export runs moves to the front, where the export has been already."""
    urls = [f"http://h.test/{number}" for number in range(2 * PAGE + 10)]
    for url in urls:
        fleet.collect(url)
    question = services.search.question("")
    pages = services.search.pages(question, show=())

    sent = [each.record.target.key for each in next(pages)]
    fleet.collect(urls[0])  # it was to come last
    fleet.collect(urls[-1])  # it came first
    fleet.collect("http://new.test/")
    sent += [each.record.target.key for page in pages for each in page]

    assert sorted(sent) == sorted([*urls, "http://new.test/"])


def test_an_export_ends_however_much_is_collected_meanwhile(fleet: Fleet, services: Services) -> None:
    fleet.collect("http://h.test/0")
    pages = services.search.pages(services.search.question(""), show=())

    count = 0
    for _ in pages:
        count += 1
        fleet.collect(f"http://h.test/{count}")

    assert count < 50


def test_the_store_going_away_ends_an_export_with_an_error(fleet: Fleet, services: Services, clock: FakeClock) -> None:
    for number in range(PAGE + 1):
        fleet.collect(f"http://h.test/{number}")

    class Away:
        asked = 0

        def search(self, *args: Any, **how: Any) -> Any:
            self.asked += 1
            if self.asked > 1:
                raise StorageUnavailable("away")
            return services.store.observations.search(*args, **how)

    observations = Replacing(services.store.observations, search=Away().search)
    verdicts = Verdicts(services.store.policies, services.store.observations, ())
    search = SearchService(observations, services.records, verdicts, clock=clock, slots=Slots(1))  # type: ignore[arg-type]
    pages = search.pages(search.question(""), show=())

    assert len(next(pages)) == PAGE
    with pytest.raises(StorageUnavailable):
        next(pages)
