"""A query is bounded before it is executed, and what it answers while that is made."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from graphql import get_introspection_query

from inventory import create_app
from inventory.graphql_api.bounds import WEIGHTS
from inventory.graphql_api.schema import SCHEMA
from inventory.records.source import Collected
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeWeb, Replacing, content
from tests.graphql_api.conftest import Ask
from tests.graphql_api.selecting import everything
from tests.webpages.actions import URL

SIZE = 6 * 1024 * 1024


def aliased(count: int, field: str) -> str:
    return f"{{ {' '.join(f'a{number}: {field}' for number in range(count))} }}"


def refusal(ask: Ask, query: str, **variables: object) -> str:
    """Why a query is refused, of which nothing is executed."""
    answer = ask(query, status=422, **variables)
    [error] = answer["errors"]
    assert set(answer) == {"errors"}
    assert error["extensions"]["code"] == "query_too_broad"
    assert error["extensions"]["errors"] == {"query": [error["message"]]}
    return str(error["message"])


@pytest.mark.parametrize(
    "query",
    [
        aliased(5, "search { total }"),
        aliased(50, 'record(url: "http://a.test/") { id }'),
        aliased(100, 'job(id: "x") { kind }'),
        aliased(5, 'record(url: "http://a.test/") { page_source }'),
        '{ record(url: "http://a.test/") ' + aliased(5, "page_source") + " }",
        "{ search(first: 2147483647) { targets { id } } }",
        "{ search(first: 200) { targets { id " + aliased(9, "observations { field value }")[1:-1] + " } } }",
        '{ snapshots(url: "x", first: 200) { snapshots { redirects { interim { headers { name } } headers { name } } } } }',
        '{ job(id: "x") { rows(first: 10000) { rows { row } } } }',
        '{ record(url: "http://a.test/") { ...f0 } } fragment f30 on Record { id } '
        + " ".join(f"fragment f{each} on Record {{ ...f{each + 1} ...f{each + 1} }}" for each in range(30)),
    ],
    ids=["searches", "records", "jobs", "sources of records", "sources", "first", "parts", "snapshots", "rows", "doubling"],
)
def test_what_may_cost_too_much_is_refused(ask: Ask, query: str) -> None:
    assert "cost more than 10,000. Ask for fewer" in refusal(ask, query)


@pytest.mark.parametrize(
    "query",
    [
        aliased(4, "search { total targets { url } }"),
        aliased(20, 'record(url: "http://a.test/") { status headers { name value } cookies { name value } }'),
        f'{{ record(url: "http://a.test/") {everything("Record")} }}',
        f'{{ search(first: 100, show: "header.*") {everything("SearchPage")} }}',
        f'{{ snapshots(url: "http://a.test/", first: 15) {everything("SnapshotsPage")} }}',
        f'{{ job(id: "x") {{ rows(first: 200) {everything("RowsPage")} }} }}',
        get_introspection_query(specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True),
    ],
    ids=["searches", "records", "a whole record", "observations", "snapshots", "rows", "introspection"],
)
def test_what_programs_need_is_within_bounds(ask: Ask, query: str) -> None:
    assert "data" in ask(query)


def test_a_variable_counts_as_the_number_that_it_has(ask: Ask) -> None:
    query = "query ($first: Int = 300) { search(first: $first) { targets { id url status source observations { field } } } }"

    assert ask(query, first=100)["data"]["search"]["targets"] == []
    assert ask(query, first=None)["data"]["search"]["targets"] == []
    assert "cost" in refusal(ask, query, first=1_000_000)
    assert "errors" in ask(query, first=-1)
    [error] = ask(query, status=422, first="many")["errors"]
    assert "Int cannot represent" in error["message"]


def test_a_thousand_searches_are_refused_and_none_is_made(make_services: Build, services: Services) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("it was searched")

    observations = Replacing(services.store.observations, search=fail, count=fail, known_since=fail)
    client = create_app(services=make_services(store=Replacing(services.store, observations=observations))).test_client()

    for number in (5, 1_000):
        answer = client.post("/graphql", json={"query": aliased(number, "search { total }")})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["extensions"]["code"] == "query_too_broad"


def test_tokens_and_depth_are_bounded(ask: Ask) -> None:
    deep = "{ __schema { types " + "{ ofType " * 13 + "{ name }" + " }" * 15

    assert "more than 2,000 tokens" in refusal(ask, f"{{ {'__typename ' * 2_000} }}")
    assert "more than 15 levels" in refusal(ask, deep)
    assert "data" in ask(deep.replace("{ ofType ", "", 1).replace("}", "", 1))
    assert "too many fields of one name" in refusal(ask, f"{{ {'__typename ' * 1_900} }}")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ __typename ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "within itself"),
        ("{" * 1_000, "Expected Name"),
        ("{ job(id: " + "[" * 900, "nested too deeply"),
        (f"{{ search(first: {'9' * 5_000}) {{ total }} }}", "Int"),
        ("{ nope }", "Cannot query field 'nope'"),
        ("{ record { id } }", "url"),
        ("{ record(url: \"x\") }", "selection of subfields"),
        ("mutation { record }", "mutation operation is not supported"),
        ("subscription { record }", "subscription operation is not supported"),
        ("{ __typename @defer }", "@defer"),
        ("", "Unexpected <EOF>"),
        ('{ job(id: "\ud800") { kind } }', "U+D800"),
    ],
)  # fmt: skip
def test_what_is_not_valid_is_refused(ask: Ask, query: str, reason: str) -> None:
    answer = ask(query, status=422)

    assert set(answer) == {"errors"}
    assert reason in answer["errors"][0]["message"]
    assert {(each["extensions"]["code"], each["extensions"]["status"]) for each in answer["errors"]} == {
        ("invalid_request", 422)
    }


def test_no_more_than_20_errors_are_told(ask: Ask) -> None:
    assert len(ask(f"{{ {' '.join(f'x{each}' for each in range(900))} }}", status=422)["errors"]) == 21


def test_an_answer_that_becomes_too_large_is_given_up(client: FlaskClient, ask: Ask, web: FakeWeb) -> None:
    """Lists may be longer than they were estimated, and texts as well."""
    lines = [{"name": "X-Line", "value": str(number)} for number in range(2_000)]
    web.pages[URL] = Collected(content(URL, headers=lines), b"x" * SIZE)
    client.post("/api/v1/metadata", json={"url": URL})

    def members(count: int, member: str) -> str:
        return f'{{ record(url: "{URL}") {aliased(count, member)} }}'

    assert len(ask(members(9, "headers { name value }"))["data"]["record"]["a8"]) == 2_000
    assert "The answer becomes too large" in refusal(ask, members(12, "headers { name value }"))
    assert len(ask(members(3, "page_source"))["data"]["record"]["a2"]) == SIZE
    assert "body.sha256" in refusal(ask, members(4, "page_source"))


def test_introspection_is_measured_too(ask: Ask) -> None:
    assert "too large" in refusal(ask, "{ __schema { types { fields " + aliased(350, "name") + " } } }")


def test_each_weight_is_that_of_a_field() -> None:
    for name in WEIGHTS:
        of, _, member = name.partition(".")
        assert member in SCHEMA.type_map[of].fields  # type: ignore[attr-defined]
