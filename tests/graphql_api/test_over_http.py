"""GraphQL over HTTP: GET and POST, media types, and the checks that every request passes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.access.counters import LocalCounters
from inventory.access.model import Mode
from inventory.access.quota_model import read_setting
from inventory.access.quotas import QuotaService
from inventory.config import Settings
from tests.access.guarded import Guarded
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb
from tests.graphql_api.conftest import Ask
from tests.jobs.actions import import_urls
from tests.ui.logging_in import BROWSER, log_in, make_key, token_of

GRAPHQL, JSON = "application/graphql-response+json", "application/json"
NAME = {"data": {"__typename": "Query"}}
TWO = "query a { a: __typename } query b($x: Boolean!) { b: __typename @include(if: $x) }"


def test_get_and_post_answer_the_same(client: FlaskClient) -> None:
    asked: dict[str, Any] = {"query": TWO, "operationName": "b", "variables": {"x": True}, "extensions": {"y": 1}}

    posted = client.post("/graphql", json=asked)
    sent = client.get(
        "/graphql",
        query_string=asked | {name: json.dumps(asked[name]) for name in ("variables", "extensions")},
    )

    assert posted.json == sent.json == {"data": {"b": "Query"}}
    assert posted.status_code == sent.status_code == 200
    assert posted.vary.as_set() == sent.vary.as_set() == {"accept"}


@pytest.mark.parametrize("more", [{}, {"operationName": "", "variables": ""}, {"unknown": "1"}])
def test_optional_parameters_may_be_empty_and_unknown_ones_are_ignored(client: FlaskClient, more: dict[str, str]) -> None:
    assert client.get("/graphql", query_string={"query": "{ __typename }", **more}).json == NAME


@pytest.mark.parametrize(
    "more", [{"operationName": None, "variables": None, "extensions": None}, {"operationName": ""}, {"x": 1}]
)
def test_so_may_members_of_a_body(client: FlaskClient, more: dict[str, object]) -> None:
    assert client.post("/graphql", json={"query": "{ __typename }", **more}).json == NAME


@pytest.mark.parametrize(
    ("accept", "executed"),
    [
        (None, GRAPHQL),
        ("*/*", GRAPHQL),
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        ("text/html", GRAPHQL),
    ],
)
def test_the_media_type_is_the_one_that_is_accepted(client: FlaskClient, accept: str | None, executed: str) -> None:
    """Only what was executed is answered as `application/json`, which a proxy may answer as well."""
    headers = {"Accept": accept} if accept else {}

    good = client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    bad = client.post("/graphql", json={"query": "{ nope }"}, headers=headers)

    assert (good.status_code, good.mimetype, good.json) == (200, executed, NAME)
    assert (bad.status_code, bad.mimetype) == (422, GRAPHQL)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"nope", "body"),
        (b"[" * 5_000, "body"),
        (b'[{"query": "{ __typename }"}]', "body"),
        (b'"{ __typename }"', "body"),
        (b"{}", "query"),
        (b'{"query": null}', "query"),
        (b'{"query": 7}', "query"),
        (b'{"query": "{ __typename }", "variables": [7]}', "variables"),
        (b'{"query": "{ __typename }", "variables": "{}"}', "variables"),
        (b'{"query": "query ($x: ID!) { job(id: $x) { kind } }", "variables": {"x": "\\ud800"}}', "variables"),
        (b'{"query": "{ __typename }", "operationName": 7}', "operationName"),
        (b'{"query": "{ __typename }", "extensions": []}', "extensions"),
    ],
)
def test_a_body_that_is_no_request_is_a_problem(client: FlaskClient, body: bytes, field: str) -> None:
    answer = client.post("/graphql", data=body, content_type=JSON)

    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json["code"] == "invalid_request"
    assert list(answer.json["errors"]) == [field]


@pytest.mark.parametrize(
    "query", ["", "query=a&query=b", "query={__typename}&variables=[7]", "query={__typename}&variables={", "query=%ff"]
)
def test_so_is_a_url_that_is_none(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/graphql?{query}")

    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


def test_other_methods_and_media_types_are_refused(client: FlaskClient) -> None:
    text = client.post("/graphql", data="{ __typename }", content_type="application/graphql")
    form = client.post("/graphql", data={"query": "{ __typename }"})
    large = client.post("/graphql", json={"query": "#" * 70_000})

    assert (text.status_code, form.status_code, large.status_code) == (415, 415, 413)
    assert client.put("/graphql").status_code == client.delete("/graphql").status_code == 405


def test_which_operation_is_meant_has_to_be_clear(ask: Ask, client: FlaskClient) -> None:
    assert "operation name" in ask(TWO, status=422)["errors"][0]["message"]
    unknown = client.post("/graphql", json={"query": TWO, "operationName": "c"})
    assert (unknown.status_code, list(unknown.json)) == (422, ["errors"])
    missing = client.post("/graphql", json={"query": TWO, "operationName": "b"})
    assert "'$x'" in missing.json["errors"][0]["message"]


def test_graphql_is_imported_by_the_first_requests() -> None:
    """It takes 0.2 s, by which every process would start later. Several threads may ask first."""
    script = (
        "import sys, tempfile, pathlib\n"
        "from inventory import create_app\n"
        "from inventory.config import Settings\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "app = create_app(Settings(data_dir=pathlib.Path(tempfile.mkdtemp())))\n"
        "app.test_client().get('/openapi.json'), app.test_client().get('/docs/')\n"
        "before = 'graphql' in sys.modules\n"
        "sys.setswitchinterval(1e-5)\n"
        "ask = lambda _: app.test_client().get('/graphql?query={__typename}').status_code\n"
        "sys.exit(str((before, set(ThreadPoolExecutor(8).map(ask, range(8))))))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert done.stderr.strip().splitlines()[-1] == "(False, {200})"


def test_a_page_of_another_site_may_not_post(client: FlaskClient) -> None:
    asked = {"query": "{ __typename }"}

    foreign = client.post("/graphql", json=asked, headers={"Sec-Fetch-Site": "cross-site"})

    assert (foreign.status_code, foreign.json["code"]) == (403, "foreign_origin")
    assert client.post("/graphql", json=asked, headers={"Sec-Fetch-Site": "same-origin"}).json == NAME


def test_a_session_posts_with_a_token_of_our_pages(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))
    client = create_app(services=services).test_client()
    log_in(client, make_key(services, "read"))
    asked, token = {"query": "{ __typename }"}, token_of(client)

    without = client.post("/graphql", json=asked, headers=BROWSER)

    assert (without.status_code, without.json["code"]) == (403, "csrf_failed")
    assert client.post("/graphql", json=asked, headers=BROWSER | {"X-CSRFToken": token}).json == NAME
    assert client.get("/graphql", query_string=asked, headers=BROWSER).json == NAME


@pytest.fixture
def guarded(make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock) -> Guarded:
    guarded = Guarded(make_services(replace(settings, access=Mode.KEYS)), web, clock)
    guarded.collect("http://a.test/")
    guarded.collect("http://b.test/")
    return guarded


BOTH = """{
  a: record(url: "http://a.test/") { url }
  b: record(url: "http://b.test/") { url }
  s: snapshots(url: "http://b.test/") { next_cursor }
  search(show: "url") { total targets { url } }
}"""


def test_a_limited_key_reads_what_is_within_its_limits(guarded: Guarded) -> None:
    job = import_urls(guarded.services, ["http://a.test/"])
    key = guarded.key("read:a.test")

    answer = guarded.client.post("/graphql", json={"query": BOTH}, headers=key).json
    unseen = guarded.client.post("/graphql", json={"query": f'{{ job(id: "{job}") {{ kind }} }}'}, headers=key).json

    assert answer["data"]["a"] == {"url": "http://a.test/"}
    assert answer["data"]["b"] is answer["data"]["s"] is None
    assert answer["data"]["search"] == {"total": 1, "targets": [{"url": "http://a.test/"}]}
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["out_of_scope"] * 2
    assert unseen["errors"][0]["extensions"]["code"] == "unknown_job"
    whole = guarded.client.post("/graphql", json={"query": BOTH}, headers=guarded.admin).json
    assert whole["data"]["search"]["total"] == 2
    assert "errors" not in whole


def test_a_query_is_no_change_and_its_refusals_are_in_the_audit(guarded: Guarded) -> None:
    def told() -> list[tuple[str, str]]:
        entries = guarded.ask(guarded.admin, "/audit", query_string={"action": "graphql.read"})["entries"]
        return [(each["action"], each["outcome"]) for each in entries]

    guarded.client.post("/graphql", json={"query": BOTH}, headers=guarded.admin)
    assert told() == []

    key = guarded.key("read:a.test")
    guarded.client.post("/graphql", json={"query": BOTH}, headers=key)
    guarded.client.get("/graphql", query_string={"query": BOTH}, headers=key)
    guarded.client.post("/graphql", json={"query": BOTH}, headers=guarded.key("import"))
    assert told() == [("graphql.read", "out_of_scope")] * 3


def test_each_field_of_query_counts_as_a_lookup(make_services: Build) -> None:
    usual = read_setting("lookups=10/minute")
    services = replace(make_services(), quotas=QuotaService(LocalCounters(processes=1), usual))
    client = create_app(services=services).test_client()

    def left(query: str) -> tuple[int, str]:
        answer = client.post("/graphql", json={"query": query})
        return answer.status_code, answer.headers["RateLimit"].partition("r=")[2].partition(";")[0]

    assert left("{ __typename }") == (200, "9")
    assert left("{ nope }") == (422, "9")
    assert left("{ a: search { total } b: search { total } __typename }") == (200, "7")
    records = " ".join(f'r{each}: record(url: "http://x.test/") {{ id }}' for each in range(9))
    assert left(f"{{ {records} }}") == (200, "0")
    assert left("{ __typename }") == (429, "0")
