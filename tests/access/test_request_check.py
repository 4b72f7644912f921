"""Each request is checked before its view is called: who asks, and whether that verb is allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from inventory import create_app
from inventory.access import request_check
from inventory.access.current import caller
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.services import Services
from inventory.web_api import needs
from inventory.web_api.needs import PUBLIC
from tests.conftest import Build
from tests.fakes import FakeWeb

URL = "http://example.test/page"
METADATA = f"/api/v1/metadata?url={URL}"
PUBLIC_PATHS = ("/", "/docs/", "/docs/swagger-ui.css", "/openapi.json", "/healthz", "/readyz")
Make = Callable[[Mode], tuple[Services, FlaskClient]]


@pytest.fixture
def make(make_services: Build, settings: Settings) -> Make:
    def make(mode: Mode) -> tuple[Services, FlaskClient]:
        services = make_services(replace(settings, access=mode))
        return services, create_app(services=services).test_client()

    return make


def bearer(services: Services, *scopes: str) -> dict[str, str]:
    """The header with a new key."""
    _, text = services.keys.create(f"for {' and '.join(scopes)}", scopes)
    return {"Authorization": f"Bearer {text}"}


def test_every_view_says_what_it_needs(services: Services) -> None:
    found = needs.all_needs(create_app(services=services))

    assert [name for name, need in found.items() if need is None] == []
    assert len(found) > 50


def test_public_are_only_these(services: Services) -> None:
    app = create_app(services=services)
    rules = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
    public = {rules[endpoint] for (endpoint, _), need in needs.all_needs(app).items() if need and need.verb == PUBLIC}

    pages = {"/", "/static/<name>", "/docs/", "/docs/<path:path>", "/login", "/logout", "/.well-known/security.txt"}
    assert public == pages | {"/openapi.json", "/healthz", "/readyz"}


@pytest.mark.parametrize("mode", list(Mode))
def test_what_is_public_is_answered_to_everybody(make: Make, mode: Mode) -> None:
    _, client = make(mode)

    for path in PUBLIC_PATHS:
        for headers in ({}, {"Authorization": "Bearer inv_live_wrong"}):
            with client.get(path, headers=headers) as answer:
                assert answer.status_code == 200, path


def test_a_request_without_a_key_is_told_how_to_send_one(make: Make) -> None:
    _, client = make(Mode.KEYS)

    for path in (METADATA, "/api/v1/records", "/metrics", "/jobs", "/api/v1/jobs/1/events", "/ws/jobs/1"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["code"]) == (401, "key_required"), path  # type: ignore[index]
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="inventory"'
        assert answer.headers["X-Request-ID"]


def test_a_websocket_is_refused_before_its_handshake(make: Make) -> None:
    _, client = make(Mode.KEYS)
    handshake = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}

    answer = client.get("/ws/jobs/1", headers=handshake | {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})

    assert answer.status_code == 401


@pytest.mark.parametrize("mode", Mode)
def test_the_methods_of_a_websocket_are_told_without_a_look_at_its_job(make: Make, mode: Mode) -> None:
    _, client = make(mode)
    answer = client.options("/ws/jobs/1", headers={"Connection": "Upgrade", "Upgrade": "websocket"})

    assert (answer.status_code, "GET" in answer.headers["Allow"]) == (200, True)


def test_a_wrong_key_is_refused_as_rfc_6750_says(make: Make) -> None:
    services, client = make(Mode.KEYS)
    headers = bearer(services, "read")
    key = services.keys.listing(limit=1, after=None)[0]
    services.keys.revoke(key.id)

    for sent, code in ((headers, "revoked_key"), ({"X-API-Key": "inv_live_x"}, "invalid_key")):
        answer = client.get(METADATA, headers=sent)
        assert (answer.status_code, answer.json["code"]) == (401, code)  # type: ignore[index]
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="inventory", error="invalid_token"'
        assert "inv_live" not in answer.text


def test_a_key_without_the_scope_is_told_which(make: Make) -> None:
    services, client = make(Mode.KEYS)
    headers = bearer(services, "read")

    answer = client.post("/api/v1/metadata", json={"url": URL}, headers=headers)

    assert (answer.status_code, answer.json["code"]) == (403, "out_of_scope")  # type: ignore[index]
    assert "`collect`" in answer.json["detail"]  # type: ignore[index]
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="inventory", error="insufficient_scope", scope="collect"'


def test_a_key_may_what_its_scopes_say(make: Make, web: FakeWeb) -> None:
    services, client = make(Mode.KEYS)

    assert client.post("/api/v1/metadata", json={"url": URL}, headers=bearer(services, "collect")).status_code == 201
    assert client.get(METADATA, headers=bearer(services, "read")).status_code == 200
    assert client.delete(METADATA, headers=bearer(services, "delete")).status_code == 204
    assert client.get(METADATA, headers=bearer(services, "admin")).status_code == 202
    assert web.asked[URL] == 1


@pytest.mark.parametrize("mode", [Mode.KEYS, Mode.READONLY_OPEN])
def test_who_may_read_and_not_collect_gets_what_is_stored(make: Make, web: FakeWeb, mode: Mode) -> None:
    services, client = make(mode)
    headers = {} if mode is Mode.READONLY_OPEN else bearer(services, "read")
    waiting = headers | {"Prefer": "wait=30"}

    missed = client.get(METADATA, headers=waiting)
    city = client.get("/api/v1/weather?city=Paris", headers=waiting)
    services.inline.collect(services.records.target("webpage", URL))
    stored = client.get(f"{METADATA}&max_age=0", headers=waiting)

    for answer in (missed, city):
        assert (answer.status_code, answer.json["code"]) == (404, "not_in_inventory")  # type: ignore[index]
        assert "needs a key with the scope `collect`" in answer.json["detail"]  # type: ignore[index]
    assert (stored.status_code, stored.json["status"]) == (200, "stored")  # type: ignore[index]
    assert not list(services.store.records.due(now=services.records.clock(), max_attempts=9, limit=9))


def test_without_a_key_nothing_is_changed_in_readonly_open(make: Make) -> None:
    _, client = make(Mode.READONLY_OPEN)

    for answer in (
        client.post("/api/v1/metadata", json={"url": URL}),
        client.delete(METADATA),
        client.delete("/api/v1/history"),
        client.post("/api/v1/imports?kind=urls"),
        client.get("/api/v1/search/export?format=csv"),
        client.get("/api/v1/archive.warc.gz?q="),
        client.get("/api/v1/watches"),
        client.get("/api/v1/webhooks"),
        client.get("/api/v1/keys"),
    ):
        assert (answer.status_code, answer.json["code"]) == (401, "key_required")  # type: ignore[index]


def test_an_open_service_asks_nobody(make: Make) -> None:
    services, client = make(Mode.OPEN)

    for headers in ({}, bearer(services, "read"), {"Authorization": "Bearer of-another-service"}):
        assert client.post("/api/v1/metadata", json={"url": URL}, headers=headers).status_code in (200, 201)


def test_the_caller_is_known_to_what_answers(make: Make) -> None:
    services, client = make(Mode.KEYS)
    _, text = services.keys.create("proxy", ["read"], user_header="X-Forwarded-Email")
    seen = []
    app = client.application
    app.view_functions["records.Records"] = lambda: seen.append(caller()) or Response()  # type: ignore[func-returns-value]

    client.get("/api/v1/records", headers={"X-API-Key": text, "X-Forwarded-Email": "ada@example.com"})

    assert [(each.key and each.key.name, each.user, each.address) for each in seen] == [
        ("proxy", "ada@example.com", "127.0.0.1")
    ]


def test_a_view_that_does_not_say_what_it_needs_is_for_admins_alone(make: Make) -> None:
    services, _ = make(Mode.KEYS)
    app = Flask("other")
    app.add_url_rule("/new", view_func=lambda: "answered", endpoint="new", methods=["GET", "QUERY"])
    request_check.register(app, services.access)
    app.add_url_rule("/late", view_func=lambda: "answered", endpoint="late")
    app.add_url_rule(
        "/own", view_func=lambda: "answered", endpoint="own", methods=["OPTIONS"], provide_automatic_options=False
    )
    app.register_error_handler(Exception, lambda error: (type(error).__name__, 400))
    client, most, all_ = app.test_client(), bearer(services, "read", "collect", "import"), bearer(services, "admin")

    for path, method in (("/new", "GET"), ("/new", "HEAD"), ("/new", "QUERY"), ("/late", "GET"), ("/own", "OPTIONS")):
        statuses = [client.open(path, method=method, headers=headers).status_code for headers in ({}, most, all_)]
        assert statuses == [400, 400, 200], path


def test_no_cache_that_others_use_keeps_what_a_key_may_read(make: Make) -> None:
    services, client = make(Mode.READONLY_OPEN)
    headers = bearer(services, "admin")

    for path in (METADATA, "/api/v1/records", "/api/v1/keys/nobody"):
        assert client.get(path, headers=headers).headers["Cache-Control"] == "private, no-cache"
    assert client.get("/jobs", headers=headers).headers["Cache-Control"] == "no-store"
    assert "Cache-Control" not in client.get("/api/v1/records").headers


def test_an_unknown_route_and_a_wrong_method_are_told_to_everybody(make: Make) -> None:
    _, client = make(Mode.KEYS)

    assert client.get("/nowhere").status_code == 404
    assert client.put("/api/v1/records").status_code == 405
    assert client.options("/api/v1/records").status_code == 200
