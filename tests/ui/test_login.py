"""Logging in with a key: what the cookie is like, what it allows, and that only our own pages can use it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Response, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.access.current import caller
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeClock, Replacing
from tests.jobs.course import Course
from tests.ui.logging_in import BROWSER, TOKEN, log_in, make_key, revoke, token_of

COOKIE = "inventory_session"
NAME = "Ann's laptop"
CHANGES = [
    ("POST", "/api/v1/metadata", {"json": {"url": "http://a.test/"}}),
    ("DELETE", "/api/v1/metadata?url=http://a.test/", {}),
    ("POST", "/api/v1/products/runs", {}),
    ("DELETE", "/api/v1/history", {}),
    ("POST", "/api/v1/watches", {"json": {}}),
    ("POST", "/logout", {}),
]
IDS = [f"{method} {path}" for method, path, _ in CHANGES]


@pytest.fixture
def services(make_services: Build, settings: Settings) -> Services:
    return make_services(replace(settings, access=Mode.KEYS))


@pytest.fixture
def key(services: Services) -> str:
    return make_key(services, "admin", name=NAME)


@pytest.fixture
def inside(client: FlaskClient, key: str) -> FlaskClient:
    """A browser that is logged in."""
    assert log_in(client, key).status_code == 303
    return client


def cookie_line(answer: TestResponse) -> str:
    [line] = answer.headers.getlist("Set-Cookie")
    return line


def test_a_key_becomes_a_cookie_that_scripts_and_other_sites_never_see(client: FlaskClient, key: str) -> None:
    answer = log_in(client, key)
    line = cookie_line(answer)

    assert client.get_cookie(COOKIE) is not None
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert set(line.split("; ")[1:]) >= {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"}
    assert "Domain" not in line
    assert "Secure" not in line
    assert key not in str(answer.headers) + answer.text


def test_by_tls_it_is_for_tls_alone(client: FlaskClient, key: str) -> None:
    form = client.get("/login", base_url="https://localhost")
    sent = {"key": key, "csrf_token": TOKEN.findall(form.text)[0]}
    answer = client.post("/login", data=sent, headers=BROWSER, base_url="https://localhost")

    assert answer.status_code == 303
    assert "Secure" in cookie_line(form).split("; ")
    assert "Secure" in cookie_line(answer).split("; ")


@pytest.mark.parametrize("token", [None, "", "x", "of another browser"])
def test_a_form_that_is_not_of_this_browser_logs_nobody_in(
    client: FlaskClient, services: Services, key: str, token: str | None
) -> None:
    if token == "of another browser":
        token = token_of(create_app(services=services).test_client())
    form = {"key": key} | ({} if token is None else {"csrf_token": token})

    for _ in range(2):  # without a cookie, and with one
        answer = client.post("/login", data=form, headers=BROWSER)
        assert (answer.status_code, answer.mimetype) == (401, "text/html")
        assert client.get("/api/v1/jobs").status_code == 401
        client.get("/login")
    assert key not in answer.text
    assert log_in(client, key).status_code == 303


def test_the_form_of_the_login_replaces_no_session_when_another_site_leads_to_it(
    inside: FlaskClient, client: FlaskClient, services: Services, key: str
) -> None:
    """The browser keeps back the cookie of the session then, so the page cannot know of it."""
    kept = inside.get_cookie(COOKIE)
    assert kept is not None
    inside.delete_cookie(COOKIE)
    form = inside.get("/login?next=/jobs", headers=BROWSER | {"Sec-Fetch-Site": "cross-site"})
    inside.set_cookie(COOKIE, kept.value)

    assert not [line for line in form.headers.getlist("Set-Cookie") if line.startswith(COOKIE)]
    assert inside.get("/api/v1/jobs").status_code == 200
    sent = {"key": key, "csrf_token": TOKEN.findall(form.text)[0]}
    assert inside.post("/login", data=sent, headers=BROWSER).status_code == 303


def test_a_form_that_is_too_old_is_shown_again(client: FlaskClient, key: str, clock: FakeClock) -> None:
    token = token_of(client)
    clock.forward(12 * 3_600)

    answer = client.post("/login", data={"key": key, "csrf_token": token}, headers=BROWSER)
    assert answer.status_code == 401
    sent = {"key": key, "csrf_token": TOKEN.findall(answer.text)[0]}
    assert client.post("/login", data=sent, headers=BROWSER).status_code == 303


@pytest.mark.parametrize("sent", ["", " ", "inv_live_nothing", "x" * 500, "\x00", "ключ"])
def test_what_is_no_key_makes_no_session(client: FlaskClient, sent: str) -> None:
    answer = log_in(client, sent)

    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Set-Cookie" not in answer.headers
    assert 'role="alert"' in answer.text
    assert not sent.strip() or sent not in answer.text


def test_neither_do_keys_that_are_unknown_expired_or_revoked(
    client: FlaskClient, services: Services, key: str, clock: FakeClock
) -> None:
    soon = make_key(services, expires_at=clock() + timedelta(seconds=10))
    wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
    clock.forward(11)
    gone = make_key(services, name="gone")
    revoke(services, "gone")

    for text in (soon, gone, wrong):
        answer = log_in(client, text)
        assert answer.status_code == 401
        assert "Set-Cookie" not in answer.headers
        assert text not in answer.text


def test_the_key_may_have_spaces_around_it(client: FlaskClient, key: str) -> None:
    assert log_in(client, f" {key}\n").status_code == 303


@pytest.mark.parametrize("path", ["/jobs", "/jobs/nope", "/jobs/nope/rows.csv?outcome=failed"])
def test_a_person_without_a_key_is_led_to_the_login_and_back_and_a_program_is_told(
    client: FlaskClient, key: str, path: str
) -> None:
    led = client.get(path, headers=BROWSER)

    assert led.status_code == 303
    form = client.get(led.headers["Location"], headers=BROWSER)
    assert form.status_code == 200
    [where] = re.findall(r'name="next" value="([^"]*)"', form.text)
    assert log_in(client, key, next=where).headers["Location"] == path
    client.delete_cookie(COOKIE)
    told = client.get(path)
    assert (told.status_code, told.json["code"]) == (401, "key_required")


@pytest.mark.parametrize(
    "where",
    ["//evil.example/", "/\\evil.example", "https://evil.example/", "evil", "javascript:alert(1)", "/\t/evil.example",
     "/\r\nX: y", "/ü", "/" + "x" * 3_000, "", "\\\\evil.example", "/\x00"],
)  # fmt: skip
def test_a_login_leads_to_no_other_site(client: FlaskClient, key: str, where: str) -> None:
    assert log_in(client, key, next=where).headers["Location"] == "/"
    assert "evil" not in client.get("/login", query_string={"next": where}).text


@pytest.mark.parametrize("site", ["cross-site", "same-origin"])
def test_who_was_led_here_by_another_site_may_be_logged_in_already_and_can_go_on(client: FlaskClient, site: str) -> None:
    """The browser keeps back the cookie on the way from there."""
    page = client.get("/login?next=/jobs", headers={"Sec-Fetch-Site": site}).text

    assert ('<a href="/jobs">Go on</a>' in page) == (site == "cross-site")


def test_a_session_opens_pages_and_the_api(inside: FlaskClient, services: Services, clock: FakeClock) -> None:
    course = Course(services.store, clock())

    for path in ("/jobs", f"/jobs/{course.id}", f"/jobs/{course.id}/rows.csv", "/api/v1/jobs", "/metrics"):
        assert inside.get(path).status_code == 200, path
    with inside.get(f"/api/v1/jobs/{course.id}/events", buffered=False) as live:
        assert (live.status_code, live.mimetype) == (200, "text/event-stream")


@pytest.mark.parametrize("path", ["/", "/jobs", "/docs/", "/login"])
def test_every_page_says_who_is_logged_in(inside: FlaskClient, path: str) -> None:
    text = inside.get(path).text

    assert "Ann&#39;s laptop" in text
    assert "Log out" in text


@pytest.mark.parametrize("path", ["/", "/docs/", "/login"])
def test_a_page_for_everybody_leads_to_the_login(client: FlaskClient, path: str) -> None:
    assert "Log in" in client.get(path).text


@pytest.mark.parametrize(("method", "path", "body"), CHANGES, ids=IDS)
@pytest.mark.parametrize("token", [None, "", "x", "other"])
def test_with_the_cookie_alone_nothing_is_changed(
    inside: FlaskClient, services: Services, key: str, method: str, path: str, body: dict[str, object], token: str | None
) -> None:
    if token == "other":
        another = create_app(services=services).test_client()
        log_in(another, key)
        token = token_of(another)
    headers = {} if token is None else {"X-CSRFToken": token}

    answer = inside.open(path, method=method, headers=headers, **body)

    assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")
    assert "X-CSRFToken" in answer.json["detail"]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES[:-1], ids=IDS[:-1])
def test_with_the_token_of_a_page_it_is(
    inside: FlaskClient, key: str, method: str, path: str, body: dict[str, object]
) -> None:
    with_token = inside.open(path, method=method, headers={"X-CSRFToken": token_of(inside)}, **body)
    inside.delete_cookie(COOKIE)
    with_key = inside.open(path, method=method, headers={"Authorization": f"Bearer {key}"}, **body)

    assert with_token.status_code not in (401, 403)
    assert with_key.status_code not in (401, 403)


def test_a_key_in_a_header_needs_no_token_whatever_cookie_comes_along(inside: FlaskClient, key: str) -> None:
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        assert inside.delete("/api/v1/history", headers=headers).status_code == 204


@pytest.mark.parametrize("authorization", ["Basic dTpw", "Digest x", "Bearer", ""])
def test_a_header_that_is_no_key_does_not_replace_the_token(inside: FlaskClient, authorization: str) -> None:
    answer = inside.delete("/api/v1/history", headers={"Authorization": authorization})

    assert answer.status_code in (401, 403)


def test_an_upload_needs_the_token_in_the_header_and_is_not_read_to_look_for_one(inside: FlaskClient) -> None:
    def upload(**headers: str) -> TestResponse:
        file = {"file": (io.BytesIO(b"url\nhttp://a.test/\n"), "urls.csv"), "csrf_token": token}
        return inside.post("/api/v1/imports?kind=urls", data=file, headers=headers)

    token = token_of(inside)
    assert upload().json["code"] == "csrf_failed"
    assert upload(**{"X-CSRFToken": token}).status_code != 403


def test_below_a_path_it_leads_there_and_so_does_what_is_made(client: FlaskClient, key: str) -> None:
    mounted: dict[str, Any] = {"environ_overrides": {"SCRIPT_NAME": "/inv"}, "headers": BROWSER}
    led = client.get("/jobs", **mounted).headers["Location"]
    form = client.get(led.removeprefix("/inv"), **mounted).text
    answer = client.post("/login", data={"key": key, "csrf_token": TOKEN.findall(form)[0], "next": "/jobs"}, **mounted)

    assert led == "/inv/login?next=/jobs"
    assert 'action="/inv/login"' in form
    assert answer.headers["Location"] == "/inv/jobs"
    mounted["headers"] = {"X-API-Key": key}
    for path, body in (
        ("keys", {"name": "ci", "scopes": ["read"]}),
        ("webhooks", {"url": "https://hook.test/"}),
        ("watches", {"name": "w", "query": "status:200", "every": 3_600}),
    ):
        made = client.post(f"/api/v1/{path}", json=body, **mounted)
        assert made.headers["Location"].startswith(f"/inv/api/v1/{path}/"), made.text


def test_logging_out_ends_it_in_this_browser(inside: FlaskClient) -> None:
    answer = inside.post("/logout", data={"csrf_token": token_of(inside)}, headers=BROWSER)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "Max-Age=0" in cookie_line(answer)
    assert inside.get("/api/v1/jobs").status_code == 401
    assert "Log in" in inside.get("/").text


def test_who_is_not_logged_in_any_more_is_shown_the_login(inside: FlaskClient, services: Services) -> None:
    form = {"csrf_token": token_of(inside)}
    revoke(services, NAME)

    answer = inside.post("/logout", data=form, headers=BROWSER)

    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert inside.get_cookie(COOKIE) is None


def test_the_audit_can_tell_who_logged_in_and_out_and_is_told_nothing_of_strangers(services: Services, key: str) -> None:
    """What nobody proved is 401, which makes no entry."""
    app, seen = create_app(services=services), []

    @app.after_request
    def look(response: Response) -> Response:
        if response.status_code != 401:
            name = caller().key and caller().key.name
            seen.append((g.need.action, name, response.status_code))
        return response

    client = app.test_client()
    client.post("/logout")
    client.post("/login", data={"key": key})
    log_in(client, "wrong")
    assert [each for each in seen if each[0]] == []
    log_in(client, key)
    client.post("/logout", data={"csrf_token": "x"})
    client.post("/logout", data={"csrf_token": token_of(client)})

    assert [each for each in seen if each[0]] == [
        ("session.create", NAME, 303), ("session.delete", NAME, 403), ("session.delete", NAME, 303),
    ]  # fmt: skip


def test_a_key_that_is_revoked_ends_its_sessions(inside: FlaskClient, services: Services) -> None:
    revoke(services, NAME)

    assert inside.get("/api/v1/jobs").json["code"] == "revoked_key"
    assert inside.get("/jobs", headers=BROWSER).status_code == 303
    assert "Log in" in inside.get("/").text


def test_it_ends_after_twelve_hours(inside: FlaskClient, clock: FakeClock) -> None:
    clock.forward(12 * 3_600)

    assert inside.get("/api/v1/jobs").status_code == 401
    assert "Log in" in inside.get("/").text


def test_who_may_only_read_is_logged_in_and_only_reads(client: FlaskClient, services: Services) -> None:
    log_in(client, make_key(services))
    answer = client.delete("/api/v1/history", headers={"X-CSRFToken": token_of(client)})

    assert client.get("/jobs").status_code == 200
    assert (answer.status_code, answer.json["code"]) == (403, "out_of_scope")


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}])
def test_no_other_site_logs_anybody_in_or_out(inside: FlaskClient, key: str, headers: dict[str, str]) -> None:
    """With a key of its own it could have a person's work done under it."""
    token = token_of(inside)

    for path, form in {"/login": {"key": key}, "/logout": {"csrf_token": token}}.items():
        answer = inside.post(path, data=form, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "foreign_origin")
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("referer", "next_"),
    [
        ("http://localhost/record?url=http://a.test/", "/record%3Furl%3Dhttp%3A//a.test/"),
        ("http://localhost/watches/new", "/watches/new"),
        ("http://other.test/record", "/"),
        (None, "/"),
    ],
)
def test_a_form_that_was_sent_without_a_key_leads_back_to_its_page(
    client: FlaskClient, referer: str | None, next_: str
) -> None:
    headers = BROWSER | ({"Referer": referer} if referer else {})
    answer = client.post("/record/collect", data={"url": "http://a.test/"}, headers=headers)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={next_}")


