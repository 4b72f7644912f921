"""The routes of policies, on a real store: what is kept, what is found, and whose targets are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from marshmallow import ValidationError

from inventory import create_app
from inventory.access.model import Mode
from inventory.clock import rfc3339
from inventory.config import Settings
from inventory.policy.indexing import PolicyIndexing
from inventory.policy.schemas import OnePolicySchema, PoliciesPage, PolicyFindingsPage, PolicySummarySchema
from inventory.policy.service import CHECK_FOR, PolicyService
from inventory.policy.verdicts import Verdicts
from inventory.services import Services
from tests.access.guarded import Guarded
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb
from tests.observations.conftest import Fleet
from tests.policy.snapshots import document

API = "/api/v1/policies"
NOSNIFF = document({"header": "x-content-type-options", "equals": "nosniff"})
YAML = """
version: 1
id: own
title: Ours
rules:
- {id: r, severity: high, message: It is wrong., require: {header: x-content-type-options, equals: nosniff}}
"""
GOOD, BAD = [("X-Content-Type-Options", "nosniff")], [("X-Content-Type-Options", "no")]


@pytest.fixture
def fleet(services: Services, web: FakeWeb, clock: FakeClock) -> Fleet:
    return Fleet(services, web, clock)


@pytest.fixture
def guarded(settings: Settings, make_services: Build, web: FakeWeb, clock: FakeClock) -> Guarded:
    return Guarded(make_services(replace(settings, access=Mode.KEYS)), web, clock)


def asked(client: FlaskClient, path: str, schema: Any, **query: Any) -> Any:
    response = client.get(f"{API}{path}", query_string=query)
    assert response.status_code == 200, response.text
    try:
        schema().load(response.json)
    except ValidationError as error:  # pragma: no cover - it names what differs
        raise AssertionError(error.messages) from error
    return response.json


def test_a_policy_is_kept_as_yaml_or_json_and_takes_the_place_of_one(client: FlaskClient) -> None:
    made = client.post(API, data=YAML, content_type="application/yaml")
    again = client.post(API, json=NOSNIFF | {"title": "Other"})

    assert (made.status_code, again.status_code) == (201, 200)
    assert made.headers["Location"] == again.headers["Location"] == f"{API}/own"
    PolicySummarySchema().load(made.json)
    assert asked(client, "/own", OnePolicySchema)["policy"] == NOSNIFF | {"title": "Other"}
    page = asked(client, "", PoliciesPage)
    assert [(each["id"], each["title"], each["rules"]) for each in page["policies"]] == [("own", "Other", 1)]
    assert {each["id"] for each in page["built_in"]} == {"baseline", "cookies", "observatory", "privacy"}


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ({"data": YAML.replace("equals", "equal"), "content_type": "text/yaml"}, 422, "Line 6: Unknown."),
        ({"data": b"\xff", "content_type": "application/yaml"}, 422, "not UTF-8"),
        ({"data": "{", "content_type": "application/json"}, 422, "not JSON"),
        ({"json": []}, 422, "It is not a policy"),
        ({"json": NOSNIFF | {"id": "baseline"}}, 409, "built in"),
        ({"data": YAML, "content_type": "text/plain"}, 415, "send application/yaml or application/json"),
        ({"data": "#" * 70_000, "content_type": "application/yaml"}, 413, ""),
    ],
)
def test_what_is_no_policy_is_refused(client: FlaskClient, sent: Any, status: int, told: str) -> None:
    response = client.post(API, **sent)

    assert response.status_code == status
    assert told in response.text


def test_there_are_at_most_so_many_policies(client: FlaskClient, services: Services) -> None:
    for number in range(200):
        assert client.post(API, json=NOSNIFF | {"id": f"p{number}"}).status_code == 201

    assert client.post(API, json=NOSNIFF).json["code"] == "too_many_policies"
    assert client.post(API, json=NOSNIFF | {"id": "p7"}).status_code == 200


def test_a_policy_is_deleted_and_built_in_ones_stay(client: FlaskClient) -> None:
    client.post(API, json=NOSNIFF)

    assert client.delete(f"{API}/own").status_code == 204
    assert client.delete(f"{API}/own").json["code"] == "unknown_policy"
    assert client.get(f"{API}/own/findings").json["code"] == "unknown_policy"
    assert client.delete(f"{API}/baseline").json["code"] == "name_taken"


def test_findings_name_line_hop_and_snapshot(client: FlaskClient, fleet: Fleet, services: Services) -> None:
    client.post(API, json=NOSNIFF)
    fleet.collect("http://a.test/", GOOD)
    record_id = fleet.collect("http://b.test/", [("A", "1"), *BAD])

    page = asked(client, "/own/findings", PolicyFindingsPage)

    assert (page["checked"], page["at"], page["next_cursor"]) == (2, None, None)
    [target] = page["targets"]
    assert (target["id"], target["url"], target["status"]) == (record_id, "http://b.test/", "findings")
    assert target["snapshot"] == services.snapshots.newest(record_id, limit=1)[0].id
    [evidence] = target["findings"][0]["evidence"]
    assert (evidence["hop"], evidence["line"], evidence["value"]) == (1, 2, "no")


def test_what_failed_is_not_clean(client: FlaskClient, fleet: Fleet) -> None:
    client.post(API, json=NOSNIFF)
    fleet.collect("http://a.test/", GOOD)
    fleet.fail("http://a.test/")
    fleet.fail("http://never.test/")

    targets = asked(client, "/own/findings", PolicyFindingsPage)["targets"]

    assert {each["url"]: (each["status"], each["reason"]) for each in targets} == {
        "http://a.test/": ("unchecked", "failed"),
        "http://never.test/": ("unchecked", "failed"),
    }


def test_findings_of_an_earlier_instant_are_those_of_what_was_stored_then(
    client: FlaskClient, fleet: Fleet, clock: FakeClock
) -> None:
    client.post(API, json=NOSNIFF)
    fleet.collect("http://a.test/", BAD)
    then = rfc3339(clock())
    fleet.collect("http://a.test/", GOOD)
    fleet.fail("http://a.test/")
    fleet.collect("http://new.test/", BAD)

    past = asked(client, "/own/findings", PolicyFindingsPage, at=then)

    assert [(each["url"], each["status"]) for each in past["targets"]] == [("http://a.test/", "findings")]
    assert (past["at"], past["checked"]) == (then, 1)
    assert [each["status"] for each in asked(client, "/own/findings", PolicyFindingsPage)["targets"]] == [
        "findings",
        "unchecked",
    ]


def test_pages_go_over_all_targets_of_the_query_each_once(client: FlaskClient, fleet: Fleet) -> None:
    client.post(API, json=NOSNIFF)
    for number in range(5):
        fleet.collect(f"http://h{number}.test/", GOOD if number == 2 else BAD)
    fleet.collect("http://other.example/", BAD)

    pages: list[list[str]] = []
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        page = asked(client, "/own/findings", PolicyFindingsPage, q="host:*.test", limit=2, **cursor)
        pages.append([each["url"] for each in page["targets"]])
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None

    assert pages == [["http://h4.test/", "http://h3.test/"], ["http://h1.test/"], ["http://h0.test/"]]
    first = client.get(f"{API}/own/findings", query_string={"limit": 2}).json
    assert client.get(f"{API}/own/findings", query_string={"cursor": first["next_cursor"], "q": "x"}).status_code == 422
    assert client.get(f"{API}/baseline/findings", query_string={"cursor": first["next_cursor"]}).status_code == 422


def test_a_page_that_takes_long_ends_early_and_the_next_one_goes_on(
    make_services: Build, web: FakeWeb, clock: FakeClock
) -> None:
    services = make_services()
    ticks = iter(range(100))
    slow = PolicyService(
        services.store.policies,
        services.store.observations,
        services.records,
        services.snapshots,
        PolicyIndexing(Verdicts(services.store.policies, services.store.observations, ()), services.reindexer),
        clock=clock,
        ticks=lambda: next(ticks) * CHECK_FOR / 2,
    )
    services = replace(services, policies=slow)
    fleet = Fleet(services, web, clock)
    for number in range(5):
        fleet.collect(f"http://h{number}.test/")
    client = create_app(services=services).test_client()

    first = client.get(f"{API}/baseline/findings").json
    rest = client.get(f"{API}/baseline/findings", query_string={"cursor": first["next_cursor"]}).json

    assert (first["checked"], rest["checked"]) == (2, 2)
    assert rest["targets"][0]["url"] == "http://h2.test/"
    assert rest["next_cursor"] is not None


def test_a_limited_key_sees_the_findings_of_its_targets_alone(guarded: Guarded) -> None:
    guarded.collect("http://a.test/")
    guarded.collect("http://b.test/", tags=["shop"])

    for scope, url in (("read:a.test", "http://a.test/"), ("read:tag=shop", "http://b.test/")):
        page = guarded.ask(guarded.key(scope), "/policies/baseline/findings")
        assert [each["url"] for each in page["targets"]] == [url]
        assert page["checked"] == 1
        guarded.refused(guarded.key(scope), "/policies")
    assert guarded.ask(guarded.admin, "/policies/baseline/findings")["checked"] == 2


def test_the_audit_names_the_policy(guarded: Guarded, clock: FakeClock) -> None:
    key = guarded.key("watch")
    guarded.ask(key, "/policies", method="POST", json=NOSNIFF, status=201)
    clock.forward(1)
    guarded.ask(key, "/policies", method="POST", json=NOSNIFF)
    guarded.send(key, "/policies/own", method="DELETE")

    entries = guarded.ask(guarded.admin, "/audit", query_string={"action": "policy."})["entries"]

    assert {(each["action"], each["target"]) for each in entries} == {("policy.create", "own"), ("policy.delete", "own")}
    assert len(entries) == 3
