"""URLs that may not be fetched: refused wherever one is sent, but what is known of one from before is read and deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from inventory.access.model import Mode
from inventory.config import Settings
from inventory.imports.lookups import Lookups
from inventory.jobs.model import InputRow
from inventory.records.model import Snapshot, Stored, Target
from inventory.services import Services
from tests.access.guarded import Guarded
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, content

ROUTE = "/api/v1/metadata"
URLS = {
    "mail": ("http://example.test:25/", "Port 25 belongs to another protocol than HTTP"),
    "shell": ("https://example.test:22/x", "Port 22 belongs to another protocol than HTTP"),
    "address": (
        "http://10.1.2.3/",
        "10.1.2.3 is not a public address (private); it may be called only if INVENTORY_ALLOW_NETWORKS opens it",
    ),
}


@pytest.fixture
def services(make_services: Build) -> Services:
    return make_services(sources=None, resolve=lambda host: [])


def remember(services: Services, url: str) -> None:
    """Keep a snapshot of a URL, as if it had been collected while that was allowed."""
    target = Target("webpage", url, url.split("/")[2].partition(":")[0])
    now = services.records.clock()
    services.store.records.accept(target, now=now, seen=None)
    claim = services.store.records.claim(target.id, now=now, lease_for=timedelta(seconds=9))
    assert claim is not None
    assert claim.lease is not None
    kept = Snapshot(claim.lease, claim.id, now, content(url), None)
    services.store.records.settle([Stored(claim, kept, None)])


@pytest.mark.parametrize(("url", "why"), URLS.values(), ids=URLS)
def test_a_url_that_may_not_be_fetched_is_refused_wherever_it_is_sent(client: FlaskClient, url: str, why: str) -> None:
    answers = [
        client.get(ROUTE, query_string={"url": url}),
        client.get(ROUTE, query_string={"url": url, "collect": "false"}),
        client.delete(ROUTE, query_string={"url": url}),
        client.get(f"{ROUTE}/snapshots", query_string={"url": url}),
        client.post(ROUTE, json={"url": url}),
        client.post(ROUTE, json={"url": url}, headers={"Prefer": "respond-async"}),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (422, "forbidden_address")
        assert why in answer.json["detail"]


@pytest.mark.parametrize(("url", "why"), URLS.values(), ids=URLS)
@pytest.mark.parametrize("limit", ["elsewhere.test", "tag=shop"])
def test_a_key_that_may_not_reach_it_does_not_learn_whether_it_is_known(
    make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock, url: str, why: str, limit: str
) -> None:
    services = make_services(replace(settings, access=Mode.KEYS), sources=None, resolve=lambda host: [])
    guarded = Guarded(services, web, clock)
    key = guarded.key(f"read:{limit}", f"delete:{limit}")

    def ask() -> list[str]:
        paths = ["/metadata", "/metadata/snapshots", "/metadata/diff"]
        asked = [guarded.send(key, path, query_string={"url": url}) for path in paths]
        asked.append(guarded.send(key, "/metadata", method="DELETE", query_string={"url": url}))
        return [answer.json["code"] for answer in asked]

    assert ask() == ["out_of_scope"] * 4
    remember(services, url)
    assert ask() == ["out_of_scope"] * 4
    assert why in guarded.ask(guarded.admin, "/metadata", method="POST", status=422, json={"url": url})["detail"]


@pytest.mark.parametrize(("url", "why"), URLS.values(), ids=URLS)
def test_a_row_of_an_import_that_may_not_be_fetched_is_rejected(services: Services, url: str, why: str) -> None:
    now = services.records.clock()
    lookups = Lookups(
        services.store.records, services.sources["webpage"], [InputRow(1, url)], created_at=now, fresh_for=timedelta(0)
    )

    [row] = lookups.step(now).rows

    assert row.code == "forbidden_address"
    assert row.detail is not None
    assert why in row.detail


@pytest.mark.parametrize(("url", "why"), URLS.values(), ids=URLS)
def test_an_earlier_record_of_such_a_url_can_be_read_and_deleted_but_not_collected(
    client: FlaskClient, services: Services, url: str, why: str
) -> None:
    remember(services, url)

    assert client.get(ROUTE, query_string={"url": url}).json["url"] == url
    assert client.get(f"{ROUTE}?url={url}&collect=false").json["status"] == "stored"
    assert len(client.get(f"{ROUTE}/snapshots", query_string={"url": url}).json["snapshots"]) == 1
    assert client.post(ROUTE, json={"url": url}).json["code"] == "forbidden_address"
    assert client.delete(ROUTE, query_string={"url": url}).status_code == 204
    assert client.get(ROUTE, query_string={"url": url}).json["code"] == "forbidden_address"