@pytest.mark.parametrize("path", ["/login", "/logout", "/login?next=/jobs"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_where_everything_is_open_there_is_no_login(
    make_services: Build, settings: Settings, path: str, method: str
) -> None:
    client = create_app(services=make_services(replace(settings, access=Mode.OPEN))).test_client()

    assert client.open(path, method=method).status_code in (404, 405)
    for page in ("/", "/jobs", "/docs/"):
        assert not re.search("log in|log out|csrf|inv_live|class=.visitor", client.get(page).text, re.IGNORECASE)


def test_a_login_of_before_everything_was_opened_keeps_nobody_from_anything(
    inside: FlaskClient, make_services: Build, settings: Settings
) -> None:
    cookie = inside.get_cookie(COOKIE)
    assert cookie is not None
    client = create_app(services=make_services(replace(settings, access=Mode.OPEN))).test_client()
    client.set_cookie(COOKIE, cookie.value)

    assert client.delete("/api/v1/history", headers=BROWSER).status_code == 204


def test_where_reading_is_open_pages_are_and_a_login_allows_the_rest(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.READONLY_OPEN))
    client = create_app(services=services).test_client()

    assert client.get("/jobs", headers=BROWSER).status_code == 200
    assert "Log in" in client.get("/jobs").text
    assert client.delete("/api/v1/history").status_code == 401
    log_in(client, make_key(services, "delete", "read"))
    assert client.delete("/api/v1/history").json["code"] == "csrf_failed"
    assert client.delete("/api/v1/history", headers={"X-CSRFToken": token_of(client)}).status_code == 204


@pytest.mark.parametrize(
    ("path", "forms"), [("/login", "'self'"), ("/", "'self'"), ("/jobs", "'self'"), ("/docs/", "'none'")]
)
def test_pages_send_forms_to_us_alone(inside: FlaskClient, path: str, forms: str) -> None:
    answer = inside.get(path)

    assert f"form-action {forms};" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_pages_that_send_something_have_the_token(inside: FlaskClient, services: Services, clock: FakeClock) -> None:
    course = Course(services.store, clock())

    for path in ("/docs/", f"/jobs/{course.id}"):
        found = re.findall(r'"X-CSRFToken"(?:\]|:) (?:= )?"([^"]+)"', inside.get(path).text)[-1]
        assert inside.delete("/api/v1/history", headers={"X-CSRFToken": found}).status_code == 204


def test_while_the_store_is_away_the_home_page_is_there(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))

    def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("away")

    store = Replacing(services.store, keys=Replacing(services.store.keys, find=away, signing_secret=away))
    client = create_app(services=make_services(replace(settings, access=Mode.KEYS), store=store)).test_client()
    client.set_cookie(COOKIE, "anything.at.all")

    assert client.get("/").status_code == 200
    assert client.get("/jobs", headers=BROWSER).status_code == 503
    assert client.get("/login").status_code == 503


def test_a_body_that_is_no_form_or_too_large_is_refused(client: FlaskClient) -> None:
    assert client.post("/login", json={"key": "x"}, headers=BROWSER).status_code == 401
    assert client.post("/login", data={"key": "x" * 100_000}, headers=BROWSER).status_code == 413
