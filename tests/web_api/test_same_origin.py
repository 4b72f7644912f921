"""A page of another site has no effect, and a host that is not ours has no answer; who is who."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.records.model import RecordFilter
from inventory.services import Services
from inventory.weather.providers import UNKNOWN_CITY
from inventory.web_api.same_origin import is_foreign, may_change
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeather, FakeWeb
from tests.jobs.course import Course

URL = "http://example.test/page"
METADATA = f"/api/v1/metadata?url={URL}"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FOREIGN: dict[str, dict[str, str]] = {
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "an unknown site": {"Sec-Fetch-Site": "same-planet"},
    "an empty site": {"Sec-Fetch-Site": ""},
    "two sites": {"Sec-Fetch-Site": "same-origin, cross-site"},
    "a site although the origin is ours": {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    "another origin": {"Origin": "http://evil.example"},
    "another port": {"Origin": "http://localhost:8001"},
    "no origin": {"Origin": "null"},
    "two origins": {"Origin": "http://localhost, http://evil.example"},
    "another page": {"Referer": "http://evil.example/page"},
}
OURS: dict[str, dict[str, str]] = {
    "a program": {},
    "our page": {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    "our page behind a proxy that changes the host": {
        "Sec-Fetch-Site": "same-origin",
        "Origin": "https://inventory.example",
    },
    "a person": {"Sec-Fetch-Site": "none", "User-Agent": BROWSER},
    "our origin": {"Origin": "http://localhost"},
    "our origin with its port": {"Origin": "http://localhost:80"},
    "our page of old": {"Referer": "http://localhost/docs/"},
    "an empty origin": {"Origin": ""},
    "a program that looks like a browser": {"User-Agent": BROWSER},
}
CHANGES = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get"]


def environ(method: str = "GET", host: str = "localhost", **headers: str) -> dict[str, Any]:
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return {"REQUEST_METHOD": method, "HTTP_HOST": host} | sent


foreign = pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
SAMPLE = {name: FOREIGN[name] for name in ("cross-site", "another origin", "another page")}
a_few_foreign = pytest.mark.parametrize("headers", SAMPLE.values(), ids=SAMPLE)
"""Each decides by another header; which values decide how is tried above."""


@pytest.mark.parametrize("method", ["GET", "POST"])
@foreign
def test_these_are_of_another_site(headers: dict[str, str], method: str) -> None:
    assert is_foreign(environ(method, **headers))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", OURS.values(), ids=OURS)
def test_these_are_ours(headers: dict[str, str], method: str) -> None:
    assert not is_foreign(environ(method, **headers))


def test_where_browsers_say_nothing_their_pictures_are_of_another_site() -> None:
    """To a host that is not loopback, by plain HTTP, a browser sends neither Sec-Fetch-Site nor, for a picture, Origin."""
    lan = "inventory.lan:8000"

    assert is_foreign(environ(host=lan, **{"User-Agent": BROWSER}))
    assert is_foreign(environ("HEAD", host=lan, **{"User-Agent": BROWSER}))
    assert not is_foreign(environ(host=lan, **{"User-Agent": BROWSER, "Referer": f"http://{lan}/docs/"}))
    assert not is_foreign(environ(host=lan, **{"User-Agent": BROWSER, "Sec-Fetch-Site": "none"}))
    assert not is_foreign(environ(host=lan, **{"User-Agent": "curl/8.0"}))
    assert not is_foreign(environ("POST", host=lan, **{"User-Agent": BROWSER}))  # no browser leaves the Origin out


def test_what_is_not_safe_and_what_speaks_another_protocol_may_change_something() -> None:
    assert not any(may_change(environ(method)) for method in ("GET", "HEAD", "OPTIONS"))
    assert all(may_change(environ(method)) for method in CHANGES)
    assert may_change(environ(Upgrade="websocket"))


def is_problem(answer: TestResponse, status: int, code: str) -> bool:
    assert answer.mimetype == "application/problem+json", answer.text
    assert answer.headers["X-Request-ID"] == answer.json["request_id"]
    return (answer.status_code, answer.json["code"]) == (status, code)


def nothing_is_known(services: Services) -> bool:
    records = services.store.records.listing(RecordFilter(None, None, None), limit=1, after=None)
    jobs = services.store.jobs.listing(None, limit=1, after=None)
    lookups = services.history.listing(None, limit=1, after=None)
    return not records and not jobs and not lookups


PATHS = [
    "/", "/healthz", "/readyz", "/metrics", "/docs/", "/docs/swagger-ui.css", "/openapi.json", "/jobs", METADATA, "/nowhere",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_a_host_that_is_not_ours_is_refused_whatever_it_is_asked(
    client: FlaskClient, services: Services, path: str, method: str
) -> None:
    answer = client.open(path, method=method, headers={"Host": "evil.example:8000"})

    assert answer.status_code == 421
    assert method == "HEAD" or is_problem(answer, 421, "unknown_host")
    assert method == "HEAD" or "INVENTORY_ALLOWED_HOSTS" in answer.json["detail"]
    assert nothing_is_known(services)


@pytest.mark.parametrize(
    "host", ["", "localhost,evil.example", "localhost evil.example", "u@localhost", "\xff", "[::1", "/"]
)
def test_a_host_that_is_none_is_refused(client: FlaskClient, host: str) -> None:
    assert is_problem(client.get("/healthz", environ_overrides={"HTTP_HOST": host}), 421, "unknown_host")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost/healthz", 200),
        ("HTTP://LOCALHOST:80/healthz", 200),
        ("http://evil.example/healthz", 421),
        ("http://localhost@evil.example/healthz", 421),
        ("http://localhost:8001/healthz", 421),
        ("evil.example:80", 421),
        ("//evil.example/healthz", 200),
        ("*", 200),
    ],
)
def test_the_host_of_a_target_counts_too(client: FlaskClient, target: str, status: int) -> None:
    assert client.get("/healthz", environ_overrides={"RAW_URI": target}).status_code == status


def test_a_host_that_is_listed_is_answered(services: Services) -> None:
    settings = replace(services.settings, allowed_hosts=("inventory.test", ".example.net"))
    client = create_app(services=replace(services, settings=settings)).test_client()

    hosts = ["inventory.test:8000", "a.example.net", "localhost", "other.test"]
    assert [client.get("/healthz", headers={"Host": host}).status_code for host in hosts] == [200, 200, 200, 421]


def test_only_so_many_hosts_are_remembered_and_all_are_told_apart(client: FlaskClient) -> None:
    ports = range(1, 1_000)

    assert all(client.get("/healthz", headers={"Host": f"localhost:{port}"}).status_code == 200 for port in ports)
    assert all(client.get("/healthz", headers={"Host": f"evil.test:{port}"}).status_code == 421 for port in ports)


@a_few_foreign
def test_another_site_changes_nothing(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb, headers: dict[str, str]
) -> None:
    client.post("/api/v1/metadata", json={"url": URL})
    course = Course(services.store, clock())
    body = {"file": (BytesIO(b"http://example.test/other\n"), "urls.txt")}

    refused = [
        client.post("/api/v1/metadata", json={"url": f"{URL}/2"}, headers=headers),
        client.post("/api/v1/metadata", data='{"url": "http://h/"}', content_type="text/plain", headers=headers),
        client.delete(METADATA, headers=headers),
        client.post("/api/v1/imports?kind=urls", data=body, headers=headers),
        client.post("/api/v1/products/runs", headers=headers),
        client.post(f"/api/v1/jobs/{course.id}/cancel", headers=headers),
        client.post(f"/api/v1/jobs/{course.id}/retry", headers=headers),
        client.delete("/api/v1/history", headers=headers),
        client.post("/nowhere", headers=headers),
        client.open("/api/v1/jobs", method="PROPFIND", headers=headers),
    ]

    assert all(is_problem(answer, 403, "foreign_origin") for answer in refused)
    assert [job.id for job in services.store.jobs.listing(None, limit=9, after=None)] == [course.id]
    assert course.job.status == "queued"
    assert client.get(METADATA).status_code == 200
    assert sum(web.asked.values()) == 1


@a_few_foreign
def test_another_site_follows_no_job(
    client: FlaskClient, services: Services, clock: FakeClock, headers: dict[str, str]
) -> None:
    course = Course(services.store, clock())
    handshake = {"Connection": "Upgrade", "Upgrade": "WebSocket", "Sec-WebSocket-Version": "13"}
    handshake["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="

    assert is_problem(client.get(f"/ws/jobs/{course.id}", headers=handshake | headers), 403, "foreign_origin")
    assert is_problem(client.get(f"/api/v1/jobs/{course.id}/events", headers=headers), 403, "foreign_origin")
    for _ in range(services.settings.live_streams):
        services.streams.slots.take(None)  # none of them was taken


@a_few_foreign
@pytest.mark.parametrize("more", ["", "&collect=true", "&max_age=0", "&fields=headers"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_lookup_of_another_site_collects_nothing(
    client: FlaskClient, services: Services, headers: dict[str, str], more: str, method: str
) -> None:
    answer = client.open(METADATA + more, method=method, headers=headers | {"Prefer": "wait=30"})

    assert answer.status_code == 404
    assert method == "HEAD" or is_problem(answer, 404, "not_in_inventory")
    assert method == "HEAD" or "another site" in answer.json["detail"]
    assert nothing_is_known(services)


@a_few_foreign
def test_a_lookup_of_another_site_is_answered_but_refreshes_nothing(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb, headers: dict[str, str]
) -> None:
    client.post("/api/v1/metadata", json={"url": URL})
    clock.forward(2 * 86_400)

    answer = client.get(METADATA, headers=headers)
    unchanged = client.get(METADATA, headers=headers | {"If-None-Match": answer.headers["ETag"]})

    assert (answer.status_code, answer.json["stale"], unchanged.status_code) == (200, True, 304)
    assert services.collector.collect_due(slots=4, stopping=lambda: False) == 0
    assert client.get(METADATA).json["stale"]
    assert services.collector.collect_due(slots=4, stopping=lambda: False) == 1


def test_a_lookup_from_another_site_of_a_pending_target_is_a_promise_and_does_not_wait(client: FlaskClient) -> None:
    client.get(METADATA)

    answer = client.get(METADATA, headers=FOREIGN["cross-site"] | {"Prefer": "wait=30"})

    assert (answer.status_code, answer.json["attempt"]) == (202, 0)
    assert "Preference-Applied" not in answer.headers


def test_a_failure_after_which_a_lookup_may_try_again_is_not_tried_again_for_another_site(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    web.pages[URL] = SourceFailure("dns_failure", "There is no such name.", permanent=True)
    client.post("/api/v1/metadata", json={"url": URL})
    clock.forward(3_600)

    assert client.get(METADATA, headers=FOREIGN["cross-site"]).status_code == 502
    assert services.collector.collect_due(slots=4, stopping=lambda: False) == 0


@a_few_foreign
def test_another_site_gets_the_stored_weather_and_nothing_is_collected_or_kept_in_the_history(
    client: FlaskClient, services: Services, clock: FakeClock, weather: FakeWeather, headers: dict[str, str]
) -> None:
    missing = client.get("/api/v1/weather?city=Zürich", headers=headers)
    assert is_problem(missing, 404, "not_in_inventory")
    assert "another site" in missing.json["detail"]
    assert nothing_is_known(services)

    client.get("/api/v1/weather?city=Zürich")
    clock.forward(86_400)
    known = client.get("/api/v1/weather?city=Zürich", headers=headers)

    assert (known.status_code, known.json["stale"]) == (200, True)
    assert sum(weather.asked.values()) == 1
    assert len(services.history.listing(None, limit=9, after=None)) == 1


@pytest.mark.parametrize(("code", "status"), [(UNKNOWN_CITY, 404), ("dns_failure", 502), ("timeout", 504)])
def test_a_failure_that_stands_is_told_to_another_site_as_to_us(
    client: FlaskClient, clock: FakeClock, weather: FakeWeather, code: str, status: int
) -> None:
    weather.pages["nowhere"] = SourceFailure(code, "That failed.", permanent=True)
    ours = client.get("/api/v1/weather?city=Nowhere")
    theirs = client.get("/api/v1/weather?city=Nowhere", headers=FOREIGN["cross-site"])

    assert (theirs.status_code, theirs.json["code"]) == (ours.status_code, ours.json["code"])
    assert ours.status_code == status

    clock.forward(86_400)
    later = client.get("/api/v1/weather?city=Nowhere", headers=FOREIGN["cross-site"])
    assert is_problem(later, 404, "not_in_inventory")
    assert sum(weather.asked.values()) == 1


@a_few_foreign
def test_lookups_of_another_site_are_not_in_the_history(
    make_services: Build, settings: Settings, headers: dict[str, str]
) -> None:
    services = make_services(replace(settings, history_sources=("webpage",)))
    client = create_app(services=services).test_client()

    client.get(METADATA, headers=headers)
    client.post("/api/v1/metadata", json={"url": URL})
    client.get(METADATA, headers=headers)

    assert services.history.listing(None, limit=9, after=None) == []


@pytest.mark.parametrize("path", ["/api/v1/metadata", "/api/v1/imports", "/api/v1/jobs", "/", "/openapi.json"])
def test_no_other_origin_is_granted_anything(client: FlaskClient, path: str) -> None:
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "DELETE"}

    for answer in (client.options(path, headers=preflight), client.get(path, headers={"Origin": "http://evil.example"})):
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("headers", OURS.values(), ids=OURS)
def test_our_pages_and_programs_do_as_ever(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get(METADATA, headers=headers).status_code == 202
    assert client.post("/api/v1/metadata", json={"url": URL}, headers=headers).status_code == 201
    assert client.delete(METADATA, headers=headers).status_code == 204
