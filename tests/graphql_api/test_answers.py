"""What GraphQL answers is what the API answers, as far as it is selected."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.records.model import RecordWithSnapshot
from inventory.records.source import Collected
from inventory.services import Services
from inventory.webpages.source import Webpage
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing, content
from tests.graphql_api.conftest import Ask
from tests.graphql_api.selecting import everything, without_nulls
from tests.http_client.scripted import ScriptedTransport
from tests.jobs.actions import import_urls, work_to_the_end
from tests.webpages.actions import URL

RECORD = f"query ($url: String!) {{ record(url: $url) {everything('Record')} }}"
SEARCH = (
    "query ($q: String, $at: String, $show: String, $first: Int, $after: String)"
    f" {{ search(q: $q, at: $at, show: $show, first: $first, after: $after) {everything('SearchPage')} }}"
)
HOP = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nSet-Cookie: a=b; Max-Age=99999999999\r\nContent-Length: 0\r\n\r\n"
PAGE = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\nRefresh: 5\r\n"
    b"Set-Cookie: \xc3\xbc=1\r\nSet-Cookie: bad\r\nContent-Length: 58\r\n\r\n"
    b"<title>t</title><script src='//s.test/a.js'></script><p>\xc3\xbc"
)


def collect(client: FlaskClient, url: str = URL) -> Any:
    return client.post("/api/v1/metadata", json={"url": url}).json


def errors(answer: Any) -> list[tuple[list[str], str, int]]:
    """Path, code and status of each."""
    return [(each["path"], each["extensions"]["code"], each["extensions"]["status"]) for each in answer["errors"]]


def test_a_record_is_that_of_the_api(make_services: Build) -> None:
    source = Webpage(Fetcher(ScriptedTransport.of(HOP, PAGE), deadline=60, body_limit=10**6), Guard())
    client = create_app(services=make_services(sources=[source])).test_client()
    whole = collect(client)

    answer = client.post("/graphql", json={"query": RECORD, "variables": {"url": URL}}).json

    assert answer == {"data": answer["data"]}
    assert without_nulls(answer["data"]["record"]) == without_nulls(whole)
    assert whole["redirects"][0]["request"]
    assert whole["response"]["interim"]
    assert whole["cookies"][0]["max_age"] == 99_999_999_999
    assert whole["page"]["hosts"] == {"script": ["s.test"]}


def test_a_record_that_is_not_collected_yet_is_the_promise_of_it(client: FlaskClient, ask: Ask) -> None:
    promise = client.get("/api/v1/metadata", query_string={"url": URL}).json

    assert without_nulls(ask(RECORD, url=URL)["data"]["record"]) == promise


def test_nothing_is_collected_or_noted(ask: Ask, api: Ask, web: FakeWeb) -> None:
    answer = ask(RECORD, url=URL)

    assert answer["data"] == {"record": None}
    assert errors(answer) == [(["record"], "not_in_inventory", 404)]
    assert api("/records")["records"] == api("/history")["lookups"] == []
    assert not web.asked


def test_a_stale_record_says_so_and_is_left_alone(client: FlaskClient, ask: Ask, api: Ask, clock: FakeClock) -> None:
    collect(client)
    clock.forward(100)

    query = "query ($url: String!, $age: Int) { record(url: $url, max_age: $age) { stale } }"

    assert [ask(query, url=URL, age=age)["data"]["record"]["stale"] for age in (100, 99, None)] == [False, True, False]
    assert api("/records")["records"][0]["state"] == "stored"


def test_a_failure_is_told_as_by_the_api(client: FlaskClient, ask: Ask, web: FakeWeb) -> None:
    web.pages[URL] = SourceFailure("dns_failure", "There is no such host.", permanent=True)
    problem = collect(client)

    [error] = ask(RECORD, url=URL)["errors"]

    assert error["message"] == problem["detail"]
    assert error["extensions"] | {"request_id": ""} == {
        **{name: problem[name] for name in ("code", "status", "failure")}, "request_id": "",
    }  # fmt: skip


def test_one_error_leaves_the_rest(client: FlaskClient, ask: Ask) -> None:
    collect(client)

    answer = ask(f'{{ a: record(url: "{URL}") {{ url }} b: record(url: "ftp://x/") {{ url }} job(id: "none") {{ kind }} }}')

    assert answer["data"] == {"a": {"url": URL}, "b": None, "job": None}
    assert errors(answer) == [(["b"], "unsupported_scheme", 422), (["job"], "unknown_job", 404)]
    assert "url" in answer["errors"][0]["extensions"]["errors"]
    assert answer["errors"][0]["extensions"]["request_id"]


def test_searches_and_their_pages_are_those_of_the_api(client: FlaskClient, ask: Ask, api: Ask, clock: FakeClock) -> None:
    for number in range(3):
        clock.forward(1)
        collect(client, f"http://{number}.test/")

    given = {"q": "header.x-one:1", "show": "status,host"}
    first, now = ask(SEARCH, **given, first=2)["data"]["search"], api("/search", **given, limit=2)
    assert first == now
    second = ask(SEARCH, **given, first=2, after=first["next_cursor"])["data"]["search"]
    assert second == api("/search", **given, limit=2, cursor=now["next_cursor"])
    assert len(second["targets"][0]["observations"]) == 2
    past = {"q": "", "at": "2026-01-31T12:00:02Z"}
    assert without_nulls(ask(SEARCH, **past)["data"]["search"]) == without_nulls(api("/search", **past))


@pytest.mark.parametrize(
    ("query", "given", "renamed"),
    [
        ('search(first: 201) { total }', {"limit": 201}, {"limit": "first"}),
        ('search(first: 0) { total }', {"limit": 0}, {"limit": "first"}),
        ('search(after: "x") { total }', {"cursor": "x"}, {"cursor": "after"}),
        ('search(q: "nope:1") { total }', {"q": "nope:1"}, {}),
        ('search(at: "never") { total }', {"at": "never"}, {}),
        ('search(show: "nope") { total }', {"show": "nope"}, {}),
    ],
)  # fmt: skip
def test_what_is_not_valid_is_told_as_by_the_api(
    ask: Ask, api: Ask, query: str, given: dict[str, Any], renamed: dict[str, str]
) -> None:
    problem = api("/search", status=422, **given)

    [error] = ask(f"{{ {query} }}")["errors"]

    names = {renamed.get(name, name): reasons for name, reasons in problem["errors"].items()}
    assert error["extensions"]["errors"] == names
    assert [error["extensions"].get(name) for name in ("code", "status", "position")] == [
        problem.get(name) for name in ("code", "status", "position")
    ]
    assert error["message"] == problem["detail"] or renamed


def test_snapshots_are_those_of_the_api(client: FlaskClient, ask: Ask, api: Ask, web: FakeWeb, clock: FakeClock) -> None:
    for number in range(3):
        clock.forward(1)
        web.pages[URL] = Collected(content(URL), b"%d" % number)
        collect(client)
    arguments, members = "url: $url, first: 2, after: $after", everything("SnapshotsPage")
    query = f"query ($url: String!, $after: String) {{ snapshots({arguments}) {members} }}"

    first = ask(query, url=URL)["data"]["snapshots"]

    assert without_nulls(first) == without_nulls(api("/metadata/snapshots", url=URL, limit=2))
    assert len(ask(query, url=URL, after=first["next_cursor"])["data"]["snapshots"]["snapshots"]) == 1


def test_a_job_and_its_rows_are_those_of_the_api(services: Services, ask: Ask, api: Ask, clock: FakeClock) -> None:
    job = import_urls(services, ["http://a.test/", "nonsense", "http://b.test/"])
    work_to_the_end(services, clock, job)
    query = (
        "query ($id: ID!, $outcome: String, $after: String) { job(id: $id)"
        f" {everything('Job')[:-1]} rows(outcome: $outcome, first: 1, after: $after) {everything('RowsPage')} }} }}"
    )

    found = ask(query, id=job)["data"]["job"]
    rows = found.pop("rows")

    assert without_nulls(found) == without_nulls(api(f"/jobs/{job}"))
    assert rows == api(f"/jobs/{job}/rows", limit=1)
    after = ask(query, id=job, after=rows["next_cursor"])["data"]["job"]["rows"]
    assert after == api(f"/jobs/{job}/rows", limit=1, cursor=rows["next_cursor"])
    rejected = ask(query, id=job, outcome="rejected")["data"]["job"]["rows"]
    assert rejected["rows"] == api(f"/jobs/{job}/rows", outcome="rejected")["rows"] != []
    assert errors(ask(query, id=job, outcome="lost")) == [(["job", "rows"], "invalid_request", 422)]


class Unread(RecordWithSnapshot):
    """A record whose body nobody may ask for."""

    @property
    def body(self) -> bytes:
        raise StorageUnavailable("the body was read")


def test_only_what_is_selected_is_made_of_a_record(make_services: Build, services: Services, client: FlaskClient) -> None:
    collect(client)

    def look_up(record_id: str) -> Unread:
        found = services.store.records.look_up(record_id)
        assert found is not None
        return Unread(found.record, found.snapshot)

    store = Replacing(services.store, records=Replacing(services.store.records, look_up=look_up))
    other = create_app(services=make_services(store=store)).test_client()

    def selected(members: str) -> Any:
        return other.post("/graphql", json={"query": f'{{ record(url: "{URL}") {members} }}'}).json

    assert selected("{ headers { value } }")["data"]["record"] == {"headers": [{"value": "1"}, {"value": "2"}]}
    assert selected("{ ... on Record { __typename } }")["data"]["record"] == {"__typename": "Record"}
    source = "{ ... Source } } fragment Source on Record { page_source "
    assert errors(selected(source)) == [(["record"], "storage_unavailable", 503)]


def test_secrets_in_errors_are_masked(ask: Ask) -> None:
    answer = ask('{ record(url: "http://a.test/?token=canary") { id } }')

    assert "token=***" in answer["errors"][0]["message"]
    assert "canary" not in str(ask('{ record(url: "http://a.test/?token=canary") { id(x: "?token=canary") } }', status=422))


def test_a_store_that_is_away_is_an_error_and_a_fault_is_a_problem(make_services: Build, services: Services) -> None:
    def client_of(error: Exception) -> FlaskClient:
        def fail(*_: object, **__: object) -> None:
            raise error

        store = Replacing(services.store, jobs=Replacing(services.store.jobs, find=fail))
        return create_app(services=make_services(store=store)).test_client()

    asked = {"query": '{ job(id: "x") { kind } }'}
    away = client_of(StorageUnavailable("secret")).post("/graphql", json=asked)
    assert errors(away.json) == [(["job"], "storage_unavailable", 503)]
    assert "secret" not in away.text
    fault = client_of(ZeroDivisionError("secret")).post("/graphql", json=asked)
    assert (fault.status_code, fault.json["code"]) == (500, "internal_error")
    assert "secret" not in fault.text
