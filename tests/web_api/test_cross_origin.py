"""Only pages of origins that are named may use the API from another site, and only with what they send themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.services import Services
from inventory.setting_types import ORIGINS
from inventory.web_api.needs import METHODS
from tests.conftest import Build
from tests.ui.logging_in import log_in, make_key

NAMED = "https://app.example.com"
URL = "/api/v1/metadata?url=http://example.test/page"
PREFLIGHT = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization, x-evil"}
CROSS = {"Sec-Fetch-Site": "cross-site"}


def make(make_services: Build, settings: Settings, access: Mode = Mode.OPEN) -> tuple[Services, FlaskClient]:
    services = make_services(replace(settings, access=access, cors_origins=(NAMED, "http://[::1]:3000")))
    return services, create_app(services=services).test_client()


def allowed(answer: object) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")}  # type: ignore[attr-defined]


@pytest.mark.parametrize("origin", [NAMED, "null", "https://evil.example"])
@pytest.mark.parametrize("path", ["/", URL, "/api/v1/records", "/nowhere", "/openapi.json"])
def test_unless_origins_are_named_nothing_is_allowed(client: FlaskClient, origin: str, path: str) -> None:
    for method in ("GET", "OPTIONS", "HEAD", "DELETE"):
        assert allowed(client.open(path, method=method, headers=CROSS | PREFLIGHT | {"Origin": origin})) == {}


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "http://app.example.com", f"{NAMED}.evil.example", f"{NAMED}:8443",
             "https://appXexample.com", "http://1:3000", "http://1:3000.evil.example", "http://[::1]:3000.evil.example"],
)  # fmt: skip
def test_no_other_origin_is(make_services: Build, settings: Settings, origin: str) -> None:
    _, client = make(make_services, settings)

    for method in ("GET", "OPTIONS", "DELETE"):
        answer = client.open(URL, method=method, headers=CROSS | PREFLIGHT | {"Origin": origin})
        assert allowed(answer) == {}
    assert client.delete(URL, headers=CROSS | {"Origin": origin}).json["code"] == "foreign_origin"
    assert client.get(URL, headers=CROSS | {"Origin": origin}).json["code"] == "not_in_inventory"


def test_a_named_one_reads_collects_and_changes(make_services: Build, settings: Settings) -> None:
    _, client = make(make_services, settings)
    sent = CROSS | {"Origin": NAMED}

    preflight = client.options(URL, headers=sent | PREFLIGHT)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization"
    assert set(preflight.headers["Access-Control-Allow-Methods"].split(", ")) == set(METHODS)
    patch = client.options("/api/v1/watches/x", headers=sent | PREFLIGHT | {"Access-Control-Request-Method": "PATCH"})
    assert patch.headers["Access-Control-Allow-Origin"] == NAMED
    assert client.get(URL, headers=sent).status_code == 202
    answer = client.delete(URL, headers=sent)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == NAMED
    assert "Origin" in answer.headers["Vary"]
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert allowed(client.get(URL, headers=CROSS | {"Origin": "http://[::1]:3000"}))


def test_it_follows_jobs(make_services: Build, settings: Settings) -> None:
    _, client = make(make_services, settings)

    for origin, code in ((NAMED, "unknown_job"), ("https://evil.example", "foreign_origin")):
        answer = client.get("/api/v1/jobs/x/events", headers=CROSS | {"Origin": origin})
        assert answer.json["code"] == code


def test_it_sees_why_it_was_refused(make_services: Build, settings: Settings) -> None:
    _, client = make(make_services, settings, Mode.KEYS)

    answer = client.get("/api/v1/records", headers=CROSS | {"Origin": NAMED})

    assert answer.json["code"] == "key_required"
    assert answer.headers["Access-Control-Allow-Origin"] == NAMED


def test_a_picture_in_its_page_names_no_origin_and_has_no_effect(make_services: Build, settings: Settings) -> None:
    _, client = make(make_services, settings)

    answer = client.get(URL, headers=CROSS | {"Referer": f"{NAMED}/page"})

    assert answer.json["code"] == "not_in_inventory"


def test_where_keys_count_it_needs_one_and_a_cookie_is_not_enough(make_services: Build, settings: Settings) -> None:
    services, client = make(make_services, settings, Mode.KEYS)
    key, sent = make_key(services, "admin"), CROSS | {"Origin": NAMED}

    assert client.delete("/api/v1/history", headers=sent | {"Authorization": f"Bearer {key}"}).status_code == 204
    log_in(client, key)
    assert client.delete("/api/v1/history", headers=sent).json["code"] == "key_required"


@pytest.mark.parametrize("site", ["same-site", "cross-site", None])
@pytest.mark.parametrize("origin", [NAMED, "https://evil.example"])
def test_a_cookie_counts_for_no_page_of_another_site(
    make_services: Build, settings: Settings, origin: str, site: str | None
) -> None:
    services, client = make(make_services, settings, Mode.KEYS)
    log_in(client, make_key(services, "admin"))
    sent = {"Origin": origin} | ({} if site is None else {"Sec-Fetch-Site": site})

    assert client.get(URL, headers=sent).json["code"] == "key_required"
    assert client.get("/api/v1/jobs/x/events", headers=sent).json["code"] == "key_required"
    socket = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    assert client.get("/ws/jobs/x", headers=sent | socket).status_code == (401 if origin == NAMED else 403)
    logged_out = client.post("/logout", headers=sent)
    assert (logged_out.json["code"], logged_out.headers.getlist("Set-Cookie")) == ("foreign_origin", [])
    assert client.get(URL, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 202


def test_a_cookie_counts_for_a_link_of_another_port_of_the_host(make_services: Build, settings: Settings) -> None:
    services, client = make(make_services, settings, Mode.KEYS)
    log_in(client, make_key(services, "admin"))
    link = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

    assert client.get("/api/v1/jobs", headers=link).status_code == 200
    for other in ({"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "no-cors"}, {"Sec-Fetch-Dest": "image"}):
        assert client.get("/api/v1/jobs", headers=link | other).json["code"] == "key_required"
    assert client.post("/api/v1/metadata", json={}, headers=link | {"Origin": NAMED}).json["code"] == "key_required"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://app.example.com", (NAMED,)),
        ("HTTPS://App.Example.com:443, http://localhost:3000", (NAMED, "http://localhost:3000")),
        ("http://[::1]:3000", ("http://[::1]:3000",)),
        ("https://app.example.com/", None),
        ("https://app.example.com/page", None),
        ("https://*.example.com", None),
        ("*", None),
        ("null", None),
        ("app.example.com", None),
        ("https://user@app.example.com", None),
    ],
)
def test_an_origin_is_a_scheme_a_host_and_a_port(text: str, read: tuple[str, ...] | None) -> None:
    if read is None:
        with pytest.raises(ValueError):  # noqa: PT011 - each its own
            ORIGINS.parse(text)
    else:
        assert ORIGINS.parse(text) == read
