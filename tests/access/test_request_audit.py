"""Each request that changes something, and each refusal of a key, is in the audit before it is answered."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.ops import request_metrics
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeClock, Replacing

URL = "http://example.test/page?token=canary"
MASKED = "http://example.test/page?token=***"
AUDIT = "/api/v1/audit"
METADATA = "/api/v1/metadata"
Make = Callable[[Mode], tuple[Services, FlaskClient]]
Headers = dict[str, str]


@pytest.fixture
def make(make_services: Build, settings: Settings) -> Make:
    def make(mode: Mode) -> tuple[Services, FlaskClient]:
        services = make_services(replace(settings, access=mode))
        return services, create_app(services=services).test_client()

    return make


def key(services: Services, *scopes: str) -> Headers:
    _, text = services.keys.create(f"for {' and '.join(scopes)}", scopes)
    return {"Authorization": f"Bearer {text}"}


def entries(client: FlaskClient, headers: Headers | None = None, **query: object) -> list[dict[str, Any]]:
    answer = client.get(AUDIT, query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json["entries"])


def told(client: FlaskClient, headers: Headers | None = None, **query: object) -> list[tuple[str, str, str]]:
    """Action, target and outcome, oldest first."""
    found = entries(client, headers, **query)
    return [(each["action"], each["target"], each["outcome"]) for each in reversed(found)]


def test_what_changes_something_is_kept_with_who_and_what(client: FlaskClient, clock: FakeClock) -> None:
    def then(method: str, path: str, **how: Any) -> Any:
        clock.forward(1)
        return client.open(path, method=method, **how)

    then("POST", METADATA, json={"url": URL})
    then("PUT", f"{METADATA}/tags", json={"url": URL, "tags": ["a"]})
    upload = {"file": (io.BytesIO(b"url\nhttp://example.test/1\n"), "urls.csv")}
    job = then("POST", "/api/v1/imports?kind=urls", data=upload).json["job_id"]
    then("POST", f"/api/v1/jobs/{job}/cancel")
    watch = then("POST", "/api/v1/watches", json={"name": "w", "query": "host:example.test"}).json["id"]
    then("POST", f"/api/v1/watches/{watch}/pause")
    then("DELETE", f"/api/v1/watches/{watch}")
    then("DELETE", "/api/v1/history")
    made = then("POST", "/api/v1/keys", json={"name": "k", "scopes": ["read"]}).json
    then("DELETE", f"/api/v1/keys/{made['id']}")
    last = then("DELETE", METADATA, query_string={"url": URL}, headers={"X-Request-ID": "mine"})

    assert last.status_code == 204
    assert told(client) == [
        ("metadata.collect", MASKED, "done"),
        ("metadata.tag", MASKED, "done"),
        ("import.create", job, "done"),
        ("job.cancel", job, "done"),
        ("watch.create", watch, "done"),
        ("watch.pause", watch, "done"),
        ("watch.delete", watch, "done"),
        ("history.delete", "", "done"),
        ("key.create", made["id"], "done"),
        ("key.revoke", made["id"], "done"),
        ("metadata.delete", MASKED, "done"),
    ]
    newest = entries(client, limit=1)[0]
    assert (newest["request_id"], newest["address"], newest["key"], newest["user"]) == ("mine", "127.0.0.1", None, None)


def test_what_only_reads_is_not_kept(client: FlaskClient) -> None:
    for path in ("/", "/healthz", "/api/v1/records", f"{METADATA}?url={URL}", "/api/v1/search?q=", "/metrics", "/nowhere"):
        client.get(path)

    assert entries(client) == []


def test_what_failed_is_kept_with_the_code_of_its_problem(client: FlaskClient, clock: FakeClock) -> None:
    client.delete(METADATA, query_string={"url": URL})
    clock.forward(1)
    client.post("/api/v1/jobs/none/cancel")

    assert told(client) == [("metadata.delete", MASKED, "not_in_inventory"), ("job.cancel", "none", "unknown_job")]


@pytest.mark.parametrize("mode", [Mode.KEYS, Mode.READONLY_OPEN])
def test_a_form_of_nobody_leads_to_the_login_and_makes_no_entry(make: Make, mode: Mode) -> None:
    services, client = make(mode)
    admin = key(services, "admin")
    for path in ("/record/delete", "/watches", "/jobs", "/jobs/x/cancel"):
        answer = client.post(path, data={"url": URL}, headers={"Accept": "text/html"})
        assert answer.status_code == 303

    assert entries(client, admin) == []


def test_what_failed_on_a_page_is_kept_with_the_same_code(make: Make, clock: FakeClock) -> None:
    services, client = make(Mode.KEYS)
    admin, reader = key(services, "admin"), key(services, "read")
    for who, path in ((admin, "/record/delete"), (reader, "/record/delete"), (reader, "/watches")):
        answer = client.post(path, data={"url": URL}, headers=who | {"Accept": "text/html"})
        assert (answer.status_code >= 400, answer.mimetype) == (True, "text/html")
        clock.forward(1)

    assert told(client, admin) == [
        ("metadata.delete", MASKED, "not_in_inventory"),
        ("metadata.delete", "", "out_of_scope"),
        ("watch.create", "", "out_of_scope"),
    ]


def test_refusals_of_a_key_are_kept_reads_included(make: Make, clock: FakeClock) -> None:
    services, client = make(Mode.KEYS)
    admin, reader, importer = key(services, "admin"), key(services, "read"), key(services, "import")
    clock.forward(1)
    assert client.delete(METADATA, query_string={"url": URL}, headers=reader).status_code == 403
    clock.forward(1)
    assert client.get("/api/v1/records", headers=importer).status_code == 403

    assert [(each["action"], each["outcome"], each["key"]["name"]) for each in entries(client, admin)] == [
        ("record.read", "out_of_scope", "for import"),
        ("metadata.delete", "out_of_scope", "for read"),
    ]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer inv_live_wrong"}, {"X-API-Key": "x"}])
@pytest.mark.parametrize("mode", [Mode.KEYS, Mode.READONLY_OPEN])
def test_whoever_has_no_usable_key_makes_no_entry_however_often(make: Make, mode: Mode, headers: Headers) -> None:
    services, client = make(mode)
    admin = key(services, "admin")
    for _ in range(20):
        assert client.delete(METADATA, query_string={"url": URL}, headers=headers).status_code == 401

    assert entries(client, admin) == []


def test_a_page_of_another_site_makes_no_entry(client: FlaskClient) -> None:
    refused = client.delete(METADATA, query_string={"url": URL}, headers={"Sec-Fetch-Site": "cross-site"})

    assert refused.status_code == 403
    assert entries(client) == []


def test_nor_does_one_that_follows_a_job_whatever_key_comes_along(make: Make) -> None:
    services, client = make(Mode.KEYS)
    admin = key(services, "admin")

    refused = client.get("/api/v1/jobs/x/events", headers=admin | {"Sec-Fetch-Site": "same-site"})

    assert (refused.status_code, refused.json["code"]) == (403, "foreign_origin")
    assert entries(client, admin) == []


def test_refusals_are_counted_by_their_code(make: Make) -> None:
    services, client = make(Mode.KEYS)
    reader = key(services, "read")

    def counted() -> dict[str, float]:
        samples = [sample for each in request_metrics.registry().collect() for sample in each.samples]
        return {s.labels["code"]: s.value for s in samples if s.name == "inventory_refused_requests_total"}

    before = counted()
    client.get("/api/v1/records")
    client.get("/api/v1/records", headers={"X-API-Key": "inv_live_x"})
    client.delete("/api/v1/history", headers=reader)
    client.get("/watches", headers=reader | {"Accept": "text/html"})
    client.post("/login", data={"key": "inv_live_x"})

    assert {code: value - before.get(code, 0) for code, value in counted().items() if value != before.get(code)} == {
        "key_required": 1,
        "invalid_key": 1,
        "out_of_scope": 2,
        "csrf_failed": 1,
    }


def test_the_audit_is_for_admins(make: Make) -> None:
    services, client = make(Mode.KEYS)

    assert client.get(AUDIT).status_code == 401
    assert client.get(AUDIT, headers=key(services, "read", "watch", "export")).status_code == 403
    assert client.get(AUDIT, headers=key(services, "admin")).status_code == 200


def test_the_audit_can_be_narrowed_and_paged(make: Make, clock: FakeClock) -> None:
    services, client = make(Mode.KEYS)
    admin, other = key(services, "admin"), key(services, "delete")
    for headers in (admin, other, admin):
        clock.forward(60)
        client.delete("/api/v1/history", headers=headers)
    clock.forward(60)
    client.delete(METADATA, query_string={"url": URL}, headers=admin)

    first = client.get(AUDIT, query_string={"limit": 3}, headers=admin).json
    rest = client.get(AUDIT, query_string={"limit": 3, "cursor": first["next_cursor"]}, headers=admin).json
    of_other = entries(client, admin, key=first["entries"][2]["key"]["id"])
    assert [len(first["entries"]), len(rest["entries"]), rest["next_cursor"]] == [3, 1, None]
    assert [each["key"]["name"] for each in of_other] == ["for delete"]
    assert [each["action"] for each in entries(client, admin, action="metadata.")] == ["metadata.delete"]
    assert len(entries(client, admin, since="150s")) in (2, 3)
    assert len(entries(client, admin, address="127.0.0.1")) == 4
    assert entries(client, admin, address="192.0.2.1") == []


@pytest.mark.parametrize(
    "query", [{"since": "soon"}, {"action": "key"}, {"limit": 0}, {"cursor": "x"}, {"since": "1h", "until": "2h"}]
)
def test_a_query_that_means_nothing_says_why(client: FlaskClient, query: dict[str, object]) -> None:
    answer = client.get(AUDIT, query_string=query)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert set(answer.json["errors"]) <= set(query)


def test_nothing_in_the_api_changes_an_entry(client: FlaskClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.open(AUDIT, method=method).status_code == 405


def test_what_the_audit_cannot_keep_is_done_and_answered_all_the_same(make_services: Build, settings: Settings) -> None:
    def add(_entries: object) -> None:
        raise StorageUnavailable("The disk is full.")

    store = wiring.open_store(settings)
    services = make_services(store=Replacing(store, audit=Replacing(store.audit, add=add)))

    assert create_app(services=services).test_client().delete("/api/v1/history").status_code == 204
