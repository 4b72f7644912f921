"""GET /api/v1/activity: what became of collections hour by hour, of all sources or of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.activity import answers
from inventory.activity.schemas import ActivityQuery, ActivitySchema
from inventory.config import Settings
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.web_api.blueprint import example
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing

ACTIVITY = "/api/v1/activity"
NOTHING = {"stored": 0, "failed": 0, "failures": {}}


def ask(client: FlaskClient, **query: object) -> dict[str, Any]:
    answer = client.get(ACTIVITY, query_string=query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json
    assert ActivitySchema().validate(document) == {}
    return document


def collect(client: FlaskClient, *urls: str) -> None:
    for url in urls:
        client.post("/api/v1/metadata", json={"url": url})


def fail(web: FakeWeb, url: str, code: str) -> str:
    web.pages[url] = SourceFailure(code, "It did not answer.", permanent=True)
    return url


def test_before_anything_was_collected_each_of_the_last_24_hours_has_nothing(client: FlaskClient) -> None:
    document = ask(client)

    assert (document["since"], document["until"]) == ("2026-01-30T13:00:00.000Z", "2026-01-31T13:00:00.000Z")
    assert [each["at"] for each in document["hours"]] == [
        *(f"2026-01-30T{n}:00:00.000Z" for n in range(13, 24)),
        *(f"2026-01-31T{n:02}:00:00.000Z" for n in range(13)),
    ]
    assert all(each == {"at": each["at"], **NOTHING} for each in document["hours"])
    assert (document["totals"], document["sources"]) == (NOTHING, [])
    assert document["records"] == {"total": 0, "waiting": 0, "failed": 0}


def test_what_was_stored_and_what_failed_is_told_of_each_hour_and_of_all(
    client: FlaskClient, web: FakeWeb, clock: FakeClock
) -> None:
    slow, gone = (fail(web, f"http://{n}.test/", code) for n, code in enumerate(("timeout", "dns_failure")))
    collect(client, "http://a.test/", "http://b.test/", slow)
    clock.forward(3_600)
    collect(client, "http://c.test/", gone)
    collect(client, fail(web, "http://2.test/", "timeout"))
    client.get("/api/v1/weather?city=Bern")
    client.get("/api/v1/metadata?url=http://later.test/")

    document = ask(client, since="1h")

    assert document["hours"] == [
        {"at": "2026-01-31T12:00:00.000Z", "stored": 2, "failed": 1, "failures": {"timeout": 1}},
        {"at": "2026-01-31T13:00:00.000Z", "stored": 2, "failed": 2, "failures": {"dns_failure": 1, "timeout": 1}},
    ]
    assert document["totals"] == {"stored": 4, "failed": 3, "failures": {"timeout": 2, "dns_failure": 1}}
    assert list(document["totals"]["failures"]) == ["timeout", "dns_failure"]
    assert document["sources"] == [
        {"source": "weather", "stored": 1, "failed": 0, "failures": {}},
        {"source": "webpage", "stored": 3, "failed": 3, "failures": {"timeout": 2, "dns_failure": 1}},
    ]
    assert document["records"] == {"total": 8, "waiting": 1, "failed": 3}


def test_one_source_can_be_asked_for_and_records_are_of_all(client: FlaskClient) -> None:
    collect(client, "http://a.test/")
    client.get("/api/v1/weather?city=Bern")

    document = ask(client, source="weather", since="0s")

    assert [each["source"] for each in document["sources"]] == ["weather"]
    assert document["hours"] == [{"at": "2026-01-31T12:00:00.000Z", "stored": 1, "failed": 0, "failures": {}}]
    assert document["records"]["total"] == 2
    assert ask(client, source="no such source")["totals"] == NOTHING


def test_a_collection_that_is_tried_again_is_told_once_when_it_ends(
    make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock
) -> None:
    services = make_services(replace(settings, max_attempts=2))
    client = create_app(services=services).test_client()
    web.pages["http://a.test/"] = SourceFailure("timeout", "It did not answer.")
    client.get("/api/v1/metadata?url=http://a.test/")
    told = []
    for _ in range(3):
        services.collector.collect_due(slots=1, stopping=lambda: False)
        told.append(ask(client, since="0s")["totals"]["failures"])
        clock.forward(60)

    assert told == [{}, {"timeout": 1}, {"timeout": 1}]


def test_hours_that_are_over_stay_as_they_were_when_a_record_is_deleted(client: FlaskClient) -> None:
    collect(client, "http://a.test/")
    client.delete("/api/v1/metadata?url=http://a.test/")

    document = ask(client)
    assert (document["totals"]["stored"], document["records"]["total"]) == (1, 0)


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"since": ""},
        {"until": "x" * 101},
        {"since": "32d"},
        {"since": "2027-01-01"},
        {"until": "2027-01-01"},
        {"resolution": "day"},
    ],
)
def test_a_query_that_cannot_be_answered_says_why(client: FlaskClient, query: dict[str, object]) -> None:
    answer = client.get(ACTIVITY, query_string=query)

    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (422, "invalid_request", list(query))


def test_without_the_store_it_is_503(make_services: Build, settings: Settings) -> None:
    def away(**_: object) -> None:
        raise StorageUnavailable("The server is away.")

    store = wiring.open_store(settings)
    client = create_app(
        services=make_services(store=Replacing(store, activity=Replacing(store.activity, counts=away)))
    ).test_client()

    assert client.get(ACTIVITY).json["code"] == "storage_unavailable"


def test_pages_get_what_the_route_answers(client: FlaskClient) -> None:
    collect(client, "http://a.test/")

    with client.application.app_context():
        assert answers.activity(ActivityQuery().load({"since": "7d"})) == ask(client, since="7d")


def test_the_example_is_as_documented_and_its_sums_are_right() -> None:
    document = example("activity/activity")

    assert ActivitySchema().validate(document) == {}
    for whole, parts in ((document["totals"], document["hours"]), (document["totals"], document["sources"])):
        assert whole["stored"] == sum(each["stored"] for each in parts)
        assert whole["failed"] == sum(each["failed"] for each in parts) == sum(whole["failures"].values())
