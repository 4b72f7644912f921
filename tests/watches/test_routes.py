"""/api/v1/watches: making, changing, trying and removing watches, and reading what they told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory.clock import rfc3339
from inventory.services import Services
from inventory.store import Store
from inventory.watches.grouping import grouped
from inventory.watches.model import GATHER, MAX_WATCHES, message_id
from inventory.watches.payload import compose as write
from inventory.watches.settings import WatchSettings
from inventory.web_api.blueprint import example
from inventory.webhooks.model import Delivery, DeliveryState
from inventory.webpages.model import SOURCE
from tests.contract.watch_actions import attempt, compose, delivery, find, finding
from tests.fakes import FakeClock

WATCHES = "/api/v1/watches"
UNKNOWN = f"{WATCHES}/{'0' * 32}"
URL = "https://hooks.test/inventory"
ASKED = {"name": "prod headers", "query": "tag:prod", "webhook": URL}


def made(client: FlaskClient, **members: Any) -> dict[str, Any]:
    response = client.post(WATCHES, json=ASKED | members)
    assert response.status_code == 201, response.text
    return dict(response.json)


def refused(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response.json["code"]) == (status, code), response.text
    return dict(response.json)


def test_a_new_watch_has_what_was_asked_and_else_what_is_usual(client: FlaskClient) -> None:
    response = client.post(WATCHES, json=ASKED)

    watch = response.json
    assert response.status_code == 201
    assert response.headers["Location"] == f"{WATCHES}/{watch['id']}"
    assert response.headers["Cache-Control"] == "no-store"
    webhook, secret = next(iter(watch.pop("webhook_secrets").items()))
    assert secret.startswith("whsec_")
    assert watch == {
        "id": watch["id"],
        "name": "prod headers",
        "query": "tag:prod",
        "every": None,
        "on": ["changes"],
        "fields": [],
        "persist": 1,
        "cooldown": 300,
        "expires_within": 30,
        "webhook": [webhook],
        "email": [],
        "file": [],
        "paused": False,
        "created_at": "2026-01-31T12:00:00.123Z",
        "changed_at": "2026-01-31T12:00:00.123Z",
        "enrolled": True,
        "messages": 0,
        "last_message_at": None,
    }
    assert client.get(response.headers["Location"]).json == watch | {"scheduled": 0}
    assert client.get(WATCHES).json == {"watches": [watch], "next_cursor": None}


def test_the_secret_of_a_webhook_is_shown_by_the_answer_that_made_it_alone(client: FlaskClient) -> None:
    first = made(client)
    second = made(client, name="another")

    assert second["webhook"] == first["webhook"]
    assert "webhook_secrets" not in second
    assert first["webhook_secrets"][first["webhook"][0]] not in client.get(f"{WATCHES}/{first['id']}").text


def test_a_destination_is_one_text_or_several(client: FlaskClient) -> None:
    webhook = client.post("/api/v1/webhooks", json={"url": URL}).json["id"]

    watch = made(client, webhook=[webhook, "https://hooks.test/2"], file="prod", fields="header.*, script.host")
    assert watch["webhook"][0] == webhook
    assert list(watch["webhook_secrets"]) == watch["webhook"][1:]
    assert (watch["file"], watch["fields"]) == (["prod"], ["header.*", "script.host"])

    changed = client.patch(f"{WATCHES}/{watch['id']}", json={"webhook": None, "fields": ["status"]}).json
    assert (changed["webhook"], changed["file"], changed["fields"]) == ([], ["prod"], ["status"])


def test_what_is_left_out_of_a_change_stays(client: FlaskClient) -> None:
    watch = made(client, every=3600, on=["fails", "changes"], persist=3)

    response = client.patch(f"{WATCHES}/{watch['id']}", json={"every": 60, "cooldown": 0})

    assert response.status_code == 200
    expected = {name: value for name, value in watch.items() if name != "webhook_secrets"}
    assert response.json == expected | {"every": 60, "cooldown": 0}
    assert response.json["on"] == ["changes", "fails"]
    assert client.patch(f"{WATCHES}/{watch['id']}", json={"every": None}).json["every"] is None
    assert client.patch(f"{WATCHES}/{watch['id']}", json={}).status_code == 200


def test_a_watch_that_is_paused_goes_on_when_it_is_resumed(client: FlaskClient) -> None:
    watch = made(client, every=3600)
    path = f"{WATCHES}/{watch['id']}"

    for _ in range(2):
        assert client.post(f"{path}/pause").json["paused"] is True
    assert client.get(path).json["paused"] is True
    assert client.post(f"{path}/resume").json["paused"] is False


def test_a_watch_that_is_removed_is_gone_and_its_webhook_stays(client: FlaskClient) -> None:
    watch = made(client)

    assert client.delete(f"{WATCHES}/{watch['id']}").status_code == 204
    refused(client.get(f"{WATCHES}/{watch['id']}"), 404, "unknown_watch")
    assert client.get(f"/api/v1/webhooks/{watch['webhook'][0]}").status_code == 200


def test_an_unknown_watch_is_named_whatever_is_asked_of_it(client: FlaskClient) -> None:
    for response in (
        client.get(UNKNOWN),
        client.patch(UNKNOWN, json={"persist": 2}),
        client.delete(UNKNOWN),
        client.post(f"{UNKNOWN}/pause"),
        client.post(f"{UNKNOWN}/resume"),
        client.post(f"{UNKNOWN}/test", json={}),
        client.get(f"{UNKNOWN}/messages"),
        client.get(f"{UNKNOWN}/messages/1"),
        client.get(f"{UNKNOWN}/messages/1/findings"),
        client.post(f"{UNKNOWN}/messages/1/deliveries/{'0' * 32}/again"),
    ):
        assert refused(response, 404, "unknown_watch")["detail"].startswith(f"There is no watch {'0' * 32};")


@pytest.mark.parametrize(
    ("members", "code", "errors"),
    [
        ({"query": "heder.server:nginx"}, "invalid_query", ["query"]),
        ({"query": "status:[400 TO"}, "invalid_query", ["query"]),
        ({"query": "body.size:>1000"}, "invalid_query", ["query"]),
        ({"fields": ["header.*", "nonsense"]}, "invalid_query", ["fields"]),
        ({"fields": "failure"}, "invalid_query", ["fields"]),
        ({"every": 1}, "invalid_request", ["every"]),
        ({"every": 31_536_001}, "invalid_request", ["every"]),
        ({"every": 60.5}, "invalid_request", ["every"]),
        ({"every": 10**400}, "invalid_request", ["every"]),
        ({"on": []}, "invalid_request", ["on"]),
        ({"on": ["nonsense"]}, "invalid_request", ["on"]),
        ({"on": "changes"}, "invalid_request", ["on"]),
        ({"persist": 0, "cooldown": -1}, "invalid_request", ["persist", "cooldown"]),
        ({"expires_within": 399}, "invalid_request", ["expires_within"]),
        ({"name": " "}, "invalid_request", ["name"]),
        ({"name": "x" * 201}, "invalid_request", ["name"]),
        ({"name": "a\ud800"}, "invalid_request", ["name"]),
        ({"name": None}, "invalid_request", ["name"]),
        ({"name": 1}, "invalid_request", ["name"]),
        ({"webhook": "nonsense"}, "invalid_url", ["webhook"]),
        ({"webhook": "http://10.0.0.1/"}, "forbidden_address", ["webhook"]),
        ({"webhook": "http://hooks.test:25/"}, "forbidden_address", ["webhook"]),
        ({"webhook": "https://user:secret@hooks.test/"}, "credentials_in_url", ["webhook"]),
        ({"webhook": f"https://hooks.test/{'x' * 3_000}"}, "url_too_long", ["webhook"]),
        ({"webhook": {"url": URL}}, "invalid_request", ["webhook"]),
        ({"webhook": [URL, None]}, "invalid_request", ["webhook"]),
        ({"file": "../etc/passwd"}, "invalid_request", ["file"]),
        ({"file": [f"f{number}" for number in range(11)]}, "invalid_request", ["file"]),
        ({"file": ["f"] * 101}, "invalid_request", ["file"]),
        ({"email": "Team <team@example.com>"}, "invalid_request", ["email"]),
        ({"email": "team@example.com"}, "invalid_request", ["email"]),  # there is no mail server
        ({"interval": 60}, "invalid_request", ["interval"]),
    ],
)  # fmt: skip
def test_what_is_not_valid_is_named_and_nothing_is_kept(
    client: FlaskClient, members: dict[str, Any], code: str, errors: list[str]
) -> None:
    response = client.post(WATCHES, data=json.dumps(ASKED | members), content_type="application/json")

    problem = refused(response, 422, code)
    assert sorted(problem["errors"]) == sorted(errors)
    assert ("position" in problem) is (code == "invalid_query")
    assert client.get(WATCHES).json["watches"] == []


def test_a_name_and_a_query_are_needed(client: FlaskClient) -> None:
    problem = refused(client.post(WATCHES, json={}), 422, "invalid_request")

    assert sorted(problem["errors"]) == ["name", "query"]


def test_an_error_of_a_change_leaves_the_watch_as_it_is(client: FlaskClient) -> None:
    watch, other = made(client), made(client, name="other")
    path = f"{WATCHES}/{watch['id']}"
    before = client.get(path).json

    refused(client.patch(path, json={"name": other["name"]}), 409, "name_taken")
    assert refused(client.patch(path, json={"query": "a:"}), 422, "invalid_query")["position"] >= 1
    refused(client.patch(path, json={"webhook": "0" * 32}), 404, "unknown_webhook")
    assert client.get(path).json == before


def test_a_name_belongs_to_one_watch_and_there_is_a_limit(client: FlaskClient, services: Services) -> None:
    for number in range(MAX_WATCHES):
        services.watches.create(WatchSettings(name=f"watch {number}", query="tag:prod"))

    assert refused(client.post(WATCHES, json=ASKED), 409, "too_many_watches")["detail"].startswith("There are 1,000 watches")
    refused(client.post(WATCHES, json=ASKED | {"name": "watch 7"}), 409, "name_taken")
    page = client.get(WATCHES, query_string={"limit": 200}).json
    assert len(page["watches"]) == 200
    assert page["next_cursor"] is not None


@pytest.mark.parametrize("days", [0, 91, 1.5, "seven", None])
def test_a_test_takes_days(client: FlaskClient, days: Any) -> None:
    path = f"{WATCHES}/{made(client)['id']}/test"

    assert list(refused(client.post(path, json={"days": days}), 422, "invalid_request")["errors"]) == ["days"]


def test_a_test_of_an_empty_inventory_says_that_nothing_was_looked_at(client: FlaskClient) -> None:
    path = f"{WATCHES}/{made(client)['id']}/test"

    assert client.post(path, json={}).json == {
        "since": "2026-01-24T12:00:00.123Z",
        "until": "2026-01-31T12:00:00.123Z",
        "complete": True,
        "targets": 0,
        "findings": 0,
        "messages": 0,
        "groups": [],
        "omitted": 0,
    }


@pytest.fixture
def told(client: FlaskClient, services: Services, clock: FakeClock) -> dict[str, Any]:
    """A watch that has told of a change on three targets, one of which is gone."""
    watch, store = made(client), services.store
    kept = services.watches.find(watch["id"])
    targets = [services.records.target(SOURCE, f"http://site-{number}.test/") for number in range(3)]
    for each in targets[:2]:
        store.records.accept(each, now=clock(), seen=None)
    find(store, [finding(kept, 1, record_id=each.id, old=("nginx",), new=("Caddy",)) for each in targets])
    claim = compose(store, now=clock() + GATHER)
    findings = store.messages.owed(claim, limit=99)
    now = clock() + GATHER
    number = message_id(watch["id"], 1)
    keys = {each.id: each.key for each in targets[:2]}
    message = write(
        claim.watch, findings, grouped(findings), keys, message_id=number, now=now, public_url="http://inventory.test"
    )
    owed = delivery(message, now=now, address=watch["webhook"][0])
    assert store.messages.commit(claim, message, [owed], now=now)
    return watch


def test_messages_are_listed_with_what_they_say_in_short(client: FlaskClient, told: dict[str, Any]) -> None:
    page = client.get(f"{WATCHES}/{told['id']}/messages").json

    (message,) = page["messages"]
    (group,) = message.pop("groups")
    assert message == {
        "id": message_id(told["id"], 1),
        "number": 1,
        "created_at": "2026-01-31T12:00:10.123Z",
        "findings": 3,
        "targets": 3,
        "more_groups": 0,
    }
    assert group == {
        "on": "changes",
        "field": "status",
        "old": ["nginx"],
        "new": ["Caddy"],
        "count": 3,
        "targets": 3,
        "first_at": "2026-01-31T12:00:01.123Z",
        "last_at": "2026-01-31T12:00:01.123Z",
    }
    assert page["next_cursor"] is None
    watch = client.get(f"{WATCHES}/{told['id']}").json
    assert (watch["messages"], watch["last_message_at"]) == (1, "2026-01-31T12:00:10.123Z")


def test_a_message_has_what_its_receivers_get_and_how_it_went(client: FlaskClient, told: dict[str, Any]) -> None:
    message = client.get(f"{WATCHES}/{told['id']}/messages/1").json

    data = message["payload"]["data"]
    assert (message["payload"]["type"], data["id"], data["findings"]) == ("watch.message", message["id"], 3)
    assert data["link"] == f"http://inventory.test{WATCHES}/{told['id']}/messages/1"
    (delivery,) = message["deliveries"]
    assert (delivery["kind"], delivery["address"], delivery["state"]) == ("webhook", told["webhook"][0], "pending")


@pytest.mark.parametrize(("kind", "address"), [("webhook", None), ("email", "team@example.com"), ("file", "prod")])
def test_a_message_is_sent_again_to_any_kind_of_destination(
    client: FlaskClient, services: Services, clock: FakeClock, told: dict[str, Any], kind: str, address: str | None
) -> None:
    store, path = services.store, f"{WATCHES}/{told['id']}/messages/2"
    find(store, [finding(services.watches.find(told["id"]), 2)], now=clock(), n=9_100)
    claim = compose(store, now=clock() + timedelta(days=1))
    findings = store.messages.owed(claim, limit=99)
    number = message_id(told["id"], 2)
    message = write(
        claim.watch, findings, grouped(findings), {}, message_id=number, now=clock(), public_url="http://inventory.test"
    )
    owed = delivery(message, now=clock(), kind=kind, address=address or told["webhook"][0])
    assert store.messages.commit(claim, message, [owed], now=clock())
    (claimed,) = [each for each in claim_due(store, clock) if each.id == owed.id]
    refusal = attempt(status=552)
    assert store.deliveries.settle(claimed, refusal, DeliveryState.FAILED, due_at=None)
    (shown,) = client.get(path).json["deliveries"]
    assert (shown["state"], shown["due_at"]) == ("failed", None)
    clock.forward(7 * 86_400)

    response = client.post(f"{path}/deliveries/{shown['id']}/again")

    assert response.status_code == 202
    assert response.json == shown | {"state": "pending", "attempt": 0, "ended_at": None, "due_at": rfc3339(clock())}
    assert client.get(path).json["deliveries"] == [response.json]
    refused(client.post(f"{path}/deliveries/{'0' * 32}/again"), 404, "not_found")
    refused(client.post(f"{WATCHES}/{told['id']}/messages/1/deliveries/{shown['id']}/again"), 404, "not_found")


def claim_due(store: Store, clock: FakeClock) -> Sequence[Delivery]:
    return store.deliveries.claim_due(now=clock(), lease_for=timedelta(seconds=45), limit=9)


def test_all_that_a_message_tells_is_listed_page_by_page(client: FlaskClient, told: dict[str, Any]) -> None:
    path = f"{WATCHES}/{told['id']}/messages/1/findings"

    found, cursor = [], None
    while True:
        page = client.get(path, query_string={"limit": 1} | ({"cursor": cursor} if cursor else {})).json
        found += page["findings"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(each["url"] or "" for each in found) == ["", "http://site-0.test/", "http://site-1.test/"]
    assert found[0]["new"] == ["Caddy"]
    assert found[0]["before"] == "2026-01-31T12:00:00.123Z"


@pytest.mark.parametrize("number", ["2", "0", "-1", "1.0", "one", "9" * 18, "9" * 1_500])
def test_a_message_that_is_not_there_is_not_found(client: FlaskClient, told: dict[str, Any], number: str) -> None:
    for path in ("", "/findings"):
        response = client.get(f"{WATCHES}/{told['id']}/messages/{number}{path}")
        assert len(refused(response, 404, "not_found")["detail"]) < 300


def test_what_is_removed_takes_its_messages_along(client: FlaskClient, told: dict[str, Any]) -> None:
    client.delete(f"{WATCHES}/{told['id']}")

    assert client.get(f"/api/v1/webhooks/{told['webhook'][0]}/deliveries").json["deliveries"] == []


def test_the_examples_of_the_documentation_have_the_members_of_answers(client: FlaskClient, told: dict[str, Any]) -> None:
    path = f"{WATCHES}/{told['id']}"
    (delivery_id,) = [each["id"] for each in client.get(f"{path}/messages/1").json["deliveries"]]
    for name, answer in {
        "one": client.get(path),
        "watches": client.get(WATCHES),
        "paused": client.post(f"{path}/pause"),
        "messages": client.get(f"{path}/messages"),
        "message": client.get(f"{path}/messages/1"),
        "findings": client.get(f"{path}/messages/1/findings"),
        "tested": client.post(f"{path}/test", json={}),
        "again": client.post(f"{path}/messages/1/deliveries/{delivery_id}/again"),
    }.items():
        assert are_alike(answer.json, example(f"watches/{name}")), name


def are_alike(one: Any, other: Any) -> bool:
    """Whether two documents have the same members, in theirs too, as far as their lists have entries."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(are_alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return all(are_alike(*pair) for pair in zip(one, other, strict=False))
    return not isinstance(one, dict | list) and not isinstance(other, dict | list)
