"""Health, the home page and the documentation."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.errors import NoRoomToOpen, StorageFull, UnusableStore
from inventory.ops.write_probe import PROBE_INTERVAL
from inventory.services import Services
from tests.conftest import Build
from tests.end_to_end.stack import wait_until
from tests.fakes import Replacing


def test_alive_asks_nobody(tmp_path: Path) -> None:
    nowhere = Settings(store_url=f"sqlite:///{tmp_path}/file/store", redis_url="redis://127.0.0.1:1/0")
    (tmp_path / "file").touch()

    client = create_app(nowhere).test_client()

    assert client.get("/healthz").json == {"status": "alive"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (503, "unavailable")


def test_ready_when_the_store_and_the_queue_answer(client: FlaskClient) -> None:
    answer = client.get("/readyz")

    ready = {"status": "ready", "checks": {"store": "ok", "queue": "ok"}, "indexing": {"unindexed": 0}}
    assert (answer.status_code, answer.json) == (200, ready)


def test_a_dead_queue_is_degraded_and_still_ready(settings: Settings) -> None:
    answer = create_app(replace(settings, redis_url="redis://127.0.0.1:1/0")).test_client().get("/readyz")

    assert (answer.status_code, answer.json["status"]) == (200, "degraded")


class Full(Replacing):
    """A store that answers and keeps nothing while there is an `error`; `tried` counts."""

    tried, error = 0, StorageFull("no room on its disk")

    def try_writing(self, timeout: float) -> None:
        self.tried += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def full(settings: Settings) -> Full:
    return Full(wiring.open_store(settings))


@pytest.fixture
def full_client(make_services: Build, full: Full) -> FlaskClient:
    return create_app(services=make_services(store=full)).test_client()


def test_a_store_without_room_is_degraded_and_asked_once_a_second(full_client: FlaskClient, full: Full) -> None:
    began = monotonic()
    answers = [full_client.get("/readyz") for _ in range(20)]

    assert full.tried <= 1 + (monotonic() - began) / PROBE_INTERVAL
    for answer in answers:
        assert (answer.status_code, answer.json["status"]) == (200, "degraded")
        assert answer.json["checks"]["store"] == "answers, but nothing can be accepted: no room on its disk"
    full.error = None
    wait_until(lambda: full_client.get("/readyz").json["status"] == "ready", "it is ready again")


def test_a_store_that_lost_its_log_is_unavailable(full_client: FlaskClient, full: Full) -> None:
    full.error = UnusableStore("The log was deleted.")
    answer = full_client.get("/readyz")

    assert (answer.status_code, answer.json["checks"]["store"]) == (503, "cannot be used; the log says why")


def test_a_store_that_finds_no_room_to_be_opened_is_unavailable_and_says_so(full_client: FlaskClient, full: Full) -> None:
    full.error = NoRoomToOpen("The store /somewhere cannot be opened: there is no room.")
    answer = full_client.get("/readyz")

    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.json["checks"]["store"] == "cannot be opened, and nothing can be accepted: no room on its disk"


def test_the_home_page_leads_to_documentation_and_queue(settings: Settings) -> None:
    client = create_app(replace(settings, allowed_hosts=("inventory.test",))).test_client()
    page = client.get("/", headers={"Host": "inventory.test:8000"}).text

    assert 'href="/docs/"' in page
    assert 'href="/openapi.json"' in page
    assert 'href="http://inventory.test:9181/"' in page


@pytest.mark.parametrize("host", ["my_service:8000", "localhost:", "LOCALHOST:00080", "[::1]:8000", "localhost.:8000"])
def test_a_page_and_a_redirect_lead_on_under_every_name(settings: Settings, host: str) -> None:
    client = create_app(replace(settings, allowed_hosts=("my_service",))).test_client()
    name = host.rpartition(":")[0].lower().rstrip(".")

    assert f'href="http://{name}:9181/"' in client.get("/", headers={"Host": host}).text
    assert client.get("/docs?x=1", headers={"Host": host}).headers["Location"] == "/docs/?x=1"
    assert client.get("/jobs//x", headers={"Host": host}).headers["Location"] == "/jobs/x"


@pytest.mark.parametrize("path", ["/docs/", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"])
def test_the_documentation_is_served_by_us(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        assert answer.status_code == 200
        assert not re.findall(r'(?:src|href)="https?://', answer.text[:5_000])


@pytest.mark.parametrize("path", ["/products/a%00b%E2%80%AE", "/jobs/a%00b%E2%80%AE", "/watches/a%00b%E2%80%AE"])
def test_what_has_no_shape_in_a_request_is_shown_as_its_escape(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert r"a\x00b\u202e" in answer.text
    assert not {"\x00", "\u202e"} & set(answer.text)


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/nowhere", 404, "There is no page at this address"),
        ("GET", "/static/none.css", 404, "There is no page at this address"),
        ("GET", "/watches/x/pause", 405, "a form of another page sends something to it"),
        ("DELETE", "/jobs", 405, "a form of another page sends something to it"),
    ],
)
def test_a_browser_that_goes_wrong_sees_a_page(client: FlaskClient, method: str, path: str, status: int, says: str) -> None:
    shown = client.open(path, method=method, headers=BROWSER)
    told = client.open(path, method=method)

    assert (shown.status_code, shown.mimetype) == (status, "text/html")
    assert says in shown.text
    assert '<a href="/search"' in shown.text
    assert shown.headers.get("Allow") == told.headers.get("Allow")
    assert "nonce-" in shown.headers["Content-Security-Policy"]
    assert (told.status_code, told.mimetype) == (status, "application/problem+json")


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/jobs/", "/jobs"),
        ("/search/?q=a:%22%E2%82%AC%22&_external=1&_scheme=x", "/search?q=a:%22%E2%82%AC%22&_external=1&_scheme=x"),
        ("/watches/new/", "/watches/new"),
    ],
)
def test_a_slash_too_many_leads_a_browser_to_the_page(client: FlaskClient, path: str, leads_to: str) -> None:
    shown = client.get(path, headers=BROWSER)

    assert (shown.status_code, shown.headers["Location"]) == (308, leads_to)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/nowhere/", "//evil.test/", "/jobs//", "/\\evil.test/", "/jobs/", "//jobs/"])
def test_a_slash_leads_to_nothing_but_a_page(client: FlaskClient, path: str) -> None:
    shown = client.get("/", headers=BROWSER, environ_overrides={"PATH_INFO": path})

    led = shown.headers.get("Location", "").removeprefix("http://localhost")
    assert (shown.status_code, led) in [(404, ""), (308, "/jobs"), (308, "/jobs/")]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html", "text/html"),
        ("Text/HTML; level=1, */*;q=0.1", "text/html"),
        ("text/html;q=0.1, application/json", "text/html"),
        ("text/html;q=0, */*", "application/problem+json"),
        ("text/htmlx", "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("text/*;;q=x,,", "application/problem+json"),
        ("", "application/problem+json"),
    ],
)
def test_a_page_is_for_those_who_name_html_as_acceptable(client: FlaskClient, accept: str, media_type: str) -> None:
    assert client.get("/nowhere", headers={"Accept": accept}).mimetype == media_type


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("a fault of ours")


def test_a_browser_sees_a_page_of_an_error_that_nobody_foresaw(make_services: Build, services: Services) -> None:
    observations = Replacing(services.store.observations, search=broken)
    client = create_app(services=make_services(store=Replacing(services.store, observations=observations))).test_client()

    shown, told = client.get("/search", headers=BROWSER), client.get("/search")

    assert (shown.status_code, shown.mimetype) == (500, "text/html")
    assert f"request <code>{shown.headers['X-Request-ID']}</code>" in shown.text
    assert "Its log explains it" in shown.text
    assert "a fault of ours" not in shown.text
    assert '<a href="/search"' in shown.text
    assert (told.status_code, told.mimetype) == (500, "application/problem+json")
    assert client.get("/api/v1/search", headers=BROWSER).mimetype == "application/problem+json"


def test_where_no_page_can_be_made_a_browser_is_told_what_programs_are(services: Services) -> None:
    app = create_app(services=services)
    app.jinja_env.globals["navigation"] = broken

    answer = app.test_client().get("/search", headers=BROWSER)

    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert answer.json is not None
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_below_the_api_a_browser_is_told_what_programs_are(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nowhere", headers=BROWSER)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_form_that_is_too_large_is_answered_by_a_page_that_says_so(client: FlaskClient) -> None:
    answer = client.post("/watches", data={"name": "x" * 70_000}, headers=BROWSER)

    assert (answer.status_code, answer.mimetype) == (413, "text/html")
    assert "At most 64 KiB are taken" in answer.text
    assert "JSON" not in answer.text


def test_without_a_key_a_browser_is_led_to_the_login_wherever_one_is_needed(
    make_services: Build, settings: Settings
) -> None:
    closed = create_app(services=make_services(replace(settings, access=Mode.KEYS))).test_client()

    assert closed.get("/metrics", headers=BROWSER).headers["Location"] == "/login?next=/metrics"
    assert closed.get("/nowhere", headers=BROWSER).text.count("<nav") == 1
    assert closed.get("/metrics").status_code == 401


def test_graphql_has_a_form_for_people(client: FlaskClient) -> None:
    empty = client.get("/graphql", headers=BROWSER)
    wrong = client.get("/graphql?query={id}&variables=[]", headers=BROWSER)
    program = client.get("/graphql")

    assert (empty.status_code, empty.mimetype) == (200, "text/html")
    assert '<form method="get" action="/graphql"' in empty.text
    assert 'role="alert"' not in empty.text
    assert (wrong.status_code, wrong.mimetype) == (422, "text/html")
    assert "Send a JSON object" in wrong.text
    assert ">{id}</textarea>" in wrong.text
    assert (program.status_code, program.mimetype) == (422, "application/problem+json")
    assert client.get("/graphql?query={__typename}&variables=", headers=BROWSER).json == {"data": {"__typename": "Query"}}
