"""Quotas of requests: what counts, what is refused and for how long, and what each answer tells of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.access.counters import LocalCounters
from inventory.access.model import Mode
from inventory.access.quota_check import counted_as
from inventory.access.quota_model import Quota, Usage, read_setting
from inventory.access.quotas import QuotaService
from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.services import EXTENSION, Services
from inventory.web_api import shortcut
from inventory.web_api.needs import all_needs
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeather, FakeWeb

URL, OTHER = "https://example.com/", "https://example.org/"
METADATA = "/api/v1/metadata"
DAY = 86_400
FILE = b"url\nhttps://example.com/1\nhttps://example.com/2\n"


class Ticks:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def make_client(make_services: Build, settings: Settings, ticks: Ticks) -> Callable[..., FlaskClient]:
    """A client of an application with quotas."""

    def make(quotas: str, **more: Any) -> FlaskClient:
        counters = LocalCounters(processes=1, ticks=ticks)
        usual = read_setting(quotas)
        services = make_services(replace(settings, quotas=usual, **more))
        services = replace(services, quotas=QuotaService(counters, usual))
        return create_app(services=services).test_client()

    return make


def look_up(client: FlaskClient, url: str = URL, **query: Any) -> TestResponse:
    return client.get(METADATA, query_string={"url": url} | query)


def collect(client: FlaskClient, url: str = URL, **headers: str) -> TestResponse:
    return client.post(METADATA, json={"url": url}, headers=headers)


def upload(client: FlaskClient) -> TestResponse:
    return client.post("/api/v1/imports?kind=urls", data={"file": (BytesIO(FILE), "urls.csv")})


def left(answer: TestResponse) -> dict[str, int]:
    """What is left by the header of an answer."""
    items = (part.split(";") for part in answer.headers["RateLimit"].split(", "))
    return {name.strip('"'): int(rest.removeprefix("r=")) for name, rest, _ in items}


def test_each_answer_tells_of_all_quotas(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client("lookups=5/minute,lookups=100/day,collections=3/minute")
    collect(client)
    answer = look_up(client)

    assert answer.status_code == 200
    assert answer.headers["RateLimit-Policy"] == (
        '"lookups-minute";q=5;w=60, "lookups-day";q=100;w=86400, "collections-minute";q=3;w=60'
    )
    assert (
        answer.headers["RateLimit"] == '"lookups-minute";r=4;t=60, "lookups-day";r=99;t=86400, "collections-minute";r=2;t=60'
    )
    for other in (client.delete(METADATA, query_string={"url": URL}), client.get("/metrics"), client.get("/api/v1/jobs/no")):
        assert other.headers["RateLimit-Policy"] == answer.headers["RateLimit-Policy"]
        assert left(other) == left(answer)


def test_a_quota_that_is_used_up_is_refused_until_its_period_ends(
    make_client: Callable[..., FlaskClient], ticks: Ticks
) -> None:
    client = make_client("lookups=2/minute")
    collect(client)
    assert look_up(client).status_code == 200
    ticks.now += 20.25
    assert look_up(client).status_code == 200
    ticks.now += 10

    refused = look_up(client)
    assert refused.status_code == 429
    assert refused.json is not None
    assert refused.json["code"] == "quota_exceeded"
    assert "lookups of your address is used up: 2 a minute. Try again in 30 s." in refused.json["detail"]
    assert refused.headers["Retry-After"] == "30"
    assert refused.headers["RateLimit"] == '"lookups-minute";r=0;t=30'

    ticks.now += 29
    assert look_up(client).headers["Retry-After"] == "1"
    ticks.now += 1
    assert look_up(client).status_code == 200


def test_only_what_succeeds_counts(make_client: Callable[..., FlaskClient], web: FakeWeb) -> None:
    client = make_client("lookups=3/day,collections=3/day,imports=3/day")
    web.pages[URL] = SourceFailure("connection_refused", "no", permanent=True)
    answers = [
        look_up(client, "nonsense"),
        look_up(client, OTHER, collect="false"),
        collect(client),
        collect(client, "nonsense"),
        client.get("/api/v1/search?q=nonsense:1"),
        client.post("/api/v1/imports?kind=urls", data={"file": "nothing"}),
        client.get("/api/v1/nothing"),
    ]

    assert [answer.status_code for answer in answers] == [422, 404, 502, 422, 422, 415, 404]
    assert left(client.get("/metrics")) == {"lookups-day": 3, "collections-day": 3, "imports-day": 3}


def test_a_lookup_that_begins_a_collection_is_both_and_waiting_for_it_is_a_lookup(
    make_client: Callable[..., FlaskClient],
) -> None:
    client = make_client("lookups=9/day,collections=9/day")

    assert look_up(client).status_code == 202
    assert left(client.get("/metrics")) == {"lookups-day": 8, "collections-day": 8}
    assert left(look_up(client)) == {"lookups-day": 7, "collections-day": 8}
    answer = collect(client, Prefer="respond-async")
    assert answer.status_code == 202
    assert left(answer)["collections-day"] >= 7


def test_a_collection_that_begins_nothing_is_a_lookup(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client("lookups=9/day,collections=9/day")
    assert left(collect(client, Prefer="respond-async")) == {"lookups-day": 9, "collections-day": 8}

    assert left(collect(client, Prefer="respond-async")) == {"lookups-day": 8, "collections-day": 8}


def test_asking_for_a_collection_needs_lookups_left_and_waits_for_all_that_is_used_up(
    make_client: Callable[..., FlaskClient], ticks: Ticks
) -> None:
    client = make_client("lookups=2/minute,collections=9/minute")
    answers = [collect(client, Prefer="respond-async") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    assert answers[4].json is not None
    assert "The quota of lookups" in answers[4].json["detail"]

    ticks.now += int(answers[4].headers["Retry-After"])
    assert collect(client, Prefer="respond-async").status_code == 202

    client = make_client("lookups=1/minute,collections=1/day")
    collect(client, OTHER, Prefer="respond-async")
    assert client.get("/api/v1/records").status_code == 200
    assert collect(client, OTHER).headers["Retry-After"] == "86400"


def test_a_refresh_is_a_collection_and_a_304_a_lookup(make_client: Callable[..., FlaskClient], clock: FakeClock) -> None:
    client = make_client("lookups=9/day,collections=9/day")
    collect(client)
    etag = look_up(client).headers["ETag"]
    unchanged = client.get(METADATA, query_string={"url": URL}, headers={"If-None-Match": etag})
    assert (unchanged.status_code, left(unchanged)) == (304, {"lookups-day": 7, "collections-day": 8})

    clock.forward(2 * DAY)
    stale = client.get(METADATA, query_string={"url": URL}, headers={"If-None-Match": etag})
    assert stale.json is not None
    assert (stale.json["stale"], left(stale)) == (True, {"lookups-day": 6, "collections-day": 7})


def test_the_weather_counts_alike(make_client: Callable[..., FlaskClient], weather: FakeWeather) -> None:
    client = make_client("lookups=9/day,collections=9/day")

    assert left(client.get("/api/v1/weather?city=Bern")) == {"lookups-day": 8, "collections-day": 8}
    assert left(client.get("/api/v1/weather?city=Bern")) == {"lookups-day": 7, "collections-day": 8}


def test_an_import_is_one_import_whatever_its_rows_and_tags_are_none(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client("lookups=9/day,collections=9/day,imports=1/day")
    collect(client)
    before = client.put(f"{METADATA}/tags", json={"url": URL, "tags": ["prod"]})
    assert (before.status_code, left(before)["imports-day"]) == (200, 1)

    accepted = upload(client)
    assert (accepted.status_code, left(accepted)) == (202, {"lookups-day": 9, "collections-day": 8, "imports-day": 0})
    refused = upload(client)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "86400")
    assert accepted.json is not None
    assert client.post(f"/api/v1/jobs/{accepted.json['job_id']}/retry").status_code == 429
    cancelled = client.post(f"/api/v1/jobs/{accepted.json['job_id']}/cancel")
    assert cancelled.status_code == 200


def test_without_collections_left_what_is_stored_is_answered_and_a_miss_is_refused(
    make_client: Callable[..., FlaskClient], clock: FakeClock, web: FakeWeb
) -> None:
    client = make_client("lookups=99/day,collections=1/minute")
    collect(client)
    clock.forward(2 * DAY)
    stale = look_up(client)
    assert stale.json is not None
    assert (stale.status_code, stale.json["stale"]) == (200, True)

    for refused in (look_up(client, OTHER), collect(client, OTHER), client.get("/api/v1/weather?city=Bern")):
        assert refused.status_code == 429
        assert refused.json is not None
        assert "collections of your address" in refused.json["detail"]
        assert refused.headers["Retry-After"] == "60"
    assert look_up(client, OTHER, collect="false").status_code == 404
    assert web.asked == {URL: 1}


def test_addresses_are_counted_apart_and_subscribers_of_ipv6_together(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client("lookups=5/minute")

    def from_address(address: str) -> int:
        return left(client.get("/api/v1/records", environ_base={"REMOTE_ADDR": address}))["lookups-minute"]

    assert [from_address("192.0.2.1"), from_address("192.0.2.1"), from_address("192.0.2.2")] == [4, 3, 4]
    assert [from_address("2001:db8::1"), from_address("2001:db8::2"), from_address("2001:db8:0:1::1")] == [4, 3, 4]


def test_behind_a_trusted_proxy_the_address_that_it_names_is_counted(
    make_client: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.5")
    client = make_client("lookups=5/minute")

    def forwarded(peer: str, addresses: str) -> int:
        headers = {"X-Forwarded-For": addresses}
        return left(client.get("/api/v1/records", environ_base={"REMOTE_ADDR": peer}, headers=headers))["lookups-minute"]

    assert [forwarded("10.0.0.5", "1.1.1.1, 192.0.2.1"), forwarded("10.0.0.5", "2.2.2.2, 192.0.2.1")] == [4, 3]
    assert forwarded("10.0.0.5", "192.0.2.2") == 4
    assert [forwarded("10.0.0.6", "192.0.2.8"), forwarded("10.0.0.6", "192.0.2.9")] == [4, 3]


def test_a_key_has_quotas_of_its_own_wherever_it_is_used(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client("lookups=5/minute,collections=7/minute", access=Mode.READONLY_OPEN)
    services: Services = client.application.extensions[EXTENSION]
    _, limited = services.keys.create("ci", ["read"], quotas={"lookups": "2/minute"})
    _, free = services.keys.create("own", ["read"], quotas={"lookups": "none"})

    def with_key(text: str, address: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {text}"}
        return client.get("/api/v1/records", environ_base={"REMOTE_ADDR": address}, headers=headers)

    answers = [with_key(limited, f"192.0.2.{number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json is not None
    assert "lookups of this key" in answers[2].json["detail"]
    assert left(answers[2]) == {"lookups-minute": 0, "collections-minute": 7}
    assert left(with_key(free, "192.0.2.0")) == {"collections-minute": 7}
    assert left(client.get("/api/v1/records"))["lookups-minute"] == 4


def test_where_all_is_open_a_key_that_anybody_made_changes_nothing(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client("lookups=2/minute", access=Mode.OPEN)
    quotas = {"lookups": "none", "collections": "1/minute"}
    made = client.post("/api/v1/keys", json={"name": "own", "scopes": ["read"], "quotas": quotas})
    assert made.json is not None
    headers = {"X-API-Key": made.json["key"]}

    answers = [client.get("/api/v1/records", headers=each) for each in ({}, headers, headers, {})]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert [left(answer) for answer in answers[1:3]] == [{"lookups-minute": 0}] * 2


def test_a_lookup_that_a_key_may_never_collect_is_not_said_to_have_to_wait(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client("collections=1/day", access=Mode.KEYS)
    services: Services = client.application.extensions[EXTENSION]
    _, text = services.keys.create("org", ["read", "collect:example.org"])

    def ask(url: str) -> int:
        return client.get(METADATA, query_string={"url": url}, headers={"X-API-Key": text}).status_code

    assert [ask(OTHER), ask(f"{OTHER}2"), ask(URL)] == [202, 429, 404]


def test_an_admin_sees_what_is_left_of_the_quotas_of_a_key(make_client: Callable[..., FlaskClient], ticks: Ticks) -> None:
    client = make_client("lookups=5/minute,imports=3/day", access=Mode.KEYS)
    services: Services = client.application.extensions[EXTENSION]
    _, admin = services.keys.create("admin", ["admin"])
    key, text = services.keys.create("ci", ["read"], quotas={"lookups": "7/minute"})
    client.get("/api/v1/records", headers={"X-API-Key": text})
    ticks.now += 10.5

    one = client.get(f"/api/v1/keys/{key.id}", headers={"X-API-Key": admin})

    assert one.json is not None
    assert one.json["usage"] == [
        {"quota": "lookups-minute", "amount": 7, "left": 6, "ends_in": 50},
        {"quota": "imports-day", "amount": 3, "left": 3, "ends_in": 86_400},
    ]


def test_a_key_without_the_scope_is_told_of_its_quotas_too(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client("lookups=5/minute", access=Mode.KEYS)
    services: Services = client.application.extensions[EXTENSION]
    _, text = services.keys.create("reader", ["read"])

    refused = client.delete(METADATA, query_string={"url": URL}, headers={"X-API-Key": text})
    assert (refused.status_code, left(refused)) == (403, {"lookups-minute": 5})
    nobody = client.get("/api/v1/records")
    assert (nobody.status_code, "RateLimit" in nobody.headers) == (401, False)


@pytest.mark.parametrize(
    "quotas", [{"lookups": "1/minute,2/minute"}, {"lookups": "0/minute"}, {"searches": "1/minute"}, {"lookups": "1/hour"}]
)
def test_a_key_can_not_have_quotas_that_cannot_be_read(
    make_client: Callable[..., FlaskClient], quotas: dict[str, str]
) -> None:
    answer = make_client("").post("/api/v1/keys", json={"name": "ci", "scopes": ["read"], "quotas": quotas})

    assert answer.status_code == 422
    assert answer.json is not None
    assert "quotas" in answer.json["errors"]


def test_requests_at_once_overshoot_by_those_that_are_under_way_and_no_more(
    make_services: Build, settings: Settings, web: FakeWeb
) -> None:
    at_once, quota = 4, 10
    usual = read_setting(f"lookups={quota}/day")
    services = make_services(replace(settings, quotas=usual))
    services = replace(services, quotas=QuotaService(LocalCounters(processes=1), usual))
    app = create_app(services=services)
    collect(app.test_client())
    barrier = Barrier(at_once)

    def ask_often(_: int) -> int:
        client = app.test_client()
        barrier.wait(60)
        return sum(look_up(client).status_code == 200 for _ in range(quota))

    with ThreadPoolExecutor(at_once) as pool:
        served = sum(pool.map(ask_often, range(at_once)))

    assert quota <= served < quota + at_once


class Untouched:
    """Counters that nobody may ask."""

    def read(self, caller: str, quotas: Sequence[Quota]) -> Sequence[Usage]:
        raise AssertionError(f"{caller} was counted")

    def add(self, caller: str, quotas: Sequence[Quota]) -> None:
        raise AssertionError(f"{caller} was counted")


def test_without_quotas_nothing_is_asked(make_services: Build, settings: Settings) -> None:
    services = replace(make_services(), quotas=QuotaService(Untouched()))
    client = create_app(services=services).test_client()

    for answer in (collect(client), look_up(client), upload(client), look_up(client, "nonsense")):
        assert "RateLimit" not in answer.headers
        assert "RateLimit-Policy" not in answer.headers


def test_each_view_that_is_counted_documents_the_refusal_and_no_other_does(client: FlaskClient) -> None:
    needs = all_needs(client.application)
    document = client.get("/openapi.json").json
    assert document is not None
    for rule in client.application.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in (
            (rule.methods or set()) & {"GET", "POST", "PUT", "DELETE", "PATCH"} if path in document["paths"] else ()
        ):
            answers = document["paths"][path][method.lower()]["responses"]
            examples = answers.get("429", {}).get("content", {}).get("application/problem+json", {}).get("examples", {})
            need = needs[rule.endpoint, method]
            assert need is not None
            assert ("quota_exceeded" in examples) is (counted_as(need, path) is not None), (method, path)


def test_lookups_with_quotas_take_the_way_through_flask_and_others_do_not(make_services: Build, settings: Settings) -> None:
    def has_shortcut(services: Services) -> bool:
        return shortcut.KEY in create_app(services=services).extensions

    assert has_shortcut(make_services())
    assert not has_shortcut(make_services(replace(settings, quotas=read_setting("lookups=5/minute"))))
