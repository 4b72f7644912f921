"""/api/v1/keys: made, shown once, listed and revoked by admins."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fakes import FakeClock

KEYS = "/api/v1/keys"
SCOPES = ["read", "collect:*.example.com", "import:tag=shop"]


def made(client: FlaskClient, name: str = "ci", **members: Any) -> dict[str, Any]:
    answer = client.post(KEYS, json={"name": name, "scopes": SCOPES} | members)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.json)  # type: ignore[arg-type]


def test_the_text_of_a_key_is_shown_once(client: FlaskClient) -> None:
    key = made(client, quotas={"lookups": "600/minute,10000/day"}, user_header="X-Forwarded-Email")
    text = key.pop("key")

    assert text.startswith("inv_live_")
    assert (key["name"], key["scopes"], key["status"], key["expires_at"]) == ("ci", SCOPES, "usable", None)
    one: Any = client.get(f"{KEYS}/{key['id']}").json
    assert [each["quota"] for each in one.pop("usage")] == ["lookups-minute", "lookups-day"]
    assert one == key
    listed = client.get(KEYS)
    assert listed.json == {"keys": [key], "next_cursor": None}
    assert text not in listed.text


def test_a_key_ends_at_an_instant_or_after_a_time(client: FlaskClient, clock: FakeClock) -> None:
    after = made(client, "a", expires_in=60)
    at = made(client, "b", expires_at="2026-02-01T01:00:00+01:00")
    assert (after["expires_at"], at["expires_at"]) == ("2026-01-31T12:01:00.123Z", "2026-02-01T00:00:00.000Z")

    clock.forward(60)

    assert client.get(f"{KEYS}/{after['id']}").json["status"] == "expired"  # type: ignore[index]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["fly"]}, "scopes"),
        ({"scopes": ["admin:example.com"]}, "scopes"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": 10**12}, "expires_in"),
        ({"expires_at": "2026-01-31T12:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-10:00"}, "expires_at"),
        ({"expires_at": "2999-12-31T23:59:59Z"}, "expires_at"),
        ({"expires_at": 7}, "expires_at"),
        ({"expires_at": "2027-01-01T00:00:00Z", "expires_in": 9}, "expires_in"),
        ({"quotas": {"hits": "1/minute"}}, "quotas"),
        ({"quotas": {"lookups": "0/minute"}}, "quotas"),
        ({"quotas": {"lookups": "1/hour"}}, "quotas"),
        ({"user_header": "X Forwarded"}, "user_header"),
        ({"user_header": "Authorization"}, "user_header"),
        ({"user_header": "proxy-authorization"}, "user_header"),
        ({"user_header": "x-api-key"}, "user_header"),
        ({"user_header": "COOKIE"}, "user_header"),
        ({"user_header": "X-Forwarded-Access-Token"}, "user_header"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_what_is_not_valid_is_named(client: FlaskClient, members: dict[str, Any], field: str) -> None:
    answer = client.post(KEYS, json={"name": "ci", "scopes": ["read"]} | members)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]  # type: ignore[index]
    assert client.get(KEYS).json["keys"] == []  # type: ignore[index]


def test_a_revoked_key_stays_in_the_list_and_its_name_is_free(client: FlaskClient, clock: FakeClock) -> None:
    first = made(client)
    taken = client.post(KEYS, json={"name": "ci", "scopes": ["read"]})
    assert (taken.status_code, taken.json["code"]) == (409, "name_taken")  # type: ignore[index]

    for _ in range(2):
        assert client.delete(f"{KEYS}/{first['id']}").status_code == 204
        clock.forward(1)
    second = made(client)

    listed = client.get(KEYS).json["keys"]  # type: ignore[index]
    assert [(each["id"], each["status"]) for each in listed] == [(second["id"], "usable"), (first["id"], "revoked")]
    assert listed[1]["revoked_at"] == "2026-01-31T12:00:00.123Z"


def test_an_unknown_key_is_named(client: FlaskClient) -> None:
    for answer in (client.get(f"{KEYS}/nobody"), client.delete(f"{KEYS}/nobody")):
        assert (answer.status_code, answer.json["code"]) == (404, "unknown_key")  # type: ignore[index]


def test_keys_are_listed_in_pages(client: FlaskClient, clock: FakeClock) -> None:
    names = [f"key {number}" for number in range(3)]
    for name in names:
        made(client, name)
        clock.forward(1)

    page = client.get(f"{KEYS}?limit=2").json
    rest = client.get(f"{KEYS}?limit=2&cursor={page['next_cursor']}").json  # type: ignore[index]

    assert [each["name"] for each in page["keys"] + rest["keys"]] == names[::-1]  # type: ignore[index]
